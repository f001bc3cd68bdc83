"""Axes: named by attributes and operands, counted from either end."""

from __future__ import annotations

from collections.abc import Iterable

from depthwise.errors import GeometryError
from depthwise.graph.operators.operator import Call
from depthwise.graph.shapes import concrete


def normalise_axis(axis: int, rank: int) -> int:
    """Count an axis from the front.

    Args:
        axis: Position, negative from the back.
        rank: How many axes there are.

    Returns:
        The position from 0.

    Raises:
        GeometryError: If there is no such axis.

    Example:
        >>> normalise_axis(-1, 4)
        3
    """
    if not -rank <= axis < rank:
        msg = f"an axis must be within the rank; got axis {axis}, rank {rank}"
        raise GeometryError(msg)
    return axis % rank


def normalise_axes(axes: Iterable[int], rank: int) -> tuple[int, ...]:
    """Count axes from the front.

    Args:
        axes: Positions, negative from the back.
        rank: How many axes there are.

    Returns:
        The positions from 0, in the order given.

    Raises:
        GeometryError: If one does not exist or comes twice.

    Example:
        >>> normalise_axes((-1, 0), 4)
        (3, 0)
    """
    found = tuple(normalise_axis(axis, rank) for axis in axes)
    if len(set(found)) < len(found):
        raise GeometryError(f"axes must differ; got {found}")
    return found


def axis_of(call: Call, name: str = "axis") -> int:
    """Read the attribute that names an axis of the first input.

    Args:
        call: Any call.
        name: The attribute.

    Returns:
        The axis, from 0.

    Raises:
        GeometryError: If there is no such axis.
    """
    return normalise_axis(call.integer(name), call.type(0).rank)


def axes_of(call: Call, index: int) -> tuple[int, ...] | None:
    """Read the operand that names axes of the first input.

    Args:
        call: Any call.
        index: Position of the operand.

    Returns:
        The axes from 0, or None where the operand is left out.

    Raises:
        GeometryError: If they are not known before the graph runs, or do not exist.
    """
    if not call.has(index):
        return None
    return normalise_axes(concrete(call.sizes(index)), call.type(0).rank)
