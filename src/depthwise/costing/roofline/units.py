"""What runs as one: layers, with the activations and arithmetic that follow them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from depthwise.costing.counting import CostReport
from depthwise.costing.kinds import Kind
from depthwise.costing.layer import LayerCost
from depthwise.graph import OPERATORS, Graph, Node
from depthwise.graph.operators.traffic import bytes_of

_FOLLOWERS = frozenset(
    {"Add", "BatchNormalization", "Clip", "Div", "Elu", "Erf", "HardSigmoid"}
    | {"HardSwish", "LeakyRelu", "Mul", "PRelu", "Relu", "Sigmoid", "Sub", "Tanh"}
)
"""Operators that work element by element on what the layer before them writes."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Nodes that run as one; what passes between them stays in registers or L1.

    Args:
        name: Of the first node that multiplies, or of the first at all.
        layers: Their costs, in order.
        input_bytes: Bytes of activations read from outside.
        output_bytes: Bytes that are read outside.
        weight_bytes: Bytes of constants.

    Example:
        >>> Unit("relu", (), 4096, 4096, 0).macs
        0
    """

    name: str
    layers: tuple[LayerCost, ...]
    input_bytes: int
    output_bytes: int
    weight_bytes: int

    @property
    def macs(self) -> int:
        """Forward multiply-accumulates."""
        return sum(layer.macs for layer in self.layers)

    @property
    def moved_bytes(self) -> int:
        """Bytes read and written, each operand once."""
        return self.input_bytes + self.output_bytes + self.weight_bytes

    @property
    def kind(self) -> str:
        """The kinds of its layers, such as "depthwise" or "depthwise+pointwise"."""
        kinds = (layer.kind for layer in self.layers if layer.kind is not Kind.OTHER)
        return "+".join(dict.fromkeys(kinds)) or str(Kind.OTHER)

    @property
    def intensity(self) -> float:
        """Operations, two a multiply-accumulate, for each byte moved."""
        return 2 * self.macs / self.moved_bytes if self.moved_bytes else 0.0


def units_of(
    graph: Graph, report: CostReport, groups: Iterable[Sequence[str]] = ()
) -> tuple[Unit, ...]:
    """Put the layers of a network together that run as one.

    Args:
        graph: The network, its batch bound as it was counted.
        report: Its counts.
        groups: Names of nodes that an engine runs as one, if it is known. A node that
            is in none follows the layer whose result it changes, element by element.

    Returns:
        The units in the order of their first nodes; each node is in one of them.

    Example:
        >>> from depthwise.costing.counting import count
        >>> from depthwise.graph import Input, TensorType
        >>> x = Input("x", TensorType("float32", (1, 4)))
        >>> nodes = Node("Relu", ("x",), ("y",)), Node("Tanh", ("y",), ("z",))
        >>> graph = Graph("g", (x,), ("z",), nodes)
        >>> [unit.moved_bytes for unit in units_of(graph, count(graph))]
        [32]
    """
    stated = {name: i for i, group in enumerate(groups) for name in group}
    owner: dict[str, int] = {}
    members: dict[int, list[int]] = {}
    for number, node in enumerate(graph.nodes):
        name = node.name or node.outputs[0]
        home = stated.get(name)
        if home is None:
            home = _followed(graph, node, owner)
        if home is None:
            home = len(stated) + number
        members.setdefault(home, []).append(number)
        owner.update((value, home) for value in node.outputs if value)
    return tuple(_unit(graph, report, numbers) for numbers in members.values())


def _followed(graph: Graph, node: Node, owner: dict[str, int]) -> int | None:
    """Find the unit that a node belongs to; views belong to what they look at."""
    entry = OPERATORS.get(node.op)
    views = entry is not None and not entry.moves_data
    if not views and node.op not in _FOLLOWERS:
        return None
    size = graph.types[node.outputs[0]].shape
    homes = [
        owner[name]
        for name in node.inputs
        if name in owner and (views or graph.types[name].shape == size)
    ]
    return max(homes, default=None)


def _unit(graph: Graph, report: CostReport, numbers: Sequence[int]) -> Unit:
    nodes = [graph.nodes[number] for number in numbers]
    layers = tuple(report.layers[number] for number in numbers)
    made = {value for node in nodes for value in node.outputs if value}
    read = {value for node in nodes for value in node.inputs if value}
    own = {node.name or node.outputs[0] for node in nodes}
    leaving = [value for value in made if _is_read(graph, value, own)]
    arriving = read - made - set(graph.constants)
    working = [layer for layer in layers if layer.macs] or layers[:1]
    return Unit(
        working[0].name,
        layers,
        sum(bytes_of(graph.types[value]) for value in arriving),
        sum(bytes_of(graph.types[value]) for value in leaving),
        sum(layer.weight_bytes for layer in layers),
    )


def _is_read(graph: Graph, value: str, own: set[str]) -> bool:
    """Tell whether anyone but some nodes of one unit reads a value."""
    readers = graph.consumers.get(value, ())
    outside = any((node.name or node.outputs[0]) not in own for node in readers)
    return outside or value in graph.outputs
