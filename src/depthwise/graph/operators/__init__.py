"""The operator table: one entry each with shape rule, counts and reference."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from depthwise.errors import GraphError, UnsupportedOperatorError
from depthwise.graph.node import Node
from depthwise.graph.operators import (
    activation,
    convolution,
    einsum,
    elementwise,
    indexing,
    linear,
    normalization,
    padding,
    pooling,
    recurrent,
    reduction,
    reshaping,
    resize,
    scattering,
    sizes,
    transposed,
    unary,
)
from depthwise.graph.operators.operator import Call, Macs, Operator
from depthwise.graph.shapes import TensorType

__all__ = ["OPERATORS", "Call", "Macs", "Operator", "call_of", "operator_of"]

_FAMILIES = (
    convolution,
    transposed,
    linear,
    einsum,
    normalization,
    activation,
    pooling,
    padding,
    elementwise,
    unary,
    reduction,
    reshaping,
    indexing,
    scattering,
    resize,
    sizes,
    recurrent,
)

_ANY = 2**31
"""Most inputs of an operator that takes any number of them, all of which it needs."""

OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {entry.name: entry for family in _FAMILIES for entry in family.OPERATORS},
)
"""Every operator that depthwise knows, by ONNX name."""


def operator_of(node: Node) -> Operator:
    """Look a node's operator up.

    Args:
        node: Any node.

    Returns:
        Its table entry.

    Raises:
        UnsupportedOperatorError: If there is none; it names the node.
        GraphError: If the node has attributes, inputs or outputs that the entry lacks.

    Example:
        >>> operator_of(Node("Relu", ("x",), ("y",))).name
        'Relu'
    """
    entry = OPERATORS.get(node.op)
    if entry is None:
        where = node.name or ", ".join(node.outputs)
        msg = f"operators must be in the table; got {node.op!r} at {where}"
        raise UnsupportedOperatorError(
            msg, f"supported: {', '.join(sorted(OPERATORS))}"
        )
    unknown = sorted(set(node.attributes) - set(entry.attributes))
    if unknown:
        msg = f"{node.op} has no attribute {unknown[0]!r}; it has {[*entry.attributes]}"
        raise GraphError(msg)
    for name, words in entry.choices.items():
        value = node.attributes.get(name, entry.attributes[name])
        if value not in words:
            msg = f"{name} of {node.op} must be one of {words}; got {value!r}"
            raise GraphError(msg)
    for what, bounds, got in (
        ("inputs", entry.inputs, len(node.inputs)),
        ("outputs", entry.outputs, len(node.outputs)),
    ):
        low, high = bounds
        if not low <= got <= high:
            msg = f"{node.op} takes {low} to {high} {what}; got {got} at {node.name!r}"
            raise GraphError(msg)
    low, high = entry.inputs
    if "" in (node.inputs if high >= _ANY else node.inputs[:low]):
        where = node.name or ", ".join(node.outputs)
        msg = f"inputs of {node.op} that it needs have names; got none at {where!r}"
        raise GraphError(msg)
    return entry


def call_of(
    node: Node,
    types: Mapping[str, TensorType],
    constants: Mapping[str, NDArray[np.generic]],
) -> Call:
    """Prepare a node for the rules of its operator.

    Args:
        node: Any node.
        types: Types of at least its inputs; outputs are taken where they are known.
        constants: The graph's constants.

    Returns:
        The call.

    Raises:
        UnsupportedOperatorError: If the operator is not in the table.
        GraphError: If element types are not what the operator takes.

    Example:
        >>> relu = Node("Relu", ("x",), ("y",))
        >>> call_of(relu, {"x": TensorType("float32", (2,))}, {}).shape()
        (2,)
    """
    entry = operator_of(node)
    inputs = tuple(types[name] if name else None for name in node.inputs)
    _check_types(entry, inputs)
    arrays = tuple(constants.get(name) if name else None for name in node.inputs)
    outputs = tuple(types[name] for name in node.outputs if name in types)
    return Call(entry, node, inputs, arrays, outputs)


_LETTERS = {"F": "f", "I": "iu", "B": "b", "A": "fiubU"}


def _check_types(entry: Operator, inputs: tuple[TensorType | None, ...]) -> None:
    """Compare element types with the signature of the operator."""
    first: str | None = None
    for index, kind in enumerate(inputs):
        if kind is None:
            continue
        letter = entry.signature[min(index, len(entry.signature) - 1)]
        wanted = entry.kinds if letter == "T" else _LETTERS[letter]
        if _KINDS[kind.dtype] not in wanted:
            msg = f"input {index} of {entry.name} cannot be {kind.dtype}"
            raise GraphError(msg)
        if letter == "T":
            first = first or kind.dtype
            if kind.dtype != first:
                msg = f"{entry.name} takes one type; got {first} and {kind.dtype}"
                raise GraphError(msg)


_KINDS = {
    **{f"int{bits}": "i" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": "u" for bits in (8, 16, 32, 64)},
    **{f"float{bits}": "f" for bits in (16, 32, 64)},
    "bool": "b",
}
