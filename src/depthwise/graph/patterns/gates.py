"""Recognise gates a channel: squeeze, excite, scale."""

from __future__ import annotations

import math
from collections.abc import Iterator

from depthwise.graph.graph import Graph
from depthwise.graph.node import Node
from depthwise.graph.patterns.parts import ACTIVATIONS, NORMS, is_pointwise, name_of
from depthwise.graph.patterns.structures import SqueezeExcite
from depthwise.graph.rewrite.matching import scalar_of
from depthwise.graph.rewrite.pools import is_global_mean

_VIEWS = {"Reshape", "Flatten", "Squeeze", "Unsqueeze"}


def find_gates(graph: Graph) -> Iterator[SqueezeExcite]:
    """Recognise squeeze-and-excite gates.

    Args:
        graph: Any graph, in which hard sigmoids are not spelled out.

    Returns:
        Each gate, in the order of their products.

    Source:
        Hu et al. 2018, arXiv:1709.01507, section 3.

    Example:
        >>> from depthwise.graph import Input, TensorType
        >>> x = Input("x", TensorType("float32", (4,)))
        >>> list(find_gates(Graph("tiny", (x,), ("x",), ())))
        []
    """
    for node in graph.nodes:
        if node.op == "Mul":
            for value, gate in (node.inputs, node.inputs[::-1]):
                found = _gate(graph, node, value, gate)
                if found is not None:
                    yield found


def _gate(graph: Graph, scale: Node, value: str, gate: str) -> SqueezeExcite | None:
    """Go back from a gate to the pooling of the value that it scales."""
    last = _behind_views(graph, gate)
    if last is None or not _is_bounded(graph, last):
        return None
    expand = _behind_views(graph, last.inputs[0])
    if expand is None or not _is_mix(graph, expand):
        return None
    reduce = _behind_views(graph, expand.inputs[0])
    while reduce is not None and reduce.op in ACTIVATIONS | NORMS | {"Mul"}:
        reduce = _behind_views(graph, reduce.inputs[0])
    if reduce is None or not _is_mix(graph, reduce):
        return None
    pool = _behind_views(graph, reduce.inputs[0])
    if pool is None or pool.inputs[0] != value or not is_global_mean(graph, pool):
        return None
    return SqueezeExcite(*map(name_of, (pool, reduce, expand, last, scale)))


def _is_bounded(graph: Graph, node: Node) -> bool:
    """Whether an activation keeps a gate from 0 up to some limit."""
    if node.op != "Clip":
        return node.op in {"Sigmoid", "HardSigmoid"}
    low, high = (scalar_of(graph, name) for name in (*node.inputs, "", "")[1:3])
    return low is not None and high is not None and 0 <= low < high < math.inf


def _is_mix(graph: Graph, node: Node) -> bool:
    """Whether a node mixes channels only; Gemm does, on pooled values."""
    return node.op == "Gemm" or is_pointwise(graph, node)


def _behind_views(graph: Graph, name: str) -> Node | None:
    node = graph.producers.get(name)
    while node is not None and node.op in _VIEWS:
        node = graph.producers.get(node.inputs[0])
    return node
