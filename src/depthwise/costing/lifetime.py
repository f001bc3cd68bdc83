"""Memory of activations, node by node, if each lives as briefly as it can."""

from __future__ import annotations

from collections.abc import Mapping

from depthwise.graph import OPERATORS, Graph
from depthwise.graph.operators.traffic import bytes_of


def memory_over_time(graph: Graph) -> tuple[int, ...]:
    """Find the bytes of activations that are alive while each node runs.

    A value is alive from the node that writes it to the last that reads it; the
    network's inputs from the start, its results to the end. Views take no memory of
    their own, and keep alive what they look at. Weights are not counted.

    Args:
        graph: A graph whose batch is bound.

    Returns:
        Bytes, one number a node.

    Example:
        >>> from depthwise.graph import Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (1, 4)))
        >>> nodes = Node("Relu", ("x",), ("y",)), Node("Tanh", ("y",), ("z",))
        >>> memory_over_time(Graph("g", (x,), ("z",), nodes))
        (32, 32)
    """
    owners = _owners(graph)
    steps = len(graph.nodes)
    born = {owners[given.name]: 0 for given in graph.inputs}
    last = dict(born)
    for step, node in enumerate(graph.nodes):
        for name in filter(None, node.outputs):
            born.setdefault(owners[name], step)
            last[owners[name]] = max(step, last.get(owners[name], 0))
        for name in filter(None, node.inputs):
            if name in owners:
                last[owners[name]] = step
    last.update({owners[name]: steps - 1 for name in graph.outputs if name in owners})
    change = [0] * (steps + 1)
    for name, first in born.items():
        size = bytes_of(graph.types[name])
        change[first] += size
        change[last[name] + 1] -= size
    return _running(change[:-1])


def _owners(graph: Graph) -> Mapping[str, str]:
    """Name, for every value that is no constant, the value whose memory it is in."""
    owners = {given.name: given.name for given in graph.inputs}
    for node in graph.nodes:
        entry = OPERATORS.get(node.op)
        source = node.inputs[0] if node.inputs else ""
        views = entry is not None and not entry.moves_data and source in owners
        for name in filter(None, node.outputs):
            owners[name] = owners[source] if views else name
    return owners


def _running(changes: list[int]) -> tuple[int, ...]:
    total, result = 0, []
    for change in changes:
        total += change
        result.append(total)
    return tuple(result)
