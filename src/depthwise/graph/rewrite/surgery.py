"""What every rewrite needs: new nodes and constants in, what is unread out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from depthwise.graph.graph import Graph
from depthwise.graph.node import Node


def rebuilt(
    graph: Graph,
    nodes: Iterable[Node],
    constants: Mapping[str, NDArray[Any]] | None = None,
    parameters: Iterable[str] = (),
) -> Graph:
    """Give a graph other nodes, and drop the constants that nobody reads any more.

    Args:
        graph: Where the rest comes from.
        nodes: All nodes of the result, in topological order.
        constants: Constants to add or to replace.
        parameters: Names of added constants that training changes.

    Returns:
        The new graph; names of parameters that stay keep their part.

    Example:
        >>> from depthwise.graph import Input, TensorType
        >>> x = Input("x", TensorType("float32", (4,)))
        >>> len(rebuilt(Graph("tiny", (x,), ("x",), ()), ()).nodes)
        0
    """
    kept = tuple(nodes)
    read = {name for node in kept for name in node.inputs} | set(graph.outputs)
    merged = {**graph.constants, **(constants or {})}
    merged = {name: array for name, array in merged.items() if name in read}
    trained = (graph.parameters | set(parameters)) & set(merged)
    return replace(graph, nodes=kept, constants=merged, parameters=frozenset(trained))


def renamed(nodes: Iterable[Node], names: Mapping[str, str]) -> tuple[Node, ...]:
    """Let nodes read other values.

    Args:
        nodes: Any nodes.
        names: Old name to new name; chains are followed to their end.

    Returns:
        The nodes, in the same order.

    Example:
        >>> print(renamed([Node("Relu", ("a",), ("y",))], {"a": "b", "b": "c"})[0])
        y = Relu(c)
    """

    def final(name: str) -> str:
        while name in names:
            name = names[name]
        return name

    return tuple(
        replace(node, inputs=tuple(final(name) for name in node.inputs))
        if any(name in names for name in node.inputs)
        else node
        for node in nodes
    )


def unused_name(graph: Graph, wanted: str, taken: Iterable[str] = ()) -> str:
    """Find a value name that the graph does not use yet.

    Args:
        graph: Any graph.
        wanted: The name to start from.
        taken: More names that are not free.

    Returns:
        The name itself, or with a number behind it.

    Example:
        >>> from depthwise.graph import Input, TensorType
        >>> x = Input("x", TensorType("float32", (4,)))
        >>> unused_name(Graph("tiny", (x,), ("x",), ()), "x")
        'x.2'
    """
    used = {*graph.constants, *graph.producers, *taken}
    used |= {i.name for i in graph.inputs}
    name, number = wanted, 2
    while name in used:
        name, number = f"{wanted}.{number}", number + 1
    return name
