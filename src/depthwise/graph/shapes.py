"""Shapes whose only unknown is the batch: a dimension is an int or a multiple of N."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from depthwise.errors import GeometryError, GraphError


@dataclass(frozen=True, slots=True)
class Batch:
    """A dimension of ``times * N``, where N is the batch size.

    Args:
        times: How many elements of this axis one sample holds, at least 1.

    Example:
        >>> print(Batch(), Batch(4))
        N 4N
    """

    times: int = 1

    def __str__(self) -> str:
        return "N" if self.times == 1 else f"{self.times}N"

    def __mul__(self, other: Dim) -> Dim:
        return multiply((self, other))

    def __add__(self, other: Dim) -> Batch:
        if not isinstance(other, Batch):
            raise GraphError(f"a size is a multiple of the batch; got {self} + {other}")
        return Batch(self.times + other.times)

    def __floordiv__(self, other: Dim) -> Dim:
        return divide(self, other)

    __rmul__ = __mul__
    __radd__ = __add__


Dim: TypeAlias = int | Batch
Shape: TypeAlias = tuple[Dim, ...]
Content: TypeAlias = tuple[Dim | float, ...]


@dataclass(frozen=True, slots=True)
class TensorType:
    """What is known of a value before anything runs.

    Args:
        dtype: NumPy's name of the element type: "float32", "int64", "bool" ...
        shape: One dimension an axis; a scalar has none.
        content: The elements, row major, where they are known and few: sizes,
            axes, scales and what is computed from them.

    Example:
        >>> print(TensorType("float32", (Batch(), 3, 224, 224)))
        float32[N,3,224,224]
    """

    dtype: str
    shape: Shape
    content: Content | None = None

    @property
    def rank(self) -> int:
        """How many axes the value has."""
        return len(self.shape)

    def __str__(self) -> str:
        return f"{self.dtype}[{','.join(map(str, self.shape))}]"


def multiply(dims: Shape) -> Dim:
    """Multiply dimensions, of which at most one is a multiple of N.

    Args:
        dims: The dimensions; none at all gives 1.

    Returns:
        Their product.

    Raises:
        GraphError: If the product would hold N squared.

    Example:
        >>> print(multiply((Batch(2), 3)), multiply(()))
        6N 1
    """
    product = math.prod(d.times if isinstance(d, Batch) else d for d in dims)
    batches = sum(isinstance(d, Batch) for d in dims)
    if batches > 1:
        msg = f"a dimension holds the batch at most once; got {format_shape(dims)}"
        raise GraphError(msg)
    return Batch(product) if batches and product else product


def divide(total: Dim, part: Dim) -> Dim:
    """Divide one dimension by another, exactly.

    Args:
        total: The dividend.
        part: The divisor.

    Returns:
        The quotient, which is free of N when both hold it.

    Raises:
        GeometryError: If the division leaves a remainder, or N in the denominator.

    Example:
        >>> print(divide(Batch(12), 4), divide(Batch(12), Batch(4)))
        3N 3
    """
    top, bottom = _times(total), _times(part)
    if isinstance(part, Batch) and not isinstance(total, Batch):
        msg = f"a size without the batch cannot be divided by it; got {total} / {part}"
        raise GeometryError(msg)
    if bottom == 0 or top % bottom:
        msg = f"sizes must divide without remainder; got {total} / {part}"
        raise GeometryError(msg)
    keeps_batch = isinstance(total, Batch) and not isinstance(part, Batch)
    return Batch(top // bottom) if keeps_batch else top // bottom


def bind(shape: Shape, batch: int) -> tuple[int, ...]:
    """Put a number in the place of N.

    Args:
        shape: Dimensions, some of which may be multiples of N.
        batch: The batch size, at least 0.

    Returns:
        The same shape in plain integers.

    Example:
        >>> bind((Batch(2), 3), batch=5)
        (10, 3)
    """
    return tuple(d.times * batch if isinstance(d, Batch) else d for d in shape)


def concrete(shape: Shape) -> tuple[int, ...]:
    """Take a shape that holds no N, as plain integers.

    Args:
        shape: Dimensions without the batch symbol.

    Returns:
        The same shape.

    Raises:
        GraphError: If N is among them.

    Example:
        >>> concrete((3, 4))
        (3, 4)
    """
    if any(isinstance(d, Batch) for d in shape):
        msg = f"a size must be known here; got {format_shape(shape)}"
        raise GraphError(msg)
    return tuple(_times(d) for d in shape)


def format_shape(shape: Shape) -> str:
    """Write a shape as a user would.

    Args:
        shape: Dimensions.

    Returns:
        The text.

    Example:
        >>> format_shape((Batch(), 3, 8))
        '[N,3,8]'
    """
    return f"[{','.join(map(str, shape))}]"


def broadcast(*shapes: Shape) -> Shape:
    """Broadcast shapes as NumPy does: equal, or 1, from the last axis on.

    Args:
        *shapes: Any number of shapes.

    Returns:
        The common shape.

    Raises:
        GeometryError: If two sizes differ and neither is 1.

    Example:
        >>> format_shape(broadcast((Batch(), 8, 1), (8, 5)))
        '[N,8,5]'
    """
    rank = max((len(shape) for shape in shapes), default=0)
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    result: list[Dim] = []
    for axis in zip(*padded, strict=True):
        sizes = {size for size in axis if size != 1}
        if len(sizes) > 1:
            msg = (
                f"shapes must broadcast; got {' and '.join(map(format_shape, shapes))}"
            )
            raise GeometryError(msg)
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)


def _times(dim: Dim) -> int:
    return dim.times if isinstance(dim, Batch) else dim
