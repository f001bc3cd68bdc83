"""Normalisation by statistics: of training (batch norm) or of the sample itself."""

from __future__ import annotations

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.operator import Array, Call, Operator, same_type
from depthwise.graph.shapes import TensorType


def _infer_batch_norm(call: Call) -> tuple[TensorType, ...]:
    x = call.shape(0)
    if len(x) < 2:
        raise GeometryError(f"batch norm takes two axes or more; got {len(x)}")
    if call.integer("training_mode"):
        raise GeometryError("batch norm must be in inference mode; got training_mode=1")
    for index in range(1, 5):
        if call.shape(index) != (x[1],):
            got = call.shape(index)
            msg = f"batch norm needs one element a channel; got {got}, {x[1]} channels"
            raise GeometryError(msg)
    return same_type(call)


def _batch_norm(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, scale, shift, mean, variance = arrays
    along = (-1, *(1,) * (x.ndim - 2))
    epsilon = np.asarray(call.real("epsilon"), x.dtype)
    gain = scale / np.sqrt(variance + epsilon)
    centred = x - mean.reshape(along)
    return (centred * gain.reshape(along) + shift.reshape(along),)


OPERATORS = (
    Operator(
        "BatchNormalization",
        _infer_batch_norm,
        _batch_norm,
        {"epsilon": 1e-5, "momentum": 0.9, "training_mode": 0},
        inputs=(5, 5),
    ),
)
