"""Matrix products."""

from __future__ import annotations

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge.operators.function import Function, Tensors, operand
from depthwise.graph import Call


def _gemm(call: Call, tensors: Tensors) -> Tensors:
    a, b, c = tensors[0], tensors[1], operand(tensors, 2)
    alpha, beta = call.real("alpha"), call.real("beta")
    vector = c is None or len(call.shape(2)) == 1
    a = torch.t(a) if call.integer("transA") else a
    if call.integer("transB") and alpha == beta == 1 and vector:
        return (F.linear(a, b, c),)
    b = torch.t(b) if call.integer("transB") else b
    product = torch.matmul(a, b)
    product = product if alpha == 1 else product * alpha
    if c is None:
        return (product,)
    return (product + (c if beta == 1 else c * beta),)


def _matmul(_call: Call, tensors: Tensors) -> Tensors:
    return (torch.matmul(tensors[0], tensors[1]),)


FUNCTIONS: dict[str, Function] = {"Gemm": _gemm, "MatMul": _matmul}
