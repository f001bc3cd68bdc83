"""Activations."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge.operators.function import (
    Function,
    Tensors,
    optional,
    unary,
)
from depthwise.graph import Call


def _bound(call: Call, tensors: Tensors, index: int) -> Any:
    """Prefer a number to a tensor: it reads better, and needs no buffer."""
    array = call.constant(index)
    return optional(tensors, index) if array is None else array.item()


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


def _selu(call: Call, tensors: Tensors) -> Tensors:
    return (F.elu(tensors[0], call.real("alpha")) * call.real("gamma"),)


def _shrink(call: Call, tensors: Tensors) -> Tensors:
    (x,), bias, limit = tensors, call.real("bias"), call.real("lambd")
    inside = torch.where(x > limit, x - bias, torch.zeros_like(x))
    return (torch.where(x < -limit, x + bias, inside),)


def _thresholded_relu(call: Call, tensors: Tensors) -> Tensors:
    (x,) = tensors
    return (torch.where(x <= call.real("alpha"), torch.zeros_like(x), x),)


def _gelu(call: Call, tensors: Tensors) -> Tensors:
    return (F.gelu(tensors[0], approximate=call.text("approximate")),)


def _prelu(call: Call, tensors: Tensors) -> Tensors:
    x, slope = tensors
    sizes, slopes = call.shape(0), call.shape(1)
    aligned = (1,) * (len(sizes) - len(slopes)) + tuple(slopes)
    single = all(size == 1 for size in aligned)
    by_channel = aligned == (1, *sizes[1:2], *aligned[2:]) and set(aligned[2:]) <= {1}
    real = call.type(0).dtype.startswith("float")
    if real and len(sizes) > 1 and (single or by_channel):
        return (F.prelu(x, slope.reshape(-1)),)
    return (torch.where(x < 0, x * slope, x),)


FUNCTIONS: dict[str, Function] = {
    "Relu": unary(torch.relu),
    "Clip": _clip,
    "Sigmoid": unary(torch.sigmoid),
    "Tanh": unary(torch.tanh),
    # Above the threshold torch returns x itself: exact in float64 from 37 on.
    "Softplus": lambda _call, t: (F.softplus(t[0], threshold=40.0),),
    "Softsign": unary(F.softsign),
    "Mish": unary(F.mish),
    "HardSwish": unary(F.hardswish),
    "LeakyRelu": lambda call, t: (F.leaky_relu(t[0], call.real("alpha")),),
    "ThresholdedRelu": _thresholded_relu,
    "Elu": lambda call, t: (F.elu(t[0], call.real("alpha")),),
    "Celu": lambda call, t: (F.celu(t[0], call.real("alpha")),),
    "Selu": _selu,
    "HardSigmoid": _hard_sigmoid,
    "Shrink": _shrink,
    "Gelu": _gelu,
    "PRelu": _prelu,
}
