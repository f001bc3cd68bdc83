"""Recognise global pooling that is spelled as a mean or as one window."""

from __future__ import annotations

from dataclasses import replace

from depthwise.graph.graph import Graph
from depthwise.graph.node import Node
from depthwise.graph.operators import Call
from depthwise.graph.operators.axes import axes_of
from depthwise.graph.operators.pooling import pool_windows
from depthwise.graph.rewrite.surgery import rebuilt, unused_name

_REDUCTIONS = {"ReduceMean": "GlobalAveragePool", "ReduceMax": "GlobalMaxPool"}
_POOLS = {"AveragePool": "GlobalAveragePool", "MaxPool": "GlobalMaxPool"}


def recognise_global_pool(graph: Graph) -> Graph:
    """Write means and windows over all of a plane as global pooling.

    A reduction that drops the axes becomes a pooling and a Flatten.

    Args:
        graph: Any graph.

    Returns:
        A graph with the same outputs.

    Example:
        >>> import numpy as np
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8, 8)))
        >>> mean = Node("ReduceMean", ("x", "axes"), ("y",), {"keepdims": 0})
        >>> axes = {"axes": np.array([-2, -1])}
        >>> print(recognise_global_pool(Graph("t", (x,), ("y",), (mean,), axes)))
        graph t(x: float32[N,3,8,8]) -> y
          y.pooled: float32[N,3,1,1] = GlobalAveragePool(x)
          y: float32[N,3] = Flatten(y.pooled)
    """
    nodes = [new for node in graph.nodes for new in _rewritten(graph, node)]
    return rebuilt(graph, nodes)


def is_global_mean(graph: Graph, node: Node) -> bool:
    """Tell whether a node takes the mean of each channel over a whole plane.

    Args:
        graph: The node's graph.
        node: Any node.

    Returns:
        True if it does, in whichever spelling.

    Example:
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8)))
        >>> whole = Node("AveragePool", ("x",), ("y",), {"kernel_shape": (8,)})
        >>> is_global_mean(Graph("t", (x,), ("y",), (whole,)), whole)
        True
    """
    return _rewritten(graph, node)[0].op == "GlobalAveragePool"


def _rewritten(graph: Graph, node: Node) -> tuple[Node, ...]:
    if node.op not in _REDUCTIONS and node.op not in _POOLS:
        return (node,)
    call = graph.call(node)
    if call.type(0).rank < 3 or not call.type(0).dtype.startswith("float"):
        return (node,)
    if node.op in _POOLS:
        alone = len(node.outputs) == 1 and _covers_plane(call)
        return (_pool(node, _POOLS[node.op]),) if alone else (node,)
    plane = tuple(range(2, call.type(0).rank))
    covered = tuple(sorted(axes_of(call, 1) or ())) == plane
    return _reduced(graph, node, call) if covered else (node,)


def _reduced(graph: Graph, node: Node, call: Call) -> tuple[Node, ...]:
    pool = _pool(node, _REDUCTIONS[node.op])
    if call.flag("keepdims"):
        return (pool,)
    middle = unused_name(graph, f"{node.outputs[0]}.pooled")
    name = f"{node.name}.flat" if node.name else ""
    flat = Node("Flatten", (middle,), node.outputs, name=name, scope=node.scope)
    return (replace(pool, outputs=(middle,)), flat)


def _pool(node: Node, op: str) -> Node:
    return replace(node, op=op, inputs=node.inputs[:1], attributes={})


def _covers_plane(call: Call) -> bool:
    """Whether the one window of a pooling holds every element, and no padding."""
    windows = pool_windows(call)
    plain = all(w.begin == w.end == 0 and w.dilation == 1 for w in windows)
    return plain and all(w.kernel == w.size and w.outputs == 1 for w in windows)
