"""Types of values: every operator's shape rule, applied in order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from depthwise.errors import DepthwiseError
from depthwise.graph.node import Node
from depthwise.graph.operators import Call, Operator, call_of
from depthwise.graph.operators.operator import no_macs
from depthwise.graph.shapes import Batch, TensorType, concrete

_FEW = (8, 64)
"""Elements that are tracked at most: of floats, and of integers, which may be sizes."""


_DEAR = frozenset({"LRN", "Pad", "Resize"})
"""Operators whose work grows with their attributes, beside windows and products."""


class NamedType(Protocol):
    """A name with a type: an input of a graph."""

    @property
    def name(self) -> str:
        """The value's name."""

    @property
    def type(self) -> TensorType:
        """The value's type."""


def type_of(array: NDArray[np.generic]) -> TensorType:
    """Describe an array as a value of a graph.

    Args:
        array: Any array; small ones keep their elements.

    Returns:
        Its type.

    Example:
        >>> type_of(np.array([0, -1])).content
        (0, -1)
    """
    few = array.ndim <= 1 and array.size <= _FEW[array.dtype.kind in "iu"]
    content = tuple(np.ravel(array).tolist()) if few else None
    return TensorType(array.dtype.name, tuple(array.shape), content)


def infer_types(
    inputs: Iterable[NamedType],
    nodes: Iterable[Node],
    constants: Mapping[str, NDArray[np.generic]],
) -> dict[str, TensorType]:
    """Find the type of every value.

    Args:
        inputs: What the caller supplies, with types.
        nodes: In topological order.
        constants: Arrays by name.

    Returns:
        A type for every name.

    Raises:
        GraphError: If an operator is unknown.
        GeometryError: If shapes do not fit; the message names the node.

    Example:
        >>> relu = Node("Relu", ("x",), ("y",))
        >>> print(infer_types((), [relu], {"x": np.zeros(3, "float32")})["y"])
        float32[3]
    """
    types = {i.name: i.type for i in inputs}
    types |= {name: type_of(array) for name, array in constants.items()}
    for node in nodes:
        types.update(infer_node(node, types, constants))
    return types


def infer_node(
    node: Node,
    types: Mapping[str, TensorType],
    constants: Mapping[str, NDArray[np.generic]],
) -> dict[str, TensorType]:
    """Find the types of what one node defines.

    Args:
        node: Any node.
        types: Types of at least its inputs.
        constants: The graph's constants.

    Returns:
        A type for every named output.

    Raises:
        GraphError: If the operator is unknown.
        GeometryError: If shapes do not fit; the message names the node.

    Example:
        >>> relu = Node("Relu", ("x",), ("y",))
        >>> print(infer_node(relu, {"x": TensorType("float32", (3,))}, {})["y"])
        float32[3]
    """
    call = call_of(node, types, constants)
    try:
        results = with_content(call, call.operator.infer(call))
    except DepthwiseError as error:
        where = f"{node.name or node.outputs[0]} ({node.op})"
        raise type(error)(f"{where}: {error.message}", error.hint) from error
    return {n: t for n, t in zip(node.outputs, results, strict=False) if n}


def is_cheap(operator: Operator) -> bool:
    """Tell whether an operator may be computed before anything runs.

    Args:
        operator: An entry of the table.

    Returns:
        True if its cost is that of reading operands and writing results, whatever its
        attributes say; a window or a pad can need any amount of memory for either.

    Example:
        >>> from depthwise.graph.operators import OPERATORS
        >>> is_cheap(OPERATORS["Concat"]), is_cheap(OPERATORS["MaxPool"])
        (True, False)
    """
    plain = operator.macs is no_macs and "pads" not in operator.attributes
    return plain and operator.name not in _DEAR


def with_content(call: Call, results: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
    """Add the elements of results that follow from known elements of operands.

    Sizes are computed in a graph by Shape, Gather, Mul, Concat and the like: such
    chains are evaluated here by the operators' own references, N included.

    Args:
        call: A call without outputs.
        results: What its shape rule found.

    Returns:
        The results, with content where all operands have it.
    """
    known = [kind.content for kind in call.inputs if kind is not None]
    if not is_cheap(call.operator):
        return results
    if None in known or results[0].content is not None:
        return results
    if any(_too_many(result) for result in results):
        return results
    symbolic = any(isinstance(e, Batch) for c in known for e in c or ())
    if symbolic and not call.operator.symbolic:
        return results
    arrays = tuple(_array(kind, symbolic=symbolic) for kind in call.inputs)
    try:
        found = call.operator.reference(call, arrays)
    except (DepthwiseError, ArithmeticError, LookupError, TypeError, ValueError):
        return results
    return tuple(
        replace(kind, content=tuple(array.reshape(-1).tolist()))
        for kind, array in zip(results, found, strict=False)
    )


def _too_many(kind: TensorType) -> bool:
    if any(isinstance(dim, Batch) for dim in kind.shape):
        return True
    return math.prod(concrete(kind.shape)) > _FEW[1]


def _array(kind: TensorType | None, *, symbolic: bool) -> Any:
    if kind is None or kind.content is None:
        return None
    sizes = any(isinstance(e, Batch) for e in kind.content)
    array = np.empty(len(kind.content), object if symbolic and sizes else kind.dtype)
    array[:] = kind.content
    return array.reshape(concrete(kind.shape))
