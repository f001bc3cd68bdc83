"""Activations: element by element, NaN in, NaN out."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.operator import (
    Array,
    Call,
    Operator,
    Reference,
    same_type,
)
from depthwise.graph.shapes import TensorType, broadcast

_SELU_ALPHA = 1.67326319217681884765625
_SELU_GAMMA = 1.05070102214813232421875


def error_function(x: Array) -> Array:
    """Compute the Gauss error function, element by element, in float64.

    Args:
        x: Any shape.

    Returns:
        The same shape and element type.

    Example:
        >>> error_function(np.array([0.0, 1.0])).round(3)
        array([0.   , 0.843])
    """
    values = map(math.erf, x.ravel().tolist())
    return np.fromiter(values, x.dtype, x.size).reshape(x.shape)


def _plain(function: Callable[[Array], Array]) -> Reference:
    def reference(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        return (np.asarray(function(arrays[0]), arrays[0].dtype),)

    return reference


def _numbered(function: Callable[..., Array], names: tuple[str, ...]) -> Reference:
    def reference(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        x = arrays[0]
        numbers = (np.asarray(call.real(name), x.dtype) for name in names)
        return (np.asarray(function(x, *numbers), x.dtype),)

    return reference


def sigmoid(x: Array) -> Array:
    """Compute 1 / (1 + exp(-x)) without overflow.

    Args:
        x: Any shape.

    Returns:
        The same shape and element type.

    Example:
        >>> sigmoid(np.array([0.0, -1e9]))
        array([0.5, 0. ])
    """
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x < 0, small, 1) / (1 + small))


def softplus(x: Array) -> Array:
    """Compute log(1 + exp(x)) without overflow.

    Args:
        x: Any shape.

    Returns:
        The same shape and element type.

    Example:
        >>> softplus(np.array([1000.0, -1000.0]))
        array([1000.,    0.])
    """
    return np.asarray(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))))


def _clip(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, *bounds = arrays
    low = bounds[0] if bounds else None
    high = bounds[1] if len(bounds) > 1 else None
    x = x if low is None else np.maximum(x, low)
    return (x if high is None else np.minimum(x, high),)


def _infer_clip(call: Call) -> tuple[TensorType, ...]:
    for index in (1, 2):
        if call.has(index) and call.shape(index) not in {(), (1,)}:
            got = call.shape(index)
            raise GeometryError(f"the bounds of a clip are scalars; got {got}")
    return same_type(call)


def _exponential(x: Array) -> Array:
    return np.asarray(np.expm1(np.minimum(x, 0)))


def _elu(x: Array, alpha: Array) -> Array:
    return np.where(x < 0, alpha * _exponential(x), x)


def _selu(x: Array, alpha: Array, gamma: Array) -> Array:
    return np.asarray(gamma * np.where(x < 0, alpha * _exponential(x), x))


def _celu(x: Array, alpha: Array) -> Array:
    return np.where(x < 0, alpha * _exponential(x / alpha), x)


def _leaky_relu(x: Array, alpha: Array) -> Array:
    return np.where(x < 0, alpha * x, x)


def _hard_sigmoid(x: Array, slope: Array, offset: Array) -> Array:
    return np.asarray(np.clip(slope * x + offset, 0, 1))


def _thresholded_relu(x: Array, alpha: Array) -> Array:
    return np.where((x > alpha) | np.isnan(x), x, 0)


def _hard_swish(x: Array) -> Array:
    sixth = np.asarray(1 / 6, x.dtype)
    half = np.asarray(0.5, x.dtype)
    return np.asarray(x * np.clip(x * sixth + half, 0, 1))


def _mish(x: Array) -> Array:
    return np.asarray(x * np.tanh(softplus(x)))


def _softsign(x: Array) -> Array:
    return np.asarray(x / (1 + np.abs(x)))


def _shrink(x: Array, bias: Array, limit: Array) -> Array:
    inner = np.where(x > limit, x - bias, np.zeros_like(x))
    return np.where(x < -limit, x + bias, inner)


def _gelu(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    half = np.asarray(0.5, x.dtype)
    mode = call.text("approximate")
    if mode == "none":
        root = np.asarray(math.sqrt(0.5), x.dtype)
        return (half * x * (1 + error_function(x * root)),)
    scale = np.asarray(math.sqrt(2 / math.pi), x.dtype)
    cubic = x + np.asarray(0.044715, x.dtype) * x * x * x
    return (half * x * (1 + np.tanh(scale * cubic)),)


def _infer_prelu(call: Call) -> tuple[TensorType, ...]:
    x, slope = call.shape(0), call.shape(1)
    if broadcast(x, slope) != x:
        raise GeometryError(f"the slope must broadcast to the input; got {slope}, {x}")
    return same_type(call)


def _prelu(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, slope = arrays
    return (np.where(x < 0, slope * x, x),)


def _entry(name: str, function: Callable[..., Array], **defaults: float) -> Operator:
    """Make the row of an activation whose attributes are numbers."""
    reference = _numbered(function, tuple(defaults))
    return Operator(name, same_type, reference, defaults)


OPERATORS = (
    Operator("Relu", same_type, _plain(lambda x: np.maximum(x, 0)), kinds="fi"),
    Operator("Clip", _infer_clip, _clip, inputs=(1, 3), kinds="fiu"),
    _entry("Sigmoid", sigmoid),
    _entry("Tanh", np.tanh),
    _entry("Softplus", softplus),
    _entry("Softsign", _softsign),
    _entry("Mish", _mish),
    _entry("HardSwish", _hard_swish),
    _entry("LeakyRelu", _leaky_relu, alpha=0.01),
    _entry("ThresholdedRelu", _thresholded_relu, alpha=1.0),
    _entry("Elu", _elu, alpha=1.0),
    _entry("Celu", _celu, alpha=1.0),
    _entry("Selu", _selu, alpha=_SELU_ALPHA, gamma=_SELU_GAMMA),
    _entry("HardSigmoid", _hard_sigmoid, alpha=0.2, beta=0.5),
    _entry("Shrink", _shrink, bias=0.0, lambd=0.5),
    Operator(
        "Gelu",
        same_type,
        _gelu,
        {"approximate": "none"},
        choices={"approximate": ("none", "tanh")},
    ),
    Operator("PRelu", _infer_prelu, _prelu, inputs=(2, 2), kinds="fi"),
)
