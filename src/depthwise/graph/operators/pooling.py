"""Pooling over sliding windows, and over everything."""

from __future__ import annotations

import numpy as np

from depthwise.graph.operators.operator import Array, Call, Operator
from depthwise.graph.shapes import TensorType


def _infer_global(call: Call) -> tuple[TensorType, ...]:
    x = call.type(0)
    ones = (1,) * (x.rank - 2)
    return (TensorType(x.dtype, (*x.shape[:2], *ones)),)


def _global_average(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    axes = tuple(range(2, arrays[0].ndim))
    return (np.asarray(arrays[0].mean(axes, keepdims=True)),)


def _global_max(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    axes = tuple(range(2, arrays[0].ndim))
    return (np.asarray(arrays[0].max(axes, keepdims=True)),)


OPERATORS = (
    Operator("GlobalAveragePool", _infer_global, _global_average),
    Operator("GlobalMaxPool", _infer_global, _global_max),
)
