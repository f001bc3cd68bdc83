"""Reductions over axes, and softmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.operator import (
    Array,
    Call,
    Operator,
    Reference,
    same_type,
)
from depthwise.graph.shapes import TensorType, concrete


def normalise_axis(axis: int, rank: int) -> int:
    """Count an axis from the front.

    Args:
        axis: Position, negative from the back.
        rank: How many axes there are.

    Returns:
        The position from 0.

    Raises:
        GeometryError: If there is no such axis.

    Example:
        >>> normalise_axis(-1, 4)
        3
    """
    if not -rank <= axis < rank:
        msg = f"an axis must be within the rank; got axis {axis}, rank {rank}"
        raise GeometryError(msg)
    return axis % rank


def _axes(call: Call) -> tuple[int, ...]:
    rank = call.type(0).rank
    if not call.has(1):
        empty = call.integer("noop_with_empty_axes") == 1
        return () if empty else tuple(range(rank))
    known = call.content(1)
    if known is None:
        raise GeometryError("the axes of a reduction must be constants; got a value")
    return tuple(normalise_axis(axis, rank) for axis in concrete(known))


def _infer(call: Call) -> tuple[TensorType, ...]:
    axes, x = _axes(call), call.type(0)
    if call.integer("keepdims"):
        shape = tuple(1 if i in axes else d for i, d in enumerate(x.shape))
    else:
        shape = tuple(d for i, d in enumerate(x.shape) if i not in axes)
    return (TensorType(x.dtype, shape),)


def _of(function: Callable[..., Any]) -> Reference:
    def reference(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        axes, keep = _axes(call), call.integer("keepdims") == 1
        return (np.asarray(function(arrays[0], axis=axes, keepdims=keep)),)

    return reference


def _softmax(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    axis = call.integer("axis")
    powers = np.exp(x - x.max(axis, keepdims=True))
    return (powers / powers.sum(axis, keepdims=True),)


_REDUCE = {"keepdims": 1, "noop_with_empty_axes": 0}

OPERATORS = (
    Operator("ReduceMean", _infer, _of(np.mean), _REDUCE, inputs=(1, 2)),
    Operator("ReduceSum", _infer, _of(np.sum), _REDUCE, inputs=(1, 2)),
    Operator("ReduceMax", _infer, _of(np.max), _REDUCE, inputs=(1, 2)),
    Operator("Softmax", same_type, _softmax, {"axis": -1}),
)
