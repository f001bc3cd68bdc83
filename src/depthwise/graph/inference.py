"""Types of values: every operator's shape rule, applied in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from depthwise.errors import DepthwiseError
from depthwise.graph.node import Node
from depthwise.graph.operators import call_of
from depthwise.graph.shapes import TensorType

_KNOWN_ELEMENTS = 64
"""Integer constants up to this size may be sizes, so their elements are tracked."""


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
        array: Any array; small integer ones keep their elements.

    Returns:
        Its type.

    Example:
        >>> type_of(np.array([0, -1])).content
        (0, -1)
    """
    small = (
        array.dtype.kind == "i" and array.ndim <= 1 and array.size <= _KNOWN_ELEMENTS
    )
    content = tuple(int(v) for v in np.ravel(array)) if small else None
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
        call = call_of(node, types, constants)
        try:
            results = call.operator.infer(call)
        except DepthwiseError as error:
            where = f"{node.name or node.outputs[0]} ({node.op})"
            raise type(error)(f"{where}: {error.message}", error.hint) from error
        types.update(
            {n: t for n, t in zip(node.outputs, results, strict=False) if n},
        )
    return types
