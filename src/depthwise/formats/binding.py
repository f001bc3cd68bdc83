"""Sizes of a network's inputs: the batch stays open, all others become numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from depthwise.errors import FormatError, UnknownNameError, UsageError
from depthwise.formats.messages import DimMessage, ValueMessage
from depthwise.formats.tensors import check_shape, dtype_of, kept_dtype
from depthwise.graph import Batch, Dim, Input, TensorType

Shapes = Mapping[str, Sequence[int]]

_BATCH = re.compile(r"([1-9][0-9]{0,8})?N")


def bind_inputs(values: Sequence[ValueMessage], shapes: Shapes) -> tuple[Input, ...]:
    """Give every input a type.

    The first axis, where the file leaves it open, is the batch. An open axis further
    back takes its size from ``shapes``.

    Args:
        values: The inputs as the file declares them.
        shapes: Sizes by input name, the batch first; the empty name is the first
            input.

    Returns:
        The inputs.

    Raises:
        UnknownNameError: If a name in ``shapes`` is not an input.
        UsageError: If a size is missing, or is not what the file says.
        FormatError: If the declaration is damaged.
    """
    names = [value.name for value in values]
    given = {(name or names[0]) if names else name: s for name, s in shapes.items()}
    for name in given:
        if name not in names:
            raise UnknownNameError.of("input", name, names)
    return tuple(_bind(value, given.get(value.name)) for value in values)


def _bind(value: ValueMessage, sizes: Sequence[int] | None) -> Input:
    array = value.type.array if value.type else None
    if array is None or array.shape is None:
        msg = f"an input must be an array of a known rank; got {value.name!r}"
        raise FormatError(msg)
    dims = array.shape.dims
    if sizes is not None and len(sizes) != len(dims):
        msg = f"input {value.name} has {len(dims)} axes; got {len(sizes)} sizes"
        raise UsageError(msg, f"the file says [{', '.join(map(_text, dims))}]")
    bound: list[Dim] = []
    for axis, dim in enumerate(dims):
        size = sizes[axis] if sizes is not None else None
        bound.append(_axis(value.name, axis, dim, size))
    check_shape(value.name, tuple(d for d in bound if isinstance(d, int)))
    if any(d == 0 for d in bound):
        raise FormatError(f"an input has no empty axis; got {value.name} {bound}")
    dtype = kept_dtype(dtype_of(array.element))
    return Input(value.name, TensorType(dtype, tuple(bound)))


def _axis(name: str, axis: int, dim: DimMessage, size: int | None) -> Dim:
    if dim.value is not None and dim.value >= 0:
        if size not in {None, dim.value} and axis > 0:
            msg = f"axis {axis} of input {name} is {dim.value}; got {size}"
            raise UsageError(msg)
        return dim.value
    batch = _BATCH.fullmatch(dim.symbol or "")
    if batch:
        return Batch(int(batch[1] or 1))
    if axis == 0:
        return Batch()
    if size is None:
        msg = f"input {name} has open sizes; got {_text(dim)!r} for axis {axis}"
        raise UsageError(msg, "give --input, such as 1,3,224,224")
    if size < 1:
        raise UsageError(f"axis {axis} of input {name} must be positive; got {size}")
    return size


def _text(dim: DimMessage) -> str:
    if dim.value is not None and dim.value >= 0:
        return str(dim.value)
    return dim.symbol or "?"
