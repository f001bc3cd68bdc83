"""Pooling."""

from __future__ import annotations

import torch

from depthwise.bridge.operators.function import Function, Tensors
from depthwise.graph import Call


def _global_average(call: Call, tensors: Tensors) -> Tensors:
    axes = tuple(range(2, call.type(0).rank))
    return (torch.mean(tensors[0], axes, keepdim=True),)


def _global_max(call: Call, tensors: Tensors) -> Tensors:
    axes = tuple(range(2, call.type(0).rank))
    return (torch.amax(tensors[0], axes, keepdim=True),)


FUNCTIONS: dict[str, Function] = {
    "GlobalAveragePool": _global_average,
    "GlobalMaxPool": _global_max,
}
