"""Operators on sizes and types: Shape, Size, Range and Cast."""

from __future__ import annotations

import math

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.operator import Array, Call, Operator
from depthwise.graph.shapes import Batch, Content, TensorType, multiply

ELEMENT_TYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
}
"""ONNX's numbers of the element types that depthwise knows, with NumPy's names."""


def _infer_shape(call: Call) -> tuple[TensorType, ...]:
    end = call.attribute("end")
    stop = None if end is None else call.integer("end")
    dims = call.shape()[call.integer("start") : stop]
    return (TensorType("int64", (len(dims),), dims),)


def _shape(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    end = call.attribute("end")
    stop = None if end is None else call.integer("end")
    dims = arrays[0].shape[call.integer("start") : stop]
    return (np.array(dims, np.int64),)


def _infer_size(call: Call) -> tuple[TensorType, ...]:
    return (TensorType("int64", (), (multiply(call.shape()),)),)


def _size(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    return (np.asarray(arrays[0].size, np.int64),)


def _number(call: Call, index: int) -> float | int:
    content = call.type(index).content
    if content is None or len(content) != 1 or isinstance(content[0], Batch):
        raise GeometryError("the bounds of a range must be known before it runs")
    return content[0]


def _infer_range(call: Call) -> tuple[TensorType, ...]:
    start, limit, delta = (_number(call, index) for index in range(3))
    if delta == 0:
        raise GeometryError("the step of a range must not be 0")
    count = max(math.ceil((limit - start) / delta), 0)
    return (TensorType(call.type(0).dtype, (count,)),)


def _range(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    start, limit, delta = (array.reshape(-1)[0] for array in arrays)
    count = max(math.ceil((limit - start) / delta), 0)
    return (start + np.arange(count).astype(start.dtype) * delta,)


def _target(call: Call) -> str:
    number = call.integer("to")
    if number not in ELEMENT_TYPES:
        raise GeometryError(f"a cast's type must be a plain one; got number {number}")
    return ELEMENT_TYPES[number]


def _infer_cast(call: Call) -> tuple[TensorType, ...]:
    x = call.type(0)
    target = np.dtype(_target(call))
    content: Content | None = None
    if x.content is not None and target.kind in "iuf":
        content = tuple(_converted(e, target.kind) for e in x.content)
    return (TensorType(target.name, x.shape, content),)


def _infer_cast_like(call: Call) -> tuple[TensorType, ...]:
    return (TensorType(call.type(1).dtype, call.shape()),)


def _cast_like(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    with np.errstate(invalid="ignore", over="ignore"):
        return (arrays[0].astype(arrays[1].dtype),)


def _converted(element: Batch | float, kind: str) -> Batch | float:
    if isinstance(element, Batch):
        return element
    return float(element) if kind == "f" else int(element)


def _cast(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    """Convert; where all floats run at another precision, they stay at that one."""
    (x,) = arrays
    target = np.dtype(_target(call))
    elevated = x.dtype.name != call.type(0).dtype
    if elevated and x.dtype.kind == "f" and target.kind == "f":
        return (x,)
    with np.errstate(invalid="ignore", over="ignore"):
        return (x.astype(target),)


OPERATORS = (
    Operator(
        "Shape",
        _infer_shape,
        _shape,
        {"start": 0, "end": None},
        kinds="fiubU",
        moves_data=False,
    ),
    Operator("Size", _infer_size, _size, kinds="fiubU", moves_data=False),
    Operator(
        "Range",
        _infer_range,
        _range,
        inputs=(3, 3),
        kinds="fi",
        static=(0, 1, 2),
    ),
    Operator(
        "CastLike",
        _infer_cast_like,
        _cast_like,
        {"saturate": 1},
        inputs=(2, 2),
        signature="AA",
    ),
    Operator("Cast", _infer_cast, _cast, {"to": None, "saturate": 1}, kinds="fiub"),
)
