"""Operators that pick elements or put them together; slices are views in torch."""

from __future__ import annotations

import math
import sys

import numpy as np
from torch import fx

from depthwise.bridge.aten.call import AtenCall, Handler, Inverse, Value, positive
from depthwise.bridge.aten.elementwise import cast
from depthwise.bridge.aten.movement import expand
from depthwise.bridge.symbols import dtype_of, shape_of
from depthwise.bridge.tape import Array
from depthwise.graph import Attribute, Batch


def _axis(call: AtenCall, name: str = "dim") -> int:
    return positive(call.integer(name), len(call.shape()))


def _bounds(call: AtenCall) -> range | None:
    """Find what a slice selects; None where it selects everything."""
    axis, size = _axis(call), call.shape()[_axis(call)]
    start = call.plain("start") or 0
    end, step = call.plain("end"), call.integer("step")
    if isinstance(end, Batch) and end == size:
        end = None
    whole = start == 0 and step == 1
    if whole and (end is None or (isinstance(end, int) and end >= sys.maxsize)):
        return None
    if isinstance(size, Batch) or isinstance(end, Batch) or isinstance(start, Batch):
        raise call.unsupported(f"a slice must keep the whole batch; got axis {axis}")
    chosen = range(size)[slice(start, end, step)]
    return None if len(chosen) == size else chosen


def _cut(call: AtenCall, value: str, axis: int, part: range) -> str:
    """Append a Slice."""
    if not len(part):
        part = range(part.start, part.start, part.step)
    rows = [call.vector(v) for v in (part.start, part.stop, axis)]
    steps = [call.vector(part.step)] if part.step != 1 else []
    return call.emit("Slice", [value, *rows, *steps])


def _slice(call: AtenCall) -> str:
    chosen = _bounds(call)
    if chosen is None:
        return call.tensor()
    return _cut(call, call.tensor(), _axis(call), chosen)


def _slice_back(call: AtenCall, base: Value, changed: Value) -> str:
    chosen = _bounds(call)
    if chosen is None:
        return str(changed)
    return _replace(call, str(base), str(changed), _axis(call), chosen)


def _replace(call: AtenCall, base: str, new: str, axis: int, part: range) -> str:
    """Put new elements in the place of a part of an axis."""
    size = call.size(axis)
    if part.step == 1:
        before = range(part.start)
        after = range(part.stop, size)
        parts = [_cut(call, base, axis, before)] if before else []
        parts.append(new)
        parts += [_cut(call, base, axis, after)] if after else []
        return call.emit("Concat", parts, {"axis": axis}) if len(parts) > 1 else new
    shape = [1] * len(call.shape())
    shape[axis] = size
    chosen = np.isin(np.arange(size), part).reshape(shape)
    places = np.clip((np.arange(size) - part.start) // part.step, 0, len(part) - 1)
    spread = call.emit("Gather", [new, call.array(places)], {"axis": axis})
    return call.emit("Where", [call.array(chosen), spread, base])


def _select(call: AtenCall) -> str:
    """Cut one position out, without its axis: the engine has kernels for both."""
    axis = _axis(call)
    if isinstance(call.shape()[axis], Batch):
        index = call.scalar(_selected(call).start)
        return call.emit("Gather", [call.tensor(), index], {"axis": axis})
    part = _cut(call, call.tensor(), axis, _selected(call))
    return call.emit("Squeeze", [part, call.vector(axis)])


def _selected(call: AtenCall) -> range:
    index = call.integer("index")
    size = call.shape()[_axis(call)]
    if index < 0:
        index += call.size(_axis(call))
    return range(index, index + 1) if size else range(0)


def _select_back(call: AtenCall, base: Value, changed: Value) -> str:
    axis = _axis(call)
    new = call.emit("Unsqueeze", [str(changed), call.vector(axis)])
    return _replace(call, str(base), new, axis, _selected(call))


def _narrow(call: AtenCall) -> range:
    start = call.integer("start")
    return range(start, start + call.integer("length"))


def _narrowed(call: AtenCall) -> str:
    return _cut(call, call.tensor(), _axis(call), _narrow(call))


def _narrow_back(call: AtenCall, base: Value, changed: Value) -> str:
    return _replace(call, str(base), str(changed), _axis(call), _narrow(call))


def _parts(call: AtenCall) -> tuple[int, ...]:
    """Read the sizes of the parts from the traced results themselves."""
    axis = _axis(call)
    values = call.node.meta["val"]
    sizes = [shape_of(value)[axis] for value in values]
    if any(isinstance(size, Batch) for size in sizes):
        raise call.unsupported("a split must keep the whole batch")
    return tuple(int(size) for size in sizes if isinstance(size, int))


def _split(call: AtenCall) -> Value:
    parts = _parts(call)
    if len(parts) == 1:
        return (call.tensor(),)
    attributes: dict[str, Attribute] = {"axis": _axis(call)}
    operands = [call.tensor(), call.vector(*parts)]
    if len(set(parts)) == 1:
        attributes["num_outputs"] = len(parts)
        operands.pop()
    return call.emit_many("Split", operands, len(parts), attributes)


def _unbind(call: AtenCall) -> Value:
    axis, count = _axis(call), call.size(_axis(call))
    indices = [call.scalar(index) for index in range(count)]
    picks = [[call.tensor(), index] for index in indices]
    return tuple(call.emit("Gather", pick, {"axis": axis}) for pick in picks)


def _join(call: AtenCall, _base: Value, changed: Value) -> str:
    if call.op == "unbind":
        axis = call.vector(_axis(call))
        changed = tuple(call.emit("Unsqueeze", [part, axis]) for part in changed)
    return call.emit("Concat", tuple(changed), {"axis": _axis(call)})


def _listed(call: AtenCall) -> list[str]:
    """Take the operands of a list that have elements, in the result's type."""
    names, nodes = call.tensors("tensors"), call.arguments["tensors"]
    fakes = [node.meta["val"] for node in nodes if isinstance(node, fx.Node)]
    pairs = zip(names, fakes, strict=True)
    kept = [(name, dtype_of(f.dtype)) for name, f in pairs if shape_of(f) != (0,)]
    return [cast(call, name, kind, call.result_dtype) for name, kind in kept]


def _concat(call: AtenCall) -> str:
    axis = positive(call.integer("dim"), len(call.result_shape))
    values = _listed(call)
    return (
        values[0] if len(values) == 1 else call.emit("Concat", values, {"axis": axis})
    )


def _stack(call: AtenCall) -> str:
    axis = positive(call.integer("dim"), len(call.result_shape))
    where = call.vector(axis)
    values = [call.emit("Unsqueeze", [name, where]) for name in _listed(call)]
    return call.emit("Concat", values, {"axis": axis})


def _index_select(call: AtenCall) -> str:
    operands = [call.tensor(), call.tensor("index")]
    return call.emit("Gather", operands, {"axis": _axis(call)})


def _gather(call: AtenCall) -> str:
    operands = [call.tensor(), call.tensor("index")]
    return call.emit("GatherElements", operands, {"axis": _axis(call)})


def _embedding(call: AtenCall) -> str:
    return call.emit("Gather", [call.tensor("weight"), call.tensor("indices")])


def _index(call: AtenCall) -> str:
    """Index with integers along one axis or several."""
    given = call.arguments["indices"]
    axes = [axis for axis, one in enumerate(given) if one is not None]
    nodes = [given[axis] for axis in axes]
    if any(not dtype_of(n.meta["val"].dtype).startswith("int") for n in nodes):
        raise call.unsupported("indices must be integers: a mask selects any number")
    if len(axes) == 1:
        operands = [call.tensor(), str(call.read(nodes[0]))]
        return call.emit("Gather", operands, {"axis": axes[0]})
    tables = [call.tape.constants.get(str(call.read(node))) for node in nodes]
    arrays = [table for table in tables if table is not None]
    is_row = axes == list(range(axes[0], axes[-1] + 1))
    if is_row and len(arrays) == len(axes):
        return _neighbours(call, axes, arrays)
    return _at_places(call, axes, nodes)


def _at_places(call: AtenCall, axes: list[int], nodes: list[fx.Node]) -> str:
    """Pick by places along several axes, which open indices name together."""
    shapes = [shape_of(node.meta["val"]) for node in nodes]
    rank = len(call.shape())
    rest = [axis for axis in range(rank) if axis not in axes]
    first = axes[0] if axes[-1] - axes[0] + 1 == len(axes) else 0
    width = len(call.result_shape) - len(rest)
    common = call.result_shape[first : first + width]
    columns = []
    for node, have in zip(nodes, shapes, strict=True):
        kind = dtype_of(node.meta["val"].dtype)
        index = cast(call, str(call.read(node)), kind, "int64")
        index = expand(call, index, have, common)
        columns.append(call.emit("Unsqueeze", [index, call.vector(-1)]))
    places = call.emit("Concat", columns, {"axis": len(common)})
    data = _permuted(call, call.tensor(), (*axes, *rest))
    found = call.emit("GatherND", [data, places])
    before = tuple(range(width, width + first))
    after = tuple(range(width + first, width + len(rest)))
    return _permuted(call, found, (*before, *range(width), *after))


def _permuted(call: AtenCall, value: str, order: tuple[int, ...]) -> str:
    if order == tuple(range(len(order))):
        return value
    return call.emit("Transpose", [value], {"perm": order})


def _range(call: AtenCall) -> str:
    """Number the samples of a batch: ones, added up."""
    given = [call.plain(name) for name in ("start", "end", "step")]
    if (given[0] or 0, given[2] or 1) != (0, 1):
        raise call.unsupported("a range over the batch must count from 0 by 1")
    ones = expand(call, call.number(1), (), (given[1],))
    return call.emit("CumSum", [ones, call.scalar(0)], {"exclusive": 1})


def _neighbours(call: AtenCall, axes: list[int], arrays: list[Array]) -> str:
    """Merge the axes into one, and pick from that."""
    sizes = [call.size(axis) for axis in axes]
    shape = call.shape()
    merged = (*shape[: axes[0]], math.prod(sizes), *shape[axes[-1] + 1 :])
    flat = np.zeros((), np.int64)
    for array, size in zip(arrays, sizes, strict=True):
        flat = flat * size + array % size
    operands = [call.reshape(call.tensor(), merged), call.array(flat)]
    return call.emit("Gather", operands, {"axis": axes[0]})


_SPLITS = (
    "chunk",
    "split",
    "split_with_sizes",
    "tensor_split",
    "unsafe_chunk",
    "unsafe_split",
    "unsafe_split_with_sizes",
)

HANDLERS: dict[str, Handler] = {
    "slice": _slice,
    "select": _select,
    "narrow": _narrowed,
    **dict.fromkeys(_SPLITS, _split),
    "unbind": _unbind,
    "cat": _concat,
    "concat": _concat,
    "concatenate": _concat,
    "stack": _stack,
    "index_select": _index_select,
    "gather": _gather,
    "embedding": _embedding,
    "index": _index,
    "arange": _range,
}

INVERSES: dict[str, Inverse] = {
    "slice": _slice_back,
    "select": _select_back,
    "narrow": _narrow_back,
    **dict.fromkeys((*_SPLITS, "unbind"), _join),
}
