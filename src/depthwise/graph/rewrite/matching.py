"""Small questions that rewrites ask of a graph."""

from __future__ import annotations

from collections.abc import Iterator

from depthwise.graph.graph import Graph
from depthwise.graph.node import Node


def scalar_of(graph: Graph, name: str) -> float | None:
    """Read a constant of one element.

    Args:
        graph: Any graph.
        name: A value.

    Returns:
        The number, or None where the value is not a constant of one element.

    Example:
        >>> import numpy as np
        >>> from depthwise.graph import Input, TensorType
        >>> x = Input("x", TensorType("float32", (4,)))
        >>> scalar_of(Graph("t", (x,), ("x",), (), {"six": np.array(6.0)}), "six")
        6.0
    """
    array = graph.constants.get(name)
    if array is None or array.size != 1 or array.dtype.kind not in "fiu":
        return None
    return float(array.reshape(-1)[0])


def producer_of(graph: Graph, name: str, *ops: str) -> Node | None:
    """Find the node that computes a value, if it is of some operator.

    Args:
        graph: Any graph.
        name: A value.
        *ops: Operators that will do; none at all takes any.

    Returns:
        The node, or None.

    Example:
        >>> from depthwise.graph import Input, TensorType
        >>> x = Input("x", TensorType("float32", (4,)))
        >>> tiny = Graph("t", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> producer_of(tiny, "y", "Clip") is None
        True
    """
    node = graph.producers.get(name)
    return node if node is not None and (not ops or node.op in ops) else None


def operands(node: Node) -> Iterator[tuple[str, str]]:
    """List the two operands of a node in either order.

    Args:
        node: A node with two inputs.

    Returns:
        Both pairs.

    Example:
        >>> list(operands(Node("Mul", ("a", "b"), ("y",))))
        [('a', 'b'), ('b', 'a')]
    """
    first, second = node.inputs
    return iter(((first, second), (second, first)))


def sole_reader(graph: Graph, name: str) -> Node | None:
    """Find the one node that reads a value.

    Args:
        graph: Any graph.
        name: A value.

    Returns:
        The node; None where there is none, more than one, or the value is an output.

    Example:
        >>> from depthwise.graph import Input, TensorType
        >>> x = Input("x", TensorType("float32", (4,)))
        >>> tiny = Graph("t", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> print(sole_reader(tiny, "x"), sole_reader(tiny, "y"))
        y = Relu(x) None
    """
    readers = graph.consumers.get(name, ())
    if len(readers) != 1 or name in graph.outputs:
        return None
    return readers[0]
