"""Activations: element by element, NaN in, NaN out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from depthwise.graph.operators.operator import (
    Array,
    Call,
    Operator,
    Reference,
    same_type,
)


def _plain(function: Callable[[Array], Array]) -> Reference:
    def reference(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        return (np.asarray(function(arrays[0]), arrays[0].dtype),)

    return reference


def _sigmoid(x: Array) -> Array:
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x < 0, small, 1) / (1 + small))


def _clip(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, *bounds = arrays
    low = bounds[0] if bounds else None
    high = bounds[1] if len(bounds) > 1 else None
    x = x if low is None else np.maximum(x, low)
    return (x if high is None else np.minimum(x, high),)


def _leaky_relu(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    alpha = np.asarray(call.real("alpha"), x.dtype)
    return (np.where(x < 0, alpha * x, x),)


def _elu(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    alpha = np.asarray(call.real("alpha"), x.dtype)
    return (np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x),)


def _hard_sigmoid(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    slope = np.asarray(call.real("alpha"), x.dtype)
    offset = np.asarray(call.real("beta"), x.dtype)
    return (np.clip(slope * x + offset, 0, 1).astype(x.dtype),)


def _hard_swish(x: Array) -> Array:
    sixth = np.asarray(1 / 6, x.dtype)
    half = np.asarray(0.5, x.dtype)
    return np.asarray(x * np.clip(x * sixth + half, 0, 1))


OPERATORS = (
    Operator("Relu", same_type, _plain(lambda x: np.maximum(x, 0))),
    Operator("Clip", same_type, _clip, inputs=(1, 3)),
    Operator("Sigmoid", same_type, _plain(_sigmoid)),
    Operator("Tanh", same_type, _plain(np.tanh)),
    Operator("LeakyRelu", same_type, _leaky_relu, {"alpha": 0.01}),
    Operator("Elu", same_type, _elu, {"alpha": 1.0}),
    Operator("HardSigmoid", same_type, _hard_sigmoid, {"alpha": 0.2, "beta": 0.5}),
    Operator("HardSwish", same_type, _plain(_hard_swish)),
)
