"""Operators on sizes and types: Shape, Size, Range and Cast."""

from __future__ import annotations

from typing import Any

import torch

from depthwise.bridge.operators.function import DTYPES, Function, Tensors
from depthwise.errors import GeometryError
from depthwise.graph import Batch, Call
from depthwise.graph.operators.sizes import ELEMENT_TYPES
from depthwise.graph.shapes import concrete


def _shape(call: Call, tensors: Tensors) -> Tensors:
    end = call.attribute("end")
    stop = None if end is None else call.integer("end")
    axes = range(call.type(0).rank)[call.integer("start") : stop]
    row = [_count(tensors[0].shape[axis]) for axis in axes]
    return (torch.stack(row) if row else torch.zeros(0, dtype=torch.int64),)


def _size(_call: Call, tensors: Tensors) -> Tensors:
    return (_count(tensors[0].numel()),)


def _count(value: Any) -> Any:
    return torch.full((), value, dtype=torch.int64)


def _range(call: Call, tensors: Tensors) -> Tensors:
    kind = DTYPES[call.type(0).dtype]
    (count,) = concrete(call.outputs[0].shape)
    if isinstance(tensors[0], torch.Tensor):
        kind = tensors[0].dtype
    start, delta = (torch.tensor(_number(call, index), dtype=kind) for index in (0, 2))
    return (start + torch.arange(count, dtype=kind) * delta,)


def _number(call: Call, index: int) -> float:
    content = call.type(index).content
    if content is None or isinstance(content[0], Batch):
        raise GeometryError("the bounds of a range must be known before it runs")
    return content[0]


def _cast(call: Call, tensors: Tensors) -> Tensors:
    """Convert; where all floats run at another precision, they stay at that one."""
    target = ELEMENT_TYPES[call.integer("to")]
    x = tensors[0]
    floats = call.type(0).dtype.startswith("float") and target.startswith("float")
    if floats and isinstance(x, torch.Tensor) and x.dtype != DTYPES[call.type(0).dtype]:
        return (x,)
    return (x.to(DTYPES[target]),)


FUNCTIONS: dict[str, Function] = {
    "Shape": _shape,
    "Size": _size,
    "Range": _range,
    "Cast": _cast,
}
