"""Recognise the structures of separable networks in a graph."""

from __future__ import annotations

from collections.abc import Iterator

from depthwise.graph.graph import Graph
from depthwise.graph.node import Node
from depthwise.graph.patterns.gates import find_gates
from depthwise.graph.patterns.links import Link, follow
from depthwise.graph.patterns.parts import (
    ACTIVATIONS,
    CONVOLUTIONS,
    NORMS,
    is_depthwise,
    is_pointwise,
    name_of,
)
from depthwise.graph.patterns.structures import (
    InvertedResidual,
    Pair,
    PairKind,
    Patterns,
)
from depthwise.graph.shapes import concrete


def find_patterns(graph: Graph) -> Patterns:
    """Recognise depthwise, pointwise, their pairs, blocks and gates.

    Args:
        graph: Any graph, batch norm folded or not. What is spelled out in smaller
            operators is not seen through: ``simplify`` goes first, or
            ``recognise_hard_swish`` and ``recognise_gemm`` alone.

    Returns:
        Frozen descriptions by node name; a node without a name goes by its first
        result.

    Source:
        Howard et al. 2017, arXiv:1704.04861; Sandler et al. 2018, arXiv:1801.04381;
        Haase and Amthor 2020, arXiv:2003.13549.

    Example:
        >>> import numpy as np
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 4, 8)))
        >>> first = Node("Conv", ("x", "w"), ("d",), {"group": 4}, "filter")
        >>> second = Node("Conv", ("d", "v"), ("y",), name="mix")
        >>> weights = {"w": np.ones((4, 1, 3), "f4"), "v": np.ones((6, 4, 1), "f4")}
        >>> graph = Graph("t", (x,), ("y",), (first, second), weights)
        >>> find_patterns(graph).pairs[0].second
        'mix'
    """
    gates = {gate.scale: gate for gate in find_gates(graph)}
    convolutions = [node for node in graph.nodes if node.op in CONVOLUTIONS]
    links = {name_of(node): follow(graph, node, gates) for node in convolutions}
    return Patterns(
        tuple(name_of(n) for n in convolutions if is_depthwise(graph, n)),
        tuple(name_of(n) for n in convolutions if is_pointwise(graph, n)),
        tuple(_pairs(graph, convolutions, links)),
        tuple(_blocks(graph, convolutions, links)),
        tuple(gates.values()),
    )


def _pairs(
    graph: Graph, convolutions: list[Node], links: dict[str, Link | None]
) -> Iterator[Pair]:
    for node in convolutions:
        link = links[name_of(node)]
        if link is None:
            continue
        names = name_of(node), name_of(link.target), tuple(map(name_of, link.between))
        if is_depthwise(graph, node) and is_pointwise(graph, link.target):
            yield Pair(PairKind.SEPARABLE, *names)
        mixes = is_pointwise(graph, node) and is_depthwise(graph, link.target)
        if mixes and link.is_linear:
            yield Pair(PairKind.BLUEPRINT, *names)


def _blocks(
    graph: Graph, convolutions: list[Node], links: dict[str, Link | None]
) -> Iterator[InvertedResidual]:
    for node in convolutions:
        first = links[name_of(node)]
        second = links[name_of(first.target)] if first else None
        if first is None or second is None or first.is_linear or first.gate:
            continue
        if not _is_block(graph, node, first.target, second.target):
            continue
        names = name_of(node), name_of(first.target), name_of(second.target)
        residual = _residual(graph, node.inputs[0], second.target)
        yield InvertedResidual(*names, residual, second.gate)


def _is_block(graph: Graph, expand: Node, middle: Node, project: Node) -> bool:
    """Whether three convolutions expand, filter and project to a linear result."""
    mixing = is_pointwise(graph, expand) and is_pointwise(graph, project)
    if not mixing or not is_depthwise(graph, middle):
        return False
    values = (expand.inputs[0], expand.outputs[0], project.outputs[0])
    source, wide, narrow = (concrete(graph.types[v].shape[1:2])[0] for v in values)
    return max(source, narrow) < wide and _is_linear(graph, project.outputs[0])


def _is_linear(graph: Graph, value: str) -> bool:
    """Whether a value goes through norms at most before anything but an activation."""
    readers = graph.consumers.get(value, ())
    while len(readers) == 1 and readers[0].op in NORMS:
        readers = graph.consumers.get(readers[0].outputs[0], ())
    return not any(reader.op in ACTIVATIONS for reader in readers)


def _residual(graph: Graph, source: str, project: Node) -> str:
    """Name the Add of a block's input and its projection."""
    value = project.outputs[0]
    while True:
        readers = graph.consumers.get(value, ())
        if len(readers) != 1 or value in graph.outputs:
            return ""
        if readers[0].op in {"Add", "Sum"}:
            return name_of(readers[0]) if source in readers[0].inputs else ""
        if readers[0].op not in NORMS:
            return ""
        value = readers[0].outputs[0]
