"""Activations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge.operators.function import Function, Tensors, operand
from depthwise.graph import Call


def _plain(function: Callable[[Any], Any]) -> Function:
    def row(_call: Call, tensors: Tensors) -> Tensors:
        return (function(tensors[0]),)

    return row


def _bound(call: Call, tensors: Tensors, index: int) -> Any:
    """Prefer a number to a tensor: it reads better, and needs no buffer."""
    array = call.constant(index)
    return operand(tensors, index) if array is None else array.item()


def _clip(call: Call, tensors: Tensors) -> Tensors:
    low, high = (_bound(call, tensors, index) for index in (1, 2))
    if low is None and high is None:
        return (tensors[0],)
    return (torch.clamp(tensors[0], low, high),)


def _hard_sigmoid(call: Call, tensors: Tensors) -> Tensors:
    slope, offset = call.real("alpha"), call.real("beta")
    if (slope, offset) == (1 / 6, 0.5):
        return (F.hardsigmoid(tensors[0]),)
    return (torch.clamp(tensors[0] * slope + offset, 0, 1),)


FUNCTIONS: dict[str, Function] = {
    "Relu": _plain(torch.relu),
    "Clip": _clip,
    "Sigmoid": _plain(torch.sigmoid),
    "Tanh": _plain(torch.tanh),
    "LeakyRelu": lambda call, t: (F.leaky_relu(t[0], call.real("alpha")),),
    "Elu": lambda call, t: (F.elu(t[0], call.real("alpha")),),
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _plain(F.hardswish),
}
