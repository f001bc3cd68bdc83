"""Operators that pick elements or put them together."""

from __future__ import annotations

import sys
from typing import Any

import torch

from depthwise.bridge.operators.function import Function, Tensors, size_of, sizes
from depthwise.graph import Call
from depthwise.graph.operators.axes import axis_of, normalise_axes
from depthwise.graph.shapes import concrete


def _concat(call: Call, tensors: Tensors) -> Tensors:
    return (torch.cat(tensors, call.integer("axis")),)


def _split(call: Call, tensors: Tensors) -> Tensors:
    axis = axis_of(call)
    parts = concrete(tuple(kind.shape[axis] for kind in call.outputs))
    pieces = torch.split(tensors[0], list(parts), axis)
    return tuple(pieces[index] for index in range(len(parts)))


def _slice(call: Call, tensors: Tensors) -> Tensors:
    """Cut forwards by slicing, backwards by picking."""
    rank, x = call.type(0).rank, tensors[0]
    starts, ends = (sizes(call, tensors, index) for index in (1, 2))
    given = sizes(call, tensors, 3) if call.has(3) else tuple(range(len(starts)))
    axes = normalise_axes(given, rank)
    steps = sizes(call, tensors, 4) if call.has(4) else (1,) * len(starts)
    cuts = [slice(None)] * rank
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        if step < 0:
            x = _backwards(call, x, axis, slice(start, end, step))
        else:
            stop = None if end >= sys.maxsize else end
            cuts[axis] = slice(start, stop, None if step == 1 else step)
    last = max((i for i, cut in enumerate(cuts) if cut != slice(None)), default=-1)
    return (x[tuple(cuts[: last + 1])] if last >= 0 else x,)


def _backwards(call: Call, x: Any, axis: int, cut: slice) -> Any:
    size = size_of(call, axis)
    stop = None if cut.stop < -size else cut.stop
    places = list(range(size)[slice(cut.start, stop, cut.step)])
    if places == list(range(size))[::-1]:
        return torch.flip(x, (axis,))
    return torch.index_select(x, axis, torch.tensor(places, dtype=torch.int64))


def _gather(call: Call, tensors: Tensors) -> Tensors:
    axis, known = axis_of(call), call.content(1)
    x, index = tensors
    if call.shape(1) == () and known is not None:
        return (torch.select(x, axis, sizes(call, tensors, 1)[0]),)
    size = call.shape()[axis]
    if isinstance(size, int):
        index = torch.where(index < 0, index + size, index)
    return (x[(slice(None),) * axis + (index.long(),)],)


def _gather_elements(call: Call, tensors: Tensors) -> Tensors:
    axis = axis_of(call)
    x, index = tensors
    size = call.shape()[axis]
    if isinstance(size, int):
        index = torch.where(index < 0, index + size, index)
    return (torch.gather(x, axis, index.long()),)


def _gather_nd(call: Call, tensors: Tensors) -> Tensors:
    x, index = tensors
    batched, depth = call.integer("batch_dims"), size_of(call, -1, 1)
    columns = [index[..., column].long() for column in range(depth)]
    if not batched:
        return (x[tuple(columns)],)
    rank = len(call.shape(1)) - 1
    lead = []
    for axis in range(batched):
        size = x.shape[axis]
        spread = [1] * rank
        spread[axis] = -1
        lead.append(torch.arange(size).reshape(spread))
    return (x[(*lead, *columns)],)


def _triangle(call: Call, tensors: Tensors) -> Tensors:
    diagonal = sizes(call, tensors, 1)[0] if call.has(1) else 0
    function = torch.triu if call.flag("upper") else torch.tril
    return (function(tensors[0], diagonal),)


FUNCTIONS: dict[str, Function] = {
    "Concat": _concat,
    "Split": _split,
    "Slice": _slice,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "Trilu": _triangle,
}
