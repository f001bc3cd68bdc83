"""Reductions over axes, and softmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from depthwise.bridge.operators.function import Function, Tensors, known
from depthwise.graph import Call


def _axes(call: Call) -> tuple[int, ...]:
    if call.has(1):
        return known(call, 1)
    every = tuple(range(call.type(0).rank))
    return () if call.integer("noop_with_empty_axes") else every


def _of(function: Callable[..., Any]) -> Function:
    def row(call: Call, tensors: Tensors) -> Tensors:
        axes = _axes(call)
        if not axes:
            return (tensors[0],)
        keep = call.integer("keepdims") == 1
        return (function(tensors[0], axes, keepdim=keep),)

    return row


def _softmax(call: Call, tensors: Tensors) -> Tensors:
    return (torch.softmax(tensors[0], call.integer("axis")),)


FUNCTIONS: dict[str, Function] = {
    "ReduceMean": _of(torch.mean),
    "ReduceSum": _of(torch.sum),
    "ReduceMax": _of(torch.amax),
    "Softmax": _softmax,
}
