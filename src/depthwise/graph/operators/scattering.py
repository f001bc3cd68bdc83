"""Operators that write elements to places, or find the places of the largest."""

from __future__ import annotations

from typing import Any

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.axes import axis_of, normalise_axis
from depthwise.graph.operators.operator import Array, Call, Default, Operator, same_type
from depthwise.graph.shapes import Dim, TensorType, concrete

_REDUCTIONS = ("none", "add", "mul", "max", "min")
_UNORDERED: dict[str, Any] = {
    "add": np.add,
    "mul": np.multiply,
    "max": np.maximum,
    "min": np.minimum,
}


def _write(call: Call, result: Array, places: tuple[Array, ...], new: Array) -> None:
    reduction = call.text("reduction")
    if reduction == "none":
        result[places] = new
    else:
        _UNORDERED[reduction].at(result, places, new)


def _infer_elements(call: Call) -> tuple[TensorType, ...]:
    axis_of(call)
    indices = call.shape(1)
    if len(indices) != call.type(0).rank or indices != call.shape(2):
        got = f"{indices} and {call.shape(2)} for {call.shape()}"
        raise GeometryError(f"indices and updates must be alike; got {got}")
    return same_type(call)


def _scatter_elements(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, indices, updates = arrays
    axis = normalise_axis(call.integer("axis"), x.ndim)
    places: list[Array] = list(np.indices(indices.shape, sparse=True))
    places[axis] = indices
    result = x.copy()
    _write(call, result, tuple(places), updates)
    return (result,)


def _infer_nd(call: Call) -> tuple[TensorType, ...]:
    x, indices, updates = (call.shape(index) for index in range(3))
    (depth,) = concrete(indices[-1:]) if indices else (len(x) + 1,)
    if depth > len(x) or updates != (*indices[:-1], *x[depth:]):
        msg = "updates must fill what the indices name"
        raise GeometryError(f"{msg}; got {updates} for {indices} of {x}")
    return same_type(call)


def _scatter_nd(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, indices, updates = arrays
    result = x.copy()
    _write(call, result, tuple(np.moveaxis(indices, -1, 0)), updates)
    return (result,)


def _infer_top(call: Call) -> tuple[TensorType, ...]:
    x, axis = call.type(0), axis_of(call)
    count = concrete(call.sizes(1))
    size: Dim = x.shape[axis]
    if len(count) != 1 or not isinstance(size, int) or not 0 <= count[0] <= size:
        raise GeometryError(f"k must be within the axis; got {count} of {size}")
    shape = (*x.shape[:axis], count[0], *x.shape[axis + 1 :])
    return (TensorType(x.dtype, shape), TensorType("int64", shape))


def _top(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    """Sort, equal elements by their place; sorted=0 leaves the order open."""
    x, count = arrays[0], int(arrays[1].reshape(-1)[0])
    axis = normalise_axis(call.integer("axis"), x.ndim)
    if call.flag("largest"):
        upwards = np.argsort(np.flip(x, axis), axis, kind="stable")
        order = x.shape[axis] - 1 - np.flip(upwards, axis)
    else:
        order = np.argsort(x, axis, kind="stable")
    chosen = np.take(order, range(count), axis).astype(np.int64)
    return (np.take_along_axis(x, chosen, axis), chosen)


_SCATTER: dict[str, Default] = {"axis": 0, "reduction": "none"}

OPERATORS = (
    Operator(
        "ScatterElements",
        _infer_elements,
        _scatter_elements,
        _SCATTER,
        inputs=(3, 3),
        signature="TIT",
        kinds="fiub",
        choices={"reduction": _REDUCTIONS},
    ),
    Operator(
        "ScatterND",
        _infer_nd,
        _scatter_nd,
        {"reduction": "none"},
        inputs=(3, 3),
        signature="TIT",
        kinds="fiub",
        choices={"reduction": _REDUCTIONS},
    ),
    Operator(
        "TopK",
        _infer_top,
        _top,
        {"axis": -1, "largest": 1, "sorted": 1},
        inputs=(2, 2),
        outputs=(1, 2),
        signature="TI",
        kinds="fiu",
        static=(1,),
    ),
)
