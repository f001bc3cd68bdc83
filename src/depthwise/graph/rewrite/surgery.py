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
    """Give a graph other nodes, and drop what nobody reads any more.

    Args:
        graph: Where the rest comes from.
        nodes: All nodes of the result, in topological order.
        constants: Constants to add or to replace.
        parameters: Names of added constants that training changes.

    Returns:
        The new graph, without nodes and constants that no output depends on; names
        of parameters that stay keep their part.

    Example:
        >>> from depthwise.graph import Input, TensorType
        >>> x = Input("x", TensorType("float32", (4,)))
        >>> unread = Node("Relu", ("x",), ("y",))
        >>> len(rebuilt(Graph("tiny", (x,), ("x",), ()), [unread]).nodes)
        0
    """
    read = set(graph.outputs)
    kept = []
    for node in reversed(list(nodes)):
        if read.intersection(node.outputs):
            kept.append(node)
            read.update(node.inputs)
    merged = {**graph.constants, **(constants or {})}
    merged = {name: array for name, array in merged.items() if name in read}
    trained = (graph.parameters | set(parameters)) & set(merged)
    return replace(
        graph,
        nodes=tuple(reversed(kept)),
        constants=merged,
        parameters=frozenset(trained),
    )


def bypassed(graph: Graph, values: Mapping[str, str]) -> Graph:
    """Let readers of some values read others instead, and drop what falls away.

    A value that is an output of the graph keeps its name: the node that computes
    its replacement takes that name over. Where this cannot be, as the replacement is
    an input, a constant or another output, nothing changes for that value.

    Args:
        graph: Any graph.
        values: A value to the equal one that is to be read in its place.

    Returns:
        The new graph.

    Example:
        >>> from depthwise.graph import Input, TensorType
        >>> x = Input("x", TensorType("float32", (4,)))
        >>> nodes = (Node("Relu", ("x",), ("r",)), Node("Identity", ("r",), ("y",)))
        >>> print(bypassed(Graph("tiny", (x,), ("y",), nodes), {"y": "r"}))
        graph tiny(x: float32[4]) -> y
          y: float32[4] = Relu(x)
    """
    chosen = {old: new for old, new in values.items() if old not in graph.outputs}
    taken: dict[str, str] = {}
    for name in graph.outputs:
        source = _final(chosen, values.get(name, name))
        free = source in graph.producers and source not in graph.outputs
        if name in values and free and source not in taken:
            taken[source] = name
    replaced = {*chosen, *taken.values()}
    wanted = {*graph.consumers, *graph.outputs} - replaced
    nodes = (
        node
        for node in graph.nodes
        if wanted.intersection(node.outputs) or not replaced.intersection(node.outputs)
    )
    names = {**chosen, **taken}
    return rebuilt(graph, (_renamed_outputs(n, taken) for n in renamed(nodes, names)))


def _renamed_outputs(node: Node, names: Mapping[str, str]) -> Node:
    if not any(name in names for name in node.outputs):
        return node
    return replace(node, outputs=tuple(names.get(name, name) for name in node.outputs))


def _final(names: Mapping[str, str], name: str) -> str:
    while name in names:
        name = names[name]
    return name


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
    return tuple(
        replace(node, inputs=tuple(_final(names, name) for name in node.inputs))
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
