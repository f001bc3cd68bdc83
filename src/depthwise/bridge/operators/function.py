"""The type of a row: a call and its operands to its results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import torch

from depthwise.graph import Call
from depthwise.graph.shapes import concrete

Tensors: TypeAlias = tuple[Any, ...]
"""Operands or results: ``torch.Tensor``, or ``fx.Proxy`` while a module is rebuilt."""

Function: TypeAlias = Callable[[Call, Tensors], Tensors]

DTYPES = {
    "float32": torch.float32,
    "float64": torch.float64,
    "float16": torch.float16,
    "int8": torch.int8,
    "int16": torch.int16,
    "int32": torch.int32,
    "int64": torch.int64,
    "uint8": torch.uint8,
    "uint16": torch.uint16,
    "uint32": torch.uint32,
    "uint64": torch.uint64,
    "bool": torch.bool,
}
"""torch's element types by NumPy's names."""


def optional(tensors: Tensors, index: int) -> Any:
    """Take an optional operand.

    Args:
        tensors: All operands.
        index: Which one.

    Returns:
        It, or None where it is left out.

    Example:
        >>> optional((1, 2), 2) is None
        True
    """
    return tensors[index] if index < len(tensors) else None


def sizes(call: Call, tensors: Tensors, index: int) -> tuple[Any, ...]:
    """Take the elements of an integer operand that decides sizes or axes.

    Args:
        call: The call.
        tensors: All operands; while a module is rebuilt, sizes that depend on the
            batch come as a tuple in the operand's place.
        index: Which operand.

    Returns:
        Its elements.

    Raises:
        GeometryError: If they are computed by a module that is being rebuilt.
    """
    given = tensors[index]
    if isinstance(given, tuple):
        return given
    if isinstance(given, torch.Tensor) and call.content(index) is None:
        return tuple(int(number) for number in given.reshape(-1).tolist())
    return concrete(call.sizes(index))


def size_of(call: Call, axis: int, index: int = 0) -> int:
    """Take one size of an operand that must be known.

    Args:
        call: The call.
        axis: Which axis, negative from the back.
        index: Which operand.

    Returns:
        The size.
    """
    return concrete((call.shape(index)[axis],))[0]


def unary(function: Callable[[Any], Any]) -> Function:
    """Make a row of a function of one tensor.

    Args:
        function: From torch.

    Returns:
        The row.
    """

    def row(_call: Call, tensors: Tensors) -> Tensors:
        return (function(tensors[0]),)

    return row


def binary(function: Callable[[Any, Any], Any]) -> Function:
    """Make a row of a function of two tensors.

    Args:
        function: From torch, or an operator.

    Returns:
        The row.
    """

    def row(_call: Call, tensors: Tensors) -> Tensors:
        return (function(tensors[0], tensors[1]),)

    return row
