"""Normalisation and dropout, as they are at inference."""

from __future__ import annotations

from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge.operators.function import Function, Tensors
from depthwise.graph import Call


def _batch_norm(call: Call, tensors: Tensors) -> Tensors:
    x, scale, shift, mean, variance = tensors
    epsilon = call.real("epsilon")
    return (F.batch_norm(x, mean, variance, scale, shift, False, 0.0, epsilon),)


def _dropout(_call: Call, tensors: Tensors) -> Tensors:
    return (tensors[0],)


FUNCTIONS: dict[str, Function] = {
    "BatchNormalization": _batch_norm,
    "Dropout": _dropout,
}
