"""A graph as stages: one operator each, with what follows it in the same registers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from depthwise.engine.idioms import recognise
from depthwise.engine.kernels.chain import BINARY, UNARY, Link
from depthwise.graph import Call, Graph, Node, call_of
from depthwise.graph.shapes import concrete

_INFINITY = float("inf")
ALIASES = frozenset({"Identity", "Dropout"})
"""Operators that pass a value on."""


@dataclass(frozen=True)
class Stage:
    """One operator and the chain that is applied to its result.

    Args:
        call: The operator with its attributes and types.
        chain: Links; operand i is ``operands[i]``.
        operands: Names of the values that links read.
        output: The value that the last link defines.
        nodes: Names of all nodes.
    """

    call: Call
    chain: tuple[Link, ...]
    operands: tuple[str, ...]
    output: str
    nodes: tuple[str, ...]

    @property
    def node(self) -> Node:
        """The operator's node."""
        return self.call.node

    @property
    def op(self) -> str:
        """The operator's name."""
        return self.call.node.op


@dataclass
class _Growing:
    links: list[Link]
    operands: list[str]
    output: str
    nodes: list[str]


def stages_of(graph: Graph) -> tuple[Stage, ...]:
    """Group a graph's nodes into stages, in an order in which they can run.

    A stage runs where its last node stood, so that whatever its links read is there.

    Args:
        graph: Without the symbol N, and without nodes on constants alone.

    Returns:
        The stages.
    """
    position = {id(node): index for index, node in enumerate(graph.nodes)}
    taken: set[int] = set()
    placed: list[tuple[int, Stage]] = []
    for node in graph.nodes:
        if id(node) in taken:
            continue
        call = call_of(node, graph.types, graph.constants)
        grown = _Growing([], [], node.outputs[0], [_label(node)])
        last = node
        own = unary_link(call)
        if own is not None:
            grown.links.append(own)
        if own is not None or node.op in CHAINABLE:
            last = _grow(graph, grown, taken) or last
        stage = Stage(
            call,
            tuple(grown.links),
            tuple(grown.operands),
            grown.output,
            tuple(grown.nodes),
        )
        placed.append((position[id(last)], stage))
    return tuple(stage for _, stage in sorted(placed, key=lambda item: item[0]))


def _grow(graph: Graph, grown: _Growing, taken: set[int]) -> Node | None:
    """Absorb what follows, as long as it can; return the last node."""
    last: Node | None = None
    while True:
        idiom = recognise(graph, grown.output)
        if idiom is not None:
            grown.links.append(idiom.link)
            grown.output = idiom.output
            grown.nodes += [_label(node) for node in idiom.nodes]
            taken.update(id(node) for node in idiom.nodes)
            last = idiom.nodes[-1]
            continue
        reader = _only_reader(graph, grown.output)
        if reader is None or id(reader) in taken:
            return last
        if not _absorb(graph, grown, reader):
            return last
        taken.add(id(reader))
        last = reader


CHAINABLE = frozenset(
    {
        "Conv",
        "Gemm",
        "MatMul",
        "BatchNormalization",
        *BINARY,
    }
)
"""Operators whose kernels can go on with a result while it is in a register."""


def _label(node: Node) -> str:
    return node.name or node.outputs[0]


def _only_reader(graph: Graph, name: str) -> Node | None:
    readers = graph.consumers.get(name, ())
    if len(readers) != 1 or name in graph.outputs:
        return None
    return readers[0] if list(readers[0].inputs).count(name) == 1 else None


def _absorb(graph: Graph, grown: _Growing, node: Node) -> bool:
    """Let a stage go on with a node, if the node keeps the shape of the value."""
    value, out = grown.output, node.outputs[0]
    if graph.types[value].shape != graph.types[out].shape:
        return False
    if node.op not in ALIASES:
        call = call_of(node, graph.types, graph.constants)
        link = unary_link(call) if node.inputs[0] == value else None
        if link is None and node.op in BINARY and len(node.inputs) == 2:
            link = _binary_link(graph, grown, node)
        if link is None:
            return False
        grown.links.append(link)
    grown.output = out
    grown.nodes.append(_label(node))
    return True


def _binary_link(graph: Graph, grown: _Growing, node: Node) -> Link | None:
    swapped = node.inputs[1] == grown.output
    other = node.inputs[0] if swapped else node.inputs[1]
    array = graph.constants.get(other)
    if array is not None and array.size == 1:
        number = float(np.asarray(array).ravel()[0])
        return Link(node.op, (number,), swapped=swapped)
    if not _fits(graph, grown.output, other):
        return None
    grown.operands.append(other)
    return Link(node.op, (), len(grown.operands) - 1, swapped)


def _fits(graph: Graph, value: str, other: str) -> bool:
    """Whether an operand is like the value: the same shape, or one number a channel."""
    shape = concrete(graph.types[value].shape)
    theirs = concrete(graph.types[other].shape)
    if theirs == shape:
        return True
    if len(shape) < 3:
        return other in graph.constants and theirs in {shape[-1:], (1, *shape[-1:])}
    return is_per_channel(theirs, shape)


def is_per_channel(shape: tuple[int, ...], image: tuple[int, ...]) -> bool:
    """Tell whether an operand holds one number a channel, when it is broadcast.

    Args:
        shape: The operand's shape.
        image: Shape of the image, ``[N, C, *spatial]``.

    Returns:
        True if its spatial axes are 1, its channels are all, and its batch is 1 or all.

    Example:
        >>> is_per_channel((8, 1, 1), (2, 8, 5, 5)), is_per_channel((5,), (2, 8, 5, 5))
        (True, False)
    """
    padded = (1,) * (len(image) - len(shape)) + shape
    spatial = all(size == 1 for size in padded[2:])
    return spatial and padded[1] == image[1] and padded[0] in {1, image[0]}


def unary_link(call: Call) -> Link | None:
    """Describe an activation as a link.

    Args:
        call: Any call.

    Returns:
        The link, or None where the operator is no activation of one operand.

    Example:
        >>> from depthwise.graph import TensorType
        >>> types = {"x": TensorType("float32", (2,))}
        >>> unary_link(call_of(Node("Relu", ("x",), ("y",)), types, {})).op
        'Relu'
    """
    op = call.node.op
    if op == "Clip":
        return _clip_link(call)
    if op not in UNARY:
        return None
    if op == "Gelu" and call.text("approximate") != "none":
        return None
    names = {
        "LeakyRelu": ("alpha",),
        "Elu": ("alpha",),
        "HardSigmoid": ("alpha", "beta"),
    }
    numbers = tuple(call.real(name) for name in names.get(op, ()))
    return Link(op, numbers)


def _clip_link(call: Call) -> Link | None:
    numbers = []
    for index, default in ((1, -_INFINITY), (2, _INFINITY)):
        array = call.constant(index)
        if array is None and call.has(index):
            return None
        numbers.append(default if array is None else float(np.ravel(array)[0]))
    return Link("Clip", tuple(numbers))
