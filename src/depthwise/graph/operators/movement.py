"""Operators that move or rename elements and compute nothing."""

from __future__ import annotations

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.operator import Array, Call, Operator
from depthwise.graph.operators.reduction import normalise_axis
from depthwise.graph.shapes import Batch, Dim, Shape, TensorType, divide, multiply


def _infer_flatten(call: Call) -> tuple[TensorType, ...]:
    x = call.type(0)
    axis = call.integer("axis")
    cut = axis if axis == x.rank else normalise_axis(axis, x.rank)
    rows, columns = multiply(x.shape[:cut]), multiply(x.shape[cut:])
    return (TensorType(x.dtype, (rows, columns)),)


def _target(call: Call) -> Shape:
    wanted, x = call.content(1), call.shape(0)
    if wanted is None:
        raise GeometryError("the shape of a reshape must be known; got a value")
    copies = call.integer("allowzero") == 0
    dims: list[Dim] = [
        x[i] if d == 0 and copies and i < len(x) else d for i, d in enumerate(wanted)
    ]
    if dims.count(-1) > 1:
        raise GeometryError(f"a reshape infers at most one axis; got {wanted}")
    if -1 in dims:
        known = multiply(tuple(d for d in dims if d != -1))
        dims[dims.index(-1)] = divide(multiply(x), known)
    if multiply(tuple(dims)) != multiply(x):
        before, after = multiply(x), multiply(tuple(dims))
        msg = f"a reshape must keep the number of elements; got {before} -> {after}"
        raise GeometryError(msg)
    return tuple(dims)


def _infer_reshape(call: Call) -> tuple[TensorType, ...]:
    return (TensorType(call.type(0).dtype, _target(call)),)


def _flatten(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    axis = call.integer("axis")
    cut = axis if axis >= 0 else axis + x.ndim
    return (x.reshape(int(np.prod(x.shape[:cut])), -1),)


def _reshape(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    wanted = (-1 if isinstance(d, Batch) else d for d in _target(call))
    return (arrays[0].reshape(tuple(wanted)),)


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


def _infer_concat(call: Call) -> tuple[TensorType, ...]:
    x = call.type(0)
    axis = normalise_axis(call.integer("axis"), x.rank)
    total = 0
    for index in range(len(call.inputs)):
        shape = call.shape(index)
        size = shape[axis] if axis < len(shape) else None
        if not isinstance(size, int) or shape[:axis] != x.shape[:axis]:
            raise GeometryError(
                f"concat needs equal other axes; got {shape}, {x.shape}"
            )
        if shape[axis + 1 :] != x.shape[axis + 1 :]:
            raise GeometryError(
                f"concat needs equal other axes; got {shape}, {x.shape}"
            )
        total += size
    shape = (*x.shape[:axis], total, *x.shape[axis + 1 :])
    return (TensorType(x.dtype, shape),)


def _concat(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    return (np.concatenate(arrays, axis=call.integer("axis")),)


OPERATORS = (
    Operator("Flatten", _infer_flatten, _flatten, {"axis": 1}, moves_data=False),
    Operator(
        "Reshape",
        _infer_reshape,
        _reshape,
        {"allowzero": 0},
        inputs=(2, 2),
        moves_data=False,
    ),
    Operator("Transpose", _infer_transpose, _transpose, {"perm": None}),
    Operator("Concat", _infer_concat, _concat, {"axis": None}, inputs=(1, 2**31)),
)
