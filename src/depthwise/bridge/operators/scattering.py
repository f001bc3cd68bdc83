"""Operators that write elements to places, or find the places of the largest."""

from __future__ import annotations

import math
from typing import Any

import torch

from depthwise.bridge.operators.function import Function, Tensors, size_of, sizes
from depthwise.graph import Call
from depthwise.graph.operators.axes import axis_of

_REDUCTIONS = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


def _write(call: Call, x: Any, axis: int, index: Any, updates: Any) -> Any:
    reduction = call.text("reduction")
    if reduction == "none":
        return torch.scatter(x, axis, index, updates)
    return torch.scatter_reduce(x, axis, index, updates, _REDUCTIONS[reduction])


def _scatter_elements(call: Call, tensors: Tensors) -> Tensors:
    x, index, updates = tensors
    axis = axis_of(call)
    size = call.shape()[axis]
    if isinstance(size, int):
        index = torch.where(index < 0, index + size, index)
    return (_write(call, x, axis, index.long(), updates),)


def _scatter_nd(call: Call, tensors: Tensors) -> Tensors:
    """Number the places that the indices name in one axis, and scatter along it."""
    x, index, updates = tensors
    depth = size_of(call, -1, 1)
    place = torch.zeros_like(index[..., 0]).long() if depth else index.sum(-1).long()
    for axis in range(depth):
        column = index[..., axis].long()
        size = x.shape[axis]
        place = place * size + torch.where(column < 0, column + size, column)
    rows = math.prod(x.shape[axis] for axis in range(depth))
    place = place.reshape(-1)
    updates = updates.reshape(place.size(0), -1)
    wide, places = x.reshape(rows, -1), place.unsqueeze(1).expand_as(updates)
    return (_write(call, wide, 0, places, updates).reshape(x.shape),)


def _top(call: Call, tensors: Tensors) -> Tensors:
    """Sort, equal elements by their place, and keep the first."""
    axis, largest = axis_of(call), call.flag("largest")
    (count,) = sizes(call, tensors, 1)
    ordered = torch.sort(tensors[0], stable=True, dim=axis, descending=largest)
    cut = (slice(None),) * axis + (slice(None, count),)
    return (ordered[0][cut], ordered[1][cut])


def _cast_like(_call: Call, tensors: Tensors) -> Tensors:
    return (tensors[0].type_as(tensors[1]),)


FUNCTIONS: dict[str, Function] = {
    "ScatterElements": _scatter_elements,
    "ScatterND": _scatter_nd,
    "TopK": _top,
    "CastLike": _cast_like,
}
