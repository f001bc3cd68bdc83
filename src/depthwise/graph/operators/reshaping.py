"""Operators that rename or repeat axes and compute nothing."""

from __future__ import annotations

import math

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.axes import axes_of, normalise_axes, normalise_axis
from depthwise.graph.operators.operator import Array, Call, Operator
from depthwise.graph.shapes import (
    Batch,
    Dim,
    Shape,
    TensorType,
    broadcast,
    concrete,
    divide,
    format_shape,
    multiply,
)

_ANYTHING = "fiubU"


def _infer_flatten(call: Call) -> tuple[TensorType, ...]:
    x = call.type(0)
    axis = call.integer("axis")
    cut = axis if axis == x.rank else normalise_axis(axis, x.rank)
    rows, columns = multiply(x.shape[:cut]), multiply(x.shape[cut:])
    return (TensorType(x.dtype, (rows, columns)),)


def _flatten(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    axis = call.integer("axis")
    cut = axis if axis >= 0 else axis + x.ndim
    return (x.reshape(math.prod(x.shape[:cut]), math.prod(x.shape[cut:])),)


def _infer_reshape(call: Call) -> tuple[TensorType, ...]:
    wanted, x = call.sizes(1), call.shape(0)
    copies = not call.flag("allowzero")
    dims: list[Dim] = [
        x[i] if d == 0 and copies and i < len(x) else d for i, d in enumerate(wanted)
    ]
    if dims.count(-1) > 1:
        raise GeometryError(f"a reshape infers at most one axis; got {wanted}")
    if -1 in dims:
        known = multiply(tuple(d for d in dims if d != -1))
        dims[dims.index(-1)] = divide(multiply(x), known)
    before, after = multiply(x), multiply(tuple(dims))
    if before != after or any(isinstance(d, int) and d < 0 for d in dims):
        msg = f"a reshape must keep the number of elements; got {before} -> {after}"
        raise GeometryError(msg)
    return (TensorType(call.type(0).dtype, tuple(dims)),)


def _reshape(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, wanted = arrays[0], arrays[1].tolist()
    copies = not call.flag("allowzero")
    dims = [x.shape[i] if d == 0 and copies else d for i, d in enumerate(wanted)]
    return (x.reshape(dims),)


def _squeezed(call: Call) -> tuple[int, ...]:
    axes = axes_of(call, 1)
    if axes is not None:
        return axes
    if any(isinstance(dim, Batch) for dim in call.shape()):
        msg = "a squeeze without axes must know all sizes; got"
        raise GeometryError(f"{msg} {format_shape(call.shape())}", "name the axes")
    return tuple(i for i, d in enumerate(call.shape()) if d == 1)


def _infer_squeeze(call: Call) -> tuple[TensorType, ...]:
    x, axes = call.type(0), _squeezed(call)
    wrong = [x.shape[axis] for axis in axes if x.shape[axis] != 1]
    if wrong:
        raise GeometryError(f"squeezed axes must hold one element; got {wrong[0]}")
    shape = tuple(d for i, d in enumerate(x.shape) if i not in axes)
    return (TensorType(x.dtype, shape),)


def _squeeze(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    return (np.squeeze(arrays[0], _squeezed(call)),)


def _unsqueezed(call: Call) -> tuple[int, ...]:
    wanted = concrete(call.sizes(1))
    return normalise_axes(wanted, call.type(0).rank + len(wanted))


def _infer_unsqueeze(call: Call) -> tuple[TensorType, ...]:
    x, axes = call.type(0), _unsqueezed(call)
    rest = iter(x.shape)
    rank = x.rank + len(axes)
    shape = tuple(1 if i in axes else next(rest) for i in range(rank))
    return (TensorType(x.dtype, shape),)


def _unsqueeze(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    return (np.expand_dims(arrays[0], _unsqueezed(call)),)


def _permutation(call: Call) -> tuple[int, ...]:
    rank = call.type(0).rank
    order = call.integers("perm")
    if order is None:
        return tuple(reversed(range(rank)))
    if sorted(order) != list(range(rank)):
        raise GeometryError(f"perm must name each of {rank} axes once; got {order}")
    return order


def _infer_transpose(call: Call) -> tuple[TensorType, ...]:
    x = call.type(0)
    return (TensorType(x.dtype, tuple(x.shape[i] for i in _permutation(call))),)


def _transpose(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    return (arrays[0].transpose(_permutation(call)),)


def _infer_expand(call: Call) -> tuple[TensorType, ...]:
    x, wanted = call.type(0), call.sizes(1)
    if any(isinstance(dim, int) and dim < 0 for dim in wanted):
        raise GeometryError(f"an expansion has no negative sizes; got {wanted}")
    return (TensorType(x.dtype, broadcast(x.shape, wanted)),)


def _expand(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, wanted = arrays[0], tuple(arrays[1].tolist())
    return (np.broadcast_to(x, np.broadcast_shapes(x.shape, wanted)),)


def _infer_tile(call: Call) -> tuple[TensorType, ...]:
    x, times = call.type(0), call.sizes(1)
    if len(times) != x.rank:
        raise GeometryError(f"a tile needs {x.rank} repeats; got {len(times)}")
    if any(isinstance(count, int) and count < 0 for count in times):
        raise GeometryError(f"a tile repeats 0 times or more; got {times}")
    dims = (multiply(pair) for pair in zip(x.shape, times, strict=True))
    return (TensorType(x.dtype, tuple(dims)),)


def _tile(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, times = arrays[0], arrays[1].tolist()
    if 0 in times:  # np.tile would repeat the other axes first
        sizes = [size * count for size, count in zip(x.shape, times, strict=True)]
        return (np.empty(sizes, x.dtype),)
    return (np.tile(x, times),)


def _block(call: Call) -> tuple[Dim, int, int, int, int]:
    if call.type(0).rank != 4:
        raise GeometryError(f"blocks need 4 axes; got {call.type(0).rank}")
    size = call.integer("blocksize")
    if size < 1:
        raise GeometryError(f"blocksize must be 1 or more; got {size}")
    batch, *rest = call.shape()
    channels, rows, columns = concrete(tuple(rest))
    return batch, channels, rows, columns, size


def _infer_to_space(call: Call) -> tuple[TensorType, ...]:
    batch, channels, rows, columns, size = _block(call)
    if channels % size**2:
        msg = f"channels must divide into blocks; got {channels} and {size}x{size}"
        raise GeometryError(msg)
    shape: Shape = (batch, channels // size**2, rows * size, columns * size)
    return (TensorType(call.type(0).dtype, shape),)


def _to_space(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    count, channels, rows, columns = x.shape
    size = call.integer("blocksize")
    kept = channels // size**2
    if call.text("mode") == "DCR":
        blocks = x.reshape(count, size, size, kept, rows, columns)
        blocks = blocks.transpose(0, 3, 4, 1, 5, 2)
    else:
        blocks = x.reshape(count, kept, size, size, rows, columns)
        blocks = blocks.transpose(0, 1, 4, 2, 5, 3)
    return (blocks.reshape(count, kept, rows * size, columns * size),)


def _infer_to_depth(call: Call) -> tuple[TensorType, ...]:
    batch, channels, rows, columns, size = _block(call)
    if rows % size or columns % size:
        msg = f"rows and columns must divide into blocks; got {rows}, {columns}, {size}"
        raise GeometryError(msg)
    shape: Shape = (batch, channels * size**2, rows // size, columns // size)
    return (TensorType(call.type(0).dtype, shape),)


def _to_depth(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    count, channels, rows, columns = x.shape
    size = call.integer("blocksize")
    high, wide = rows // size, columns // size
    blocks = x.reshape(count, channels, high, size, wide, size)
    blocks = blocks.transpose(0, 3, 5, 1, 2, 4)
    return (blocks.reshape(count, channels * size**2, high, wide),)


OPERATORS = (
    Operator(
        "Flatten",
        _infer_flatten,
        _flatten,
        {"axis": 1},
        kinds=_ANYTHING,
        symbolic=True,
        moves_data=False,
    ),
    Operator(
        "Reshape",
        _infer_reshape,
        _reshape,
        {"allowzero": 0},
        inputs=(2, 2),
        signature="TI",
        kinds=_ANYTHING,
        static=(1,),
        symbolic=True,
        moves_data=False,
    ),
    Operator(
        "Squeeze",
        _infer_squeeze,
        _squeeze,
        inputs=(1, 2),
        signature="TI",
        kinds=_ANYTHING,
        static=(1,),
        symbolic=True,
        moves_data=False,
    ),
    Operator(
        "Unsqueeze",
        _infer_unsqueeze,
        _unsqueeze,
        inputs=(2, 2),
        signature="TI",
        kinds=_ANYTHING,
        static=(1,),
        symbolic=True,
        moves_data=False,
    ),
    Operator(
        "Transpose",
        _infer_transpose,
        _transpose,
        {"perm": None},
        kinds=_ANYTHING,
        symbolic=True,
    ),
    Operator(
        "Expand",
        _infer_expand,
        _expand,
        inputs=(2, 2),
        signature="TI",
        kinds=_ANYTHING,
        static=(1,),
    ),
    Operator(
        "Tile",
        _infer_tile,
        _tile,
        inputs=(2, 2),
        signature="TI",
        kinds=_ANYTHING,
        static=(1,),
    ),
    Operator(
        "DepthToSpace",
        _infer_to_space,
        _to_space,
        {"blocksize": None, "mode": "DCR"},
        kinds=_ANYTHING,
        choices={"mode": ("DCR", "CRD")},
    ),
    Operator(
        "SpaceToDepth",
        _infer_to_depth,
        _to_depth,
        {"blocksize": None},
        kinds=_ANYTHING,
    ),
)
