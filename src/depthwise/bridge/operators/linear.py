"""Matrix products: Gemm, MatMul and Einsum."""

from __future__ import annotations

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge.operators.function import Function, Tensors, binary, optional
from depthwise.graph import Call


def _gemm(call: Call, tensors: Tensors) -> Tensors:
    a, b, c = tensors[0], tensors[1], optional(tensors, 2)
    alpha, beta = call.real("alpha"), call.real("beta")
    vector = c is None or len(call.shape(2)) == 1
    a = torch.t(a) if call.flag("transA") else a
    if call.flag("transB") and alpha == beta == 1 and vector:
        return (F.linear(a, b, c),)
    b = torch.t(b) if call.flag("transB") else b
    product = torch.matmul(a, b)
    product = product if alpha == 1 else product * alpha
    if c is None:
        return (product,)
    return (product + (c if beta == 1 else c * beta),)


def _einsum(call: Call, tensors: Tensors) -> Tensors:
    return (torch.einsum(call.text("equation"), *tensors),)


FUNCTIONS: dict[str, Function] = {
    "Gemm": _gemm,
    "MatMul": binary(torch.matmul),
    "Einsum": _einsum,
}
