"""Sorting, and writing to places that indices name."""

from __future__ import annotations

import numpy as np
from torch import fx

from depthwise.bridge.aten.call import AtenCall, Handler, Value, positive
from depthwise.bridge.aten.elementwise import operand
from depthwise.bridge.aten.movement import expand
from depthwise.bridge.symbols import dtype_of, shape_of
from depthwise.graph import Attribute


def _axis(call: AtenCall) -> int:
    return positive(call.integer("dim"), len(call.shape()))


def _top(call: AtenCall, count: int, *, largest: bool) -> tuple[str, ...]:
    attributes: dict[str, Attribute] = {"axis": _axis(call), "largest": int(largest)}
    return call.emit_many("TopK", [call.tensor(), call.vector(count)], 2, attributes)


def _top_k(call: AtenCall) -> Value:
    return _top(call, call.integer("k"), largest=bool(call.plain("largest")))


def _sort(call: AtenCall) -> Value:
    """Sort a whole axis; equal elements keep their order, as with stable=True."""
    values = _top(call, call.size(_axis(call)), largest=bool(call.plain("descending")))
    return values[1] if call.op == "argsort" else values


def _kth(call: AtenCall) -> Value:
    """Take the k-th smallest of an axis and its place; the lower of two medians."""
    if "dim" not in call.arguments:
        raise call.unsupported("a median needs an axis")
    axis, size = _axis(call), call.size(_axis(call))
    count = call.integer("k") if call.op == "kthvalue" else (size + 1) // 2
    last = call.vector(count - 1) if call.plain("keepdim") else call.scalar(count - 1)
    rows = _top(call, count, largest=False)
    return tuple(call.emit("Gather", [row, last], {"axis": axis}) for row in rows)


def _scatter(call: AtenCall) -> str:
    """Write a tensor, or one number, to the places of an index."""
    attributes: dict[str, Attribute] = {"axis": _axis(call)}
    if call.op == "scatter_add":
        attributes["reduction"] = "add"
    if call.arguments.get("reduce") is not None:
        raise call.unsupported("scatter with a reduction has no counterpart")
    if "value" in call.arguments:
        shape = call.shape("index")
        source = expand(call, call.number(call.plain("value")), (), shape)
    elif call.shape("src") == call.shape("index"):
        source = operand(call, "src")
    else:
        raise call.unsupported("what is scattered must be as large as its index")
    operands = [call.tensor(), call.tensor("index"), source]
    return call.emit("ScatterElements", operands, attributes)


def _put(call: AtenCall) -> str:
    """Write to what one index names: a mask, or constant places along an axis."""
    given = call.arguments["indices"]
    pairs = [(axis, one) for axis, one in enumerate(given) if one is not None]
    if call.plain("accumulate") or len(pairs) != 1:
        raise call.unsupported("one index must name what is written, once")
    ((axis, index),) = pairs
    kind = dtype_of(index.meta["val"].dtype)
    write = _put_masked if kind == "bool" else _put_along
    return write(call, axis, index)


def _put_masked(call: AtenCall, axis: int, index: fx.Node) -> str:
    """Write one number wherever a mask says."""
    if any(size != 1 for size in call.shape("values")):
        raise call.unsupported("a mask must be written with one number")
    mask, have = str(call.read(index)), shape_of(index.meta["val"])
    rank = len(call.shape())
    wanted = (*(1,) * axis, *have, *(1,) * (rank - axis - len(have)))
    mask = mask if wanted == have else call.reshape(mask, wanted)
    return call.emit("Where", [mask, operand(call, "values"), call.tensor()])


def _put_along(call: AtenCall, axis: int, index: fx.Node) -> str:
    """Write slices to constant places: spread them over the axis, and choose."""
    places = call.tape.constants.get(str(call.read(index)))
    if places is None or places.ndim != 1:
        raise call.unsupported("places to write to must be a constant vector")
    shape, size = call.shape(), call.size(axis)
    source = np.zeros(size, np.int64)
    source[places] = np.arange(len(places))
    chosen = np.isin(np.arange(size), places % size)
    part = (*shape[:axis], len(places), *shape[axis + 1 :])
    values = expand(call, operand(call, "values"), call.shape("values"), part)
    spread = call.emit("Gather", [values, call.array(source)], {"axis": axis})
    mask = call.array(chosen.reshape(-1, *(1,) * (len(shape) - axis - 1)))
    return call.emit("Where", [mask, spread, call.tensor()])


HANDLERS: dict[str, Handler] = {
    "topk": _top_k,
    "sort": _sort,
    "argsort": _sort,
    "median": _kth,
    "kthvalue": _kth,
    "scatter": _scatter,
    "scatter_add": _scatter,
    "index_put": _put,
}
