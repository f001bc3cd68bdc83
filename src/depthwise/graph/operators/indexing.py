"""Operators that pick elements or put them together."""

from __future__ import annotations

import itertools

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.axes import axis_of, normalise_axes, normalise_axis
from depthwise.graph.operators.operator import Array, Call, Operator, same_type
from depthwise.graph.shapes import Batch, Dim, Shape, TensorType, concrete

_ANYTHING = "fiubU"
_ANY = 2**31


def _infer_concat(call: Call) -> tuple[TensorType, ...]:
    x, axis = call.type(0), axis_of(call)
    total: Dim | None = None
    for index in range(len(call.inputs)):
        shape = call.shape(index)
        fits = len(shape) == x.rank and shape[:axis] == x.shape[:axis]
        if not fits or shape[axis + 1 :] != x.shape[axis + 1 :]:
            msg = f"concat needs equal other axes; got {shape}, {x.shape}"
            raise GeometryError(msg)
        total = shape[axis] if total is None else total + shape[axis]
    shape = (*x.shape[:axis], 0 if total is None else total, *x.shape[axis + 1 :])
    return (TensorType(x.dtype, shape),)


def _concat(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    return (np.concatenate(arrays, axis=call.integer("axis")),)


def _pieces(call: Call) -> tuple[int, tuple[int, ...]]:
    """Find the axis of a split and the sizes of its parts."""
    axis = axis_of(call)
    count = len(call.node.outputs)
    if call.has(1):
        sizes = concrete(call.sizes(1))
    else:
        (total,) = concrete(call.shape()[axis : axis + 1])
        declared = call.attribute("num_outputs")
        parts = count if declared is None else call.integer("num_outputs")
        step = -(-total // max(parts, 1))
        sizes = tuple(max(0, min(step, total - step * i)) for i in range(count))
    if sum(sizes) != call.shape()[axis] or len(sizes) != count or min(sizes) < 0:
        got = f"{sizes} of {call.shape()[axis]} in {count} outputs"
        raise GeometryError(f"the parts of a split must fill the axis; got {got}")
    return axis, sizes


def _infer_split(call: Call) -> tuple[TensorType, ...]:
    x = call.type(0)
    axis, sizes = _pieces(call)
    shapes = ((*x.shape[:axis], size, *x.shape[axis + 1 :]) for size in sizes)
    return tuple(TensorType(x.dtype, shape) for shape in shapes)


def _split(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    axis, sizes = _pieces(call)
    cuts = list(itertools.accumulate(sizes))[:-1]
    return tuple(np.split(arrays[0], cuts, axis))


def _slices(
    rank: int,
    starts: tuple[int, ...],
    ends: tuple[int, ...],
    axes: tuple[int, ...] | None,
    steps: tuple[int, ...] | None,
) -> dict[int, slice]:
    axes = normalise_axes(range(len(starts)) if axes is None else axes, rank)
    steps = (1,) * len(starts) if steps is None else steps
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise GeometryError("starts, ends, axes and steps must be equally many")
    if 0 in steps:
        raise GeometryError("the step of a slice must not be 0")
    return {
        axis: slice(start, end, step)
        for axis, start, end, step in zip(axes, starts, ends, steps, strict=True)
    }


def _infer_slice(call: Call) -> tuple[TensorType, ...]:
    x = call.type(0)
    rows = [
        concrete(call.sizes(i)) if i < 3 or call.has(i) else None for i in range(1, 5)
    ]
    cuts = _slices(x.rank, rows[0] or (), rows[1] or (), rows[2], rows[3])
    dims: list[Dim] = list(x.shape)
    for axis, cut in cuts.items():
        size = dims[axis]
        if isinstance(size, Batch):
            _keep_batch(cut)
        else:
            dims[axis] = len(range(*_clamped(cut, size).indices(size)))
    return (TensorType(x.dtype, tuple(dims)),)


def _clamped(cut: slice, size: int) -> slice:
    """Clamp an end that counts from the back and passes the front."""
    stop = cut.stop
    if stop is not None and cut.step < 0 and stop < -size:
        stop = None
    return slice(cut.start, stop, cut.step)


def _keep_batch(cut: slice) -> None:
    whole = cut.start == 0 and cut.step == 1 and cut.stop >= 2**31 - 1
    if not whole:
        got = f"[{cut.start}:{cut.stop}:{cut.step}]"
        raise GeometryError(f"a slice must keep the whole batch; got {got}")


def _slice(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, *rest = arrays
    rows: list[tuple[int, ...] | None]
    rows = [None if row is None else tuple(row.tolist()) for row in rest]
    rows += [None] * (4 - len(rows))
    cuts = _slices(x.ndim, rows[0] or (), rows[1] or (), rows[2], rows[3])
    selected = [slice(None)] * x.ndim
    for axis, cut in cuts.items():
        selected[axis] = _clamped(cut, x.shape[axis])
    return (x[tuple(selected)],)


def _infer_gather(call: Call) -> tuple[TensorType, ...]:
    x, axis = call.type(0), axis_of(call)
    size = x.shape[axis]
    picked = call.content(1)
    for index in picked or ():
        if isinstance(size, Batch) or isinstance(index, Batch):
            continue
        if not -size <= index < size:
            raise GeometryError(f"an index must be within {size}; got {index}")
    shape = (*x.shape[:axis], *call.shape(1), *x.shape[axis + 1 :])
    return (TensorType(x.dtype, shape),)


def _gather(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, indices = arrays
    return (np.asarray(np.take(x, indices, call.integer("axis"), mode="raise")),)


def _infer_gather_elements(call: Call) -> tuple[TensorType, ...]:
    axis_of(call)
    if len(call.shape(1)) != call.type(0).rank:
        raise GeometryError("GatherElements needs as many axes in data and indices")
    return (TensorType(call.type(0).dtype, call.shape(1)),)


def _gather_elements(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, indices = arrays
    axis = normalise_axis(call.integer("axis"), x.ndim)
    places: list[Array] = list(np.indices(indices.shape, sparse=True))
    places[axis] = indices
    return (x[tuple(places)],)


def _infer_gather_nd(call: Call) -> tuple[TensorType, ...]:
    x, indices = call.type(0), call.shape(1)
    batched = call.integer("batch_dims")
    if not indices:
        raise GeometryError("GatherND's indices need one axis or more; got a scalar")
    (depth,) = concrete(indices[-1:])
    if not batched + depth <= x.rank or x.shape[:batched] != indices[:batched]:
        msg = f"GatherND's indices must fit the data; got {indices} for {x.shape}"
        raise GeometryError(msg)
    shape: Shape = (*indices[:-1], *x.shape[batched + depth :])
    return (TensorType(x.dtype, shape),)


def _gather_nd(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, indices = arrays
    batched = call.integer("batch_dims")
    lead: tuple[Array, ...] = np.indices(indices.shape[:batched], sparse=True)
    spread = (1,) * (indices.ndim - 1 - batched)
    places = [axis.reshape(*axis.shape, *spread) for axis in lead]
    return (x[(*places, *np.moveaxis(indices, -1, 0))],)


def _infer_trilu(call: Call) -> tuple[TensorType, ...]:
    if call.type(0).rank < 2:
        raise GeometryError(f"a triangle needs 2 axes; got {call.type(0).rank}")
    return same_type(call)


def _trilu(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x = arrays[0]
    diagonal = int(arrays[1].reshape(-1)[0]) if call.has(1) else 0
    side = np.triu if call.flag("upper") else np.tril
    return (side(x, diagonal),)


OPERATORS = (
    Operator(
        "Concat",
        _infer_concat,
        _concat,
        {"axis": None},
        inputs=(1, _ANY),
        kinds=_ANYTHING,
        symbolic=True,
    ),
    Operator(
        "Split",
        _infer_split,
        _split,
        {"axis": 0, "num_outputs": None},
        inputs=(1, 2),
        outputs=(1, _ANY),
        signature="TI",
        kinds=_ANYTHING,
        static=(1,),
        symbolic=True,
    ),
    Operator(
        "Slice",
        _infer_slice,
        _slice,
        inputs=(3, 5),
        signature="TI",
        kinds=_ANYTHING,
        static=(1, 2, 3, 4),
        symbolic=True,
        picks=True,
    ),
    Operator(
        "Gather",
        _infer_gather,
        _gather,
        {"axis": 0},
        inputs=(2, 2),
        signature="TI",
        kinds=_ANYTHING,
        symbolic=True,
        picks=True,
    ),
    Operator(
        "GatherElements",
        _infer_gather_elements,
        _gather_elements,
        {"axis": 0},
        inputs=(2, 2),
        signature="TI",
        kinds=_ANYTHING,
        picks=True,
    ),
    Operator(
        "GatherND",
        _infer_gather_nd,
        _gather_nd,
        {"batch_dims": 0},
        inputs=(2, 2),
        signature="TI",
        kinds=_ANYTHING,
        picks=True,
    ),
    Operator(
        "Trilu",
        _infer_trilu,
        _trilu,
        {"upper": 1},
        inputs=(1, 2),
        signature="TI",
        kinds=_ANYTHING,
    ),
)
