"""Go from one convolution to the next, through norms, activations and gates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from depthwise.graph.graph import Graph
from depthwise.graph.node import Node
from depthwise.graph.operators.padding import pads_of
from depthwise.graph.patterns.parts import ACTIVATIONS, CONVOLUTIONS, NORMS, name_of
from depthwise.graph.patterns.structures import SqueezeExcite


@dataclass(frozen=True, slots=True)
class Link:
    """A convolution that a convolution leads to.

    Args:
        target: The second convolution.
        between: Norms, activations, products, pads and crops in between.
        gate: The gate in between, if there is one.

    Example:
        >>> Link(Node("Conv", ("x", "w"), ("y",)), (), None).is_linear
        True
    """

    target: Node
    between: tuple[Node, ...]
    gate: SqueezeExcite | None

    @property
    def is_linear(self) -> bool:
        """Whether only norms, zeros added and samples cut off lie in between."""
        plain = NORMS | {"Pad", "Slice"}
        return self.gate is None and all(node.op in plain for node in self.between)


def follow(graph: Graph, node: Node, gates: Mapping[str, SqueezeExcite]) -> Link | None:
    """Go through norms, activations and gates to the next convolution.

    Args:
        graph: Any graph.
        node: Where to start, a convolution.
        gates: The graph's gates by the name of their product.

    Returns:
        The next convolution, or None where the way forks or leads elsewhere.
    """
    between: list[Node] = []
    value, gate = node.outputs[0], None
    while True:
        step, passed = _next(graph, value, gates)
        if step is None:
            return None
        gate = passed or gate
        if step.op in CONVOLUTIONS:
            return Link(step, tuple(between), gate)
        between.append(step)
        value = step.outputs[0]


def _next(
    graph: Graph, value: str, gates: Mapping[str, SqueezeExcite]
) -> tuple[Node | None, SqueezeExcite | None]:
    readers = () if value in graph.outputs else graph.consumers.get(value, ())
    scale = _gated(readers, gates)
    if scale is not None:
        return scale, gates[name_of(scale)]
    if len(readers) != 1:
        return _swish(graph, readers), None
    return (readers[0] if _passes(graph, readers[0], value) else None), None


def _passes(graph: Graph, reader: Node, value: str) -> bool:
    """Whether a node takes a value on, channel by channel, or convolves it."""
    if reader.inputs[0] != value:
        return False
    if reader.op == "Pad":
        return pads_of(graph.call(reader))[1] == (0, 0)
    if reader.op == "Slice":
        axes = graph.call(reader).content(3)
        rank = graph.types[value].rank
        return axes is not None and not {0, 1, -rank, 1 - rank}.intersection(axes)
    return reader.op in NORMS | ACTIVATIONS | CONVOLUTIONS


def _gated(
    readers: tuple[Node, ...], gates: Mapping[str, SqueezeExcite]
) -> Node | None:
    """Find the product of a gate whose value and pooling are the only readers."""
    if len(readers) != 2:
        return None
    for pool, scale in (readers, readers[::-1]):
        gate = gates.get(name_of(scale))
        if gate is not None and gate.pool == name_of(pool):
            return scale
    return None


def _swish(graph: Graph, readers: tuple[Node, ...]) -> Node | None:
    """Find the product in x * activation(x), as SiLU is spelled."""
    if len(readers) != 2:
        return None
    for inner, product in (readers, readers[::-1]):
        alone = graph.consumers.get(inner.outputs[0]) == (product,)
        if alone and inner.op in ACTIVATIONS and product.op == "Mul":
            return product
    return None
