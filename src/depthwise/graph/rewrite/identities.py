"""Remove operators that change nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from depthwise.graph.graph import Graph
from depthwise.graph.node import Node
from depthwise.graph.operators import Call
from depthwise.graph.operators.padding import pads_of
from depthwise.graph.operators.resize import scaled_axes
from depthwise.graph.rewrite.matching import scalar_of
from depthwise.graph.rewrite.surgery import bypassed
from depthwise.graph.shapes import Batch


def remove_identities(graph: Graph, *, keep_dropout: bool = False) -> Graph:
    """Remove operators that change nothing at inference.

    Removed are Identity and Dropout; reshapes, casts, slices, pads and resizes to what
    there is already; transposes in the order that there is, and pairs of them that
    undo each other; a sum, product or concatenation of one operand or with a neutral
    number.

    Args:
        graph: Any graph.
        keep_dropout: Whether Dropout stays, for a graph that will be trained.

    Returns:
        A graph with the same outputs under the same names.

    Example:
        >>> from depthwise.graph import Input, TensorType
        >>> x = Input("x", TensorType("float32", (4,)))
        >>> nodes = (Node("Relu", ("x",), ("r",)), Node("Identity", ("r",), ("y",)))
        >>> [n.op for n in remove_identities(Graph("t", (x,), ("y",), nodes)).nodes]
        ['Relu']
    """
    while True:
        after = bypassed(graph, _equal_values(graph, keep_dropout=keep_dropout))
        if after.nodes == graph.nodes:
            return after
        graph = after


def _equal_values(graph: Graph, *, keep_dropout: bool) -> dict[str, str]:
    values: dict[str, str] = {}
    wanted = {*graph.consumers, *graph.outputs}
    for node in graph.nodes:
        if node.op == "Dropout" and keep_dropout:
            continue
        same = _same_as(graph, node)
        if same and not wanted.intersection(node.outputs[1:]):
            values[node.outputs[0]] = same
    return values


def _same_as(graph: Graph, node: Node) -> str:
    """Find the operand that a node's first result is equal to, or an empty name."""
    if node.op in {"Identity", "Dropout"}:
        return node.inputs[0]
    if node.op in {"Add", "Mul", "Sub", "Div"}:
        return _without_neutral(graph, node)
    if node.op in {"Sum", "Max", "Min", "Mean", "Concat"}:
        return node.inputs[0] if len(node.inputs) == 1 else ""
    if node.op == "Transpose":
        return _untransposed(graph, node)
    rule = _RULES.get(node.op)
    if rule is None or graph.types[node.inputs[0]] != graph.types[node.outputs[0]]:
        return ""
    return node.inputs[0] if rule(graph.call(node)) else ""


def _without_neutral(graph: Graph, node: Node) -> str:
    neutral = 0 if node.op in {"Add", "Sub"} else 1
    sides = [(0, 1)] if node.op in {"Sub", "Div"} else [(0, 1), (1, 0)]
    for kept, other in sides:
        shape = graph.types[node.inputs[kept]].shape
        same_shape = shape == graph.types[node.outputs[0]].shape
        if same_shape and scalar_of(graph, node.inputs[other]) == neutral:
            return node.inputs[kept]
    return ""


def _untransposed(graph: Graph, node: Node) -> str:
    """Find what a transpose restores: its operand, or that of the transpose before."""
    order = _order(graph, node)
    if order == tuple(range(len(order))):
        return node.inputs[0]
    before = graph.producers.get(node.inputs[0])
    if before is None or before.op != "Transpose":
        return ""
    first = _order(graph, before)
    together = tuple(first[axis] for axis in order)
    return before.inputs[0] if together == tuple(range(len(order))) else ""


def _order(graph: Graph, node: Node) -> tuple[int, ...]:
    rank = graph.types[node.inputs[0]].rank
    order = graph.call(node).integers("perm")
    return tuple(reversed(range(rank))) if order is None else order


def _always(_call: Call) -> bool:
    """Hold for operators of which equal types say that nothing changed."""
    return True


def _keeps_all(call: Call) -> bool:
    """Hold for a slice that begins at 0 and goes forward; the size says the rest."""
    steps = call.content(4) if call.has(4) else (1,)
    return set(call.content(1) or ()) == {0} and set(steps or ()) == {1}


def _pads_nothing(call: Call) -> bool:
    return all(pair == (0, 0) for pair in pads_of(call))


def _scales_nothing(call: Call) -> bool:
    return not scaled_axes(call)


def _repeats_nothing(call: Call) -> bool:
    return all(isinstance(times, int) and times == 1 for times in call.sizes(1))


def _covers_one(call: Call) -> bool:
    """Hold for a mean or sum over axes of one element that keeps them."""
    axes = call.content(1)
    dims = call.shape() if axes is None else [call.shape()[int(a)] for a in axes]  # type: ignore[arg-type]
    return not any(isinstance(dim, Batch) or dim != 1 for dim in dims)


def _bounds_nothing(call: Call) -> bool:
    low, high = (call.constant(i) if call.has(i) else None for i in (1, 2))
    below = low is None if not call.has(1) else low is not None and np.isneginf(low)
    above = high is None if not call.has(2) else high is not None and np.isposinf(high)
    return bool(np.all(below) and np.all(above))


_RULES: dict[str, Callable[[Call], bool]] = {
    "Cast": _always,
    "Expand": _always,
    "Flatten": _always,
    "Reshape": _always,
    "Squeeze": _always,
    "Unsqueeze": _always,
    "Slice": _keeps_all,
    "Pad": _pads_nothing,
    "Resize": _scales_nothing,
    "Tile": _repeats_nothing,
    "ReduceMean": _covers_one,
    "ReduceSum": _covers_one,
    "Clip": _bounds_nothing,
}
