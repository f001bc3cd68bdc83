"""What a file declares of its results, held against what its nodes give.

A size with a name, with none, or below 1 fits any number; a number fits a multiple of
the batch that it can be. Types of what passes between nodes (value_info) are left
unread: tools that edit files leave stale ones behind, and nothing depends on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from depthwise.errors import FormatError
from depthwise.formats.messages import ArrayTypeMessage, DimMessage, ValueMessage
from depthwise.formats.tensors import DTYPES, kept_dtype
from depthwise.graph import Batch, Dim, TensorType


def check_declared(
    what: str,
    values: Iterable[ValueMessage],
    types: Mapping[str, TensorType],
    *,
    sizes: bool = True,
) -> None:
    """Refuse a file that declares another type than its nodes give.

    Args:
        what: What the values are, in the singular, for the error.
        values: Declarations of a file; those without a type say nothing.
        types: The types that were found, by name; others are passed over.
        sizes: Whether sizes count, or the element type and the rank alone.

    Raises:
        FormatError: If an element type, a rank or a size differs.

    Example:
        >>> check_declared("an output", [ValueMessage("y")], {})
    """
    for value in values:
        array = value.type.array if value.type else None
        found = types.get(value.name)
        if array is None or found is None or _fits(array, found, sizes=sizes):
            continue
        rule = f"{what} must have the type that the file declares"
        got = f"got {found} for {value.name!r}, declared {_text(array):.200}"
        raise FormatError(f"{rule}; {got}", "export the model again")


def known_sizes(values: Iterable[ValueMessage]) -> bool:
    """Tell whether a file leaves no size of its inputs open but the batch.

    Where the caller has chosen sizes, numbers that the file declares for its results
    may stand for the sizes that it was exported with.

    Args:
        values: The inputs as the file declares them.

    Returns:
        True if all sizes behind the first axis are numbers.

    Example:
        >>> known_sizes([])
        True
    """
    arrays = (value.type.array for value in values if value.type)
    shapes = (array.shape for array in arrays if array and array.shape)
    return all(_is_number(dim) for shape in shapes for dim in shape.dims[1:])


def _fits(array: ArrayTypeMessage, found: TensorType, *, sizes: bool) -> bool:
    if array.element and kept_dtype(DTYPES.get(array.element, "")) != found.dtype:
        return False
    if array.shape is None:
        return True
    dims = array.shape.dims
    if len(dims) != found.rank:
        return False
    pairs = zip(dims, found.shape, strict=True)
    return not sizes or all(_fits_size(dim, size) for dim, size in pairs)


def _fits_size(dim: DimMessage, size: Dim) -> bool:
    if not _is_number(dim):
        return True
    if isinstance(size, Batch):
        return (dim.value or 0) % size.times == 0
    return dim.value == size


def _is_number(dim: DimMessage) -> bool:
    return dim.value is not None and dim.value > 0


def _text(array: ArrayTypeMessage) -> str:
    dtype = DTYPES.get(array.element or 0, f"type {array.element}")
    if array.shape is None:
        return dtype
    dims = (
        str(d.value) if _is_number(d) else d.symbol or "?" for d in array.shape.dims
    )
    return f"{dtype}[{','.join(dims)}]"
