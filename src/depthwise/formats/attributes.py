"""Attributes of nodes: between ONNX's messages and plain values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from depthwise.errors import FormatError, UnsupportedOperatorError
from depthwise.formats.messages import AttributeMessage, Entry, NodeMessage
from depthwise.formats.tensors import Array, to_array
from depthwise.formats.wire import to_text
from depthwise.graph import Attribute

Value: TypeAlias = Attribute | Array

_REAL, _INTEGER, _TEXT, _TENSOR, _REALS, _INTEGERS, _TEXTS = 1, 2, 3, 4, 6, 7, 8
EXACT_PREFIX = "depthwise.exact."
"""Metadata of a node: a real attribute in double precision, under its name."""

_LARGEST = float(np.finfo(np.float32).max)

_READERS: Mapping[int, Callable[[AttributeMessage], Any]] = {
    _REAL: lambda a: shortest(0.0 if a.real is None else a.real),
    _INTEGER: lambda a: a.integer or 0,
    _TEXT: lambda a: to_text(a.text or b""),
    _TENSOR: lambda a: None if a.tensor is None else to_array(a.tensor),
    _REALS: lambda a: tuple(map(shortest, a.reals)),
    _INTEGERS: lambda a: tuple(a.integers),
    _TEXTS: lambda a: tuple(map(to_text, a.texts)),
}


def shortest(value: float) -> float:
    """Undo the rounding of a decimal number to float32.

    Args:
        value: A number that float32 holds exactly.

    Returns:
        The number with the fewest digits that float32 rounds to the same value: what
        the author of the network wrote.

    Example:
        >>> shortest(9.999999747378752e-06)
        1e-05
    """
    return float(str(np.float32(value)))


def read_attributes(node: NodeMessage) -> dict[str, Value]:
    """Read the attributes of a node.

    Args:
        node: The message.

    Returns:
        Values by name.

    Raises:
        UnsupportedOperatorError: If one is a subgraph.
        FormatError: If one is damaged, of another type, or given twice.
    """
    values: dict[str, Value] = {}
    for attribute in node.attributes:
        where = f"{attribute.name!r} of {node.name or node.op}"
        if attribute.graph is not None or attribute.graphs:
            msg = f"operators with subgraphs are not in the table; got {node.op!r}"
            raise UnsupportedOperatorError(f"{msg} at {node.name or node.outputs}")
        reader = _READERS.get(attribute.type or _guess(attribute))
        value = reader(attribute) if reader else None
        if value is None or attribute.reference:
            raise FormatError(f"attribute {where} must be a number, text or an array")
        if attribute.name in values:
            raise FormatError(f"an attribute is given once; got {where} again")
        values[attribute.name] = value
    for entry in node.metadata:
        if entry.key.startswith(EXACT_PREFIX):
            _restore(values, entry.key.removeprefix(EXACT_PREFIX), entry.value)
    return values


def _restore(values: dict[str, Value], name: str, text: str) -> None:
    """Take a number in double precision, if it is the one that was rounded."""
    rounded = values.get(name)
    try:
        exact = float(text)
    except ValueError:
        return
    if isinstance(rounded, float) and np.float32(exact) == np.float32(rounded):
        values[name] = exact


def exact_entries(attributes: Mapping[str, Attribute]) -> list[Entry]:
    """Keep the digits that float32 loses, such as those of 1/6.

    Args:
        attributes: Those of a node of a graph.

    Returns:
        Metadata for the node; none for numbers that survive without.

    Example:
        >>> exact_entries({"alpha": 1 / 6, "beta": 0.5})
        [Entry(key='depthwise.exact.alpha', value='0.16666666666666666')]
    """
    reals = {k: v for k, v in attributes.items() if isinstance(v, float)}
    return [
        Entry(EXACT_PREFIX + name, repr(value))
        for name, value in reals.items()
        if math.isfinite(value) and shortest(value) != value
    ]


def _guess(attribute: AttributeMessage) -> int:
    """Find the type that files from before the type field leave out."""
    found = {
        _REAL: attribute.real is not None,
        _INTEGER: attribute.integer is not None,
        _TEXT: attribute.text is not None,
        _TENSOR: attribute.tensor is not None,
        _REALS: bool(attribute.reals),
        _INTEGERS: bool(attribute.integers),
        _TEXTS: bool(attribute.texts),
    }
    kinds = [kind for kind, there in found.items() if there]
    return kinds[0] if len(kinds) == 1 else 0


def write_attribute(name: str, value: Attribute) -> AttributeMessage:
    """Write one attribute.

    Args:
        name: Its name.
        value: A number, text, or several of one kind; real numbers are stored as
            float32, as ONNX demands.

    Returns:
        The message.

    Raises:
        FormatError: If it is something else.

    Example:
        >>> write_attribute("strides", (2, 2)).integers
        (2, 2)
    """
    if isinstance(value, bool | int):
        return AttributeMessage(name, integer=int(value), type=_INTEGER)
    if isinstance(value, float):
        return AttributeMessage(name, real=_single(name, value), type=_REAL)
    if isinstance(value, str):
        return AttributeMessage(name, text=value.encode(), type=_TEXT)
    if all(isinstance(v, int) for v in value):
        whole = tuple(int(v) for v in value)
        return AttributeMessage(name, integers=whole, type=_INTEGERS)
    if all(isinstance(v, int | float) for v in value):
        numbers = tuple(_single(name, float(v)) for v in value)
        return AttributeMessage(name, reals=numbers, type=_REALS)
    if all(isinstance(v, str) for v in value):
        texts = tuple(str(v).encode() for v in value)
        return AttributeMessage(name, texts=texts, type=_TEXTS)
    raise FormatError(f"an attribute must be numbers or text; got {name}={value!r}")


def _single(name: str, value: float) -> float:
    if math.isfinite(value) and abs(value) > _LARGEST:
        msg = f"ONNX stores real attributes as float32; got {name}={value}"
        raise FormatError(msg)
    return value
