"""The type of a row: a call and its operands to its results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from depthwise.errors import GraphError
from depthwise.graph import Call
from depthwise.graph.shapes import concrete

Tensors: TypeAlias = tuple[Any, ...]
"""Operands or results: ``torch.Tensor``, or ``fx.Proxy`` while a module is rebuilt."""

Function: TypeAlias = Callable[[Call, Tensors], Tensors]


def operand(tensors: Tensors, index: int) -> Any:
    """Take an optional operand.

    Args:
        tensors: All operands.
        index: Which one.

    Returns:
        It, or None where it is left out.

    Example:
        >>> operand((1, 2), 2) is None
        True
    """
    return tensors[index] if index < len(tensors) else None


def known(call: Call, index: int) -> tuple[int, ...]:
    """Take the elements of an integer operand that decides sizes or axes.

    Args:
        call: The call.
        index: Which operand.

    Returns:
        Its elements.

    Raises:
        GraphError: If they are computed, or depend on the batch.
    """
    content = call.content(index)
    if content is None:
        msg = f"{call.node.op} needs constant sizes or axes; got a computed value"
        raise GraphError(msg)
    return concrete(content)
