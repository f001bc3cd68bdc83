"""Memory of activations, node by node, if each lives as briefly as it can."""

from __future__ import annotations

from collections.abc import Mapping

from depthwise.graph import OPERATORS, Graph
from depthwise.graph.operators.traffic import bytes_of

_OVERWRITING = {
    "Abs",
    "Add",
    "BatchNormalization",
    "Clip",
    "Div",
    "Dropout",
    "Elu",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "LeakyRelu",
    "Mul",
    "Neg",
    "PRelu",
    "Relu",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Sub",
    "Tanh",
}
"""Operators whose result can take the place of an operand that is read no more."""


def memory_over_time(
    graph: Graph, *, sizes: Mapping[str, int] | None = None, in_place: bool = False
) -> tuple[int, ...]:
    """Find the bytes of activations that are alive while each node runs.

    A value is alive from the node that writes it to the last that reads it; the
    network's inputs from the start, its results to the end. Views take no memory of
    their own, and keep alive what they look at. Weights are not counted.

    Args:
        graph: A graph whose batch is bound.
        sizes: Bytes of values by name, where a runtime lays them out with more than
            their elements.
        in_place: Whether element-wise nodes write over an operand that no later node
            reads.

    Returns:
        Bytes, one number a node.

    Example:
        >>> from depthwise.graph import Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (1, 4)))
        >>> nodes = Node("Relu", ("x",), ("y",)), Node("Tanh", ("y",), ("z",))
        >>> memory_over_time(Graph("g", (x,), ("z",), nodes))
        (32, 32)
    """
    owners = _owners(graph, in_place=in_place)
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
    spans: dict[str, int] = {}
    for name, owner in owners.items():
        size = (sizes or {}).get(name, bytes_of(graph.types[name]))
        spans[owner] = max(size, spans.get(owner, 0))
    change = [0] * (steps + 1)
    for name, first in born.items():
        change[first] += spans[name]
        change[last[name] + 1] -= spans[name]
    return _running(change[:-1])


def _owners(graph: Graph, *, in_place: bool) -> Mapping[str, str]:
    """Name, for every value that is no constant, the value whose memory it is in."""
    owners = {given.name: given.name for given in graph.inputs}
    held = set(owners)
    reads = {
        name: step for step, node in enumerate(graph.nodes) for name in node.inputs
    }
    reads.update(dict.fromkeys(graph.outputs, len(graph.nodes)))
    for step, node in enumerate(graph.nodes):
        entry = OPERATORS.get(node.op)
        sources = [name for name in node.inputs[:1] if name in owners]
        if entry is None or entry.moves_data:
            free = in_place and node.op in _OVERWRITING
            sources = [
                name
                for name in node.inputs
                if free and name in owners and owners[name] not in held
                if graph.types[name] == graph.types[node.outputs[0]]
                if max(reads.get(n, 0) for n in owners if owners[n] == owners[name])
                == step
            ]
        for name in filter(None, node.outputs):
            owners[name] = owners[sources[0]] if sources else name
    return owners


def _running(changes: list[int]) -> tuple[int, ...]:
    total, result = 0, []
    for change in changes:
        total += change
        result.append(total)
    return tuple(result)
