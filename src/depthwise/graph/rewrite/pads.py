"""Fold padding with zeros into the convolution that reads it."""

from __future__ import annotations

from dataclasses import replace

from depthwise.graph.graph import Graph
from depthwise.graph.node import Node
from depthwise.graph.operators.convolution import conv_windows
from depthwise.graph.operators.padding import pads_of
from depthwise.graph.rewrite.matching import producer_of, scalar_of
from depthwise.graph.rewrite.surgery import rebuilt


def fold_pads(graph: Graph) -> Graph:
    """Let convolutions pad for themselves where a Pad with zeros goes before them.

    Frameworks whose "same" padding is unequal write it as an operator of its own.

    Args:
        graph: Any graph.

    Returns:
        A graph with the same outputs.

    Example:
        >>> import numpy as np
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 1, 8)))
        >>> pad = Node("Pad", ("x", "p"), ("q",))
        >>> nodes = (pad, Node("Conv", ("q", "w"), ("y",), {"strides": (2,)}))
        >>> numbers = {"p": np.array([0, 0, 0, 0, 0, 1]), "w": np.ones((1, 1, 3), "f4")}
        >>> print(fold_pads(Graph("t", (x,), ("y",), nodes, numbers)))
        graph t(x: float32[N,1,8]) -> y
          y: float32[N,1,4] = Conv(x, w, strides=[2], pads=[0,1])
    """
    while True:
        after = rebuilt(graph, (_padded(graph, node) for node in graph.nodes))
        if after.nodes == graph.nodes:
            return after
        graph = after


def _padded(graph: Graph, node: Node) -> Node:
    pad = producer_of(graph, node.inputs[0], "Pad") if node.op == "Conv" else None
    if pad is None or not _is_zero(graph, pad):
        return node
    pairs = pads_of(graph.call(pad))
    if pairs[:2] != ((0, 0), (0, 0)) or min(map(min, pairs)) < 0:
        return node
    windows = conv_windows(graph.call(node))
    before = tuple(w.begin + p[0] for w, p in zip(windows, pairs[2:], strict=True))
    after = tuple(w.end + p[1] for w, p in zip(windows, pairs[2:], strict=True))
    attributes = {k: v for k, v in node.attributes.items() if k != "auto_pad"}
    attributes["pads"] = before + after
    inputs = (pad.inputs[0], *node.inputs[1:])
    return replace(node, inputs=inputs, attributes=attributes)


def _is_zero(graph: Graph, pad: Node) -> bool:
    if graph.call(pad).text("mode") != "constant":
        return False
    named = len(pad.inputs) > 2 and pad.inputs[2]
    return not named or scalar_of(graph, pad.inputs[2]) == 0
