"""Operators that move or rename elements."""

from __future__ import annotations

import torch

from depthwise.bridge.operators.function import Function, Tensors
from depthwise.graph import Batch, Call


def _reshape(call: Call, tensors: Tensors) -> Tensors:
    shape = call.outputs[0].shape
    row = tuple(-1 if isinstance(dim, Batch) else dim for dim in shape)
    return (torch.reshape(tensors[0], row),)


def _transpose(call: Call, tensors: Tensors) -> Tensors:
    rank = call.type(0).rank
    order = call.integers("perm") or tuple(reversed(range(rank)))
    return (torch.permute(tensors[0], order),)


def _concat(call: Call, tensors: Tensors) -> Tensors:
    return (torch.cat(tensors, call.integer("axis")),)


def _flatten(call: Call, tensors: Tensors) -> Tensors:
    if call.integer("axis") == 1:
        return (torch.flatten(tensors[0], 1),)
    return _reshape(call, tensors)


FUNCTIONS: dict[str, Function] = {
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Concat": _concat,
}
