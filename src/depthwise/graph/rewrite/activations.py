"""Recognise activations that are spelled out in smaller operators."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from math import isclose

from depthwise.graph.graph import Graph
from depthwise.graph.node import Node
from depthwise.graph.rewrite.matching import operands, producer_of, scalar_of
from depthwise.graph.rewrite.surgery import rebuilt

_SLOPE, _OFFSET = 1 / 6, 0.5


def recognise_hard_swish(graph: Graph) -> Graph:
    """Write x * relu6(x + 3) / 6, in all its spellings, as HardSwish.

    The division may come before, between or after, as a product with a sixth too;
    relu6 may be a Clip, or a Relu and a Min; HardSigmoid may stand for its part. What
    is left over, relu6(x + 3) / 6 by itself, becomes HardSigmoid.

    Args:
        graph: Any graph.

    Returns:
        A graph with the same outputs but for rounding.

    Source:
        Howard et al. 2019, arXiv:1905.02244, section 5.2.

    Example:
        >>> from depthwise.graph import Input, TensorType
        >>> x = Input("x", TensorType("float32", (4,)))
        >>> gate = Node("HardSigmoid", ("x",), ("g",), {"alpha": 1 / 6})
        >>> nodes = (gate, Node("Mul", ("g", "x"), ("y",)))
        >>> print(recognise_hard_swish(Graph("tiny", (x,), ("y",), nodes)))
        graph tiny(x: float32[4]) -> y
          y: float32[4] = HardSwish(x)
    """
    for rule in (_hard_sigmoid, _hard_swish):
        graph = _each(graph, rule)
    return graph


def _each(graph: Graph, rule: Callable[[Graph, Node], Node | None]) -> Graph:
    nodes: Iterable[Node] = [rule(graph, node) or node for node in graph.nodes]
    return rebuilt(graph, nodes)


def _hard_swish(graph: Graph, node: Node) -> Node | None:
    """Match x * hardsigmoid(x), or a sixth of x * relu6(x + 3)."""
    if node.op == "Mul":
        for x, gate in operands(node):
            sigmoid = producer_of(graph, gate, "HardSigmoid")
            if sigmoid and sigmoid.inputs[0] == x and _is_plain(graph, sigmoid):
                return _unary(graph, node, "HardSwish", x)
            part = producer_of(graph, x)
            whole = _sixth(graph, part) if part else ""
            if whole and _relu6_of_three_more(graph, gate) == whole:
                return _unary(graph, node, "HardSwish", whole)
    whole = _sixth(graph, node)
    product = producer_of(graph, whole, "Mul") if whole else None
    for x, gate in operands(product) if product else ():
        if _relu6_of_three_more(graph, gate) == x:
            return _unary(graph, node, "HardSwish", x)
    return None


def _hard_sigmoid(graph: Graph, node: Node) -> Node | None:
    """Match relu6(x + 3) / 6, and clip(x / 6 + 0.5, 0, 1)."""
    whole = _sixth(graph, node)
    x = _relu6_of_three_more(graph, whole) if whole else ""
    if not x:
        inner = _clipped(graph, node.outputs[0], 1.0)
        scaled = _plus(graph, inner, _OFFSET) if inner else ""
        part = producer_of(graph, scaled) if scaled else None
        x = _sixth(graph, part) if part else ""
    if not x:
        return None
    attributes = {"alpha": _SLOPE, "beta": _OFFSET}
    return _unary(graph, node, "HardSigmoid", x, attributes)


def _unary(
    graph: Graph,
    node: Node,
    op: str,
    x: str,
    attributes: Mapping[str, float] | None = None,
) -> Node | None:
    """Put an activation of x in the place of a node, unless constants broadcast x."""
    kind = graph.types[x]
    if kind != graph.types[node.outputs[0]] or not kind.dtype.startswith("float"):
        return None
    return replace(node, op=op, inputs=(x,), attributes=attributes or {})


def _is_plain(graph: Graph, sigmoid: Node) -> bool:
    call = graph.call(sigmoid)
    slope, offset = call.real("alpha"), call.real("beta")
    return isclose(slope, _SLOPE, rel_tol=1e-5) and isclose(offset, _OFFSET)


def _sixth(graph: Graph, node: Node) -> str:
    """Name the value that a node takes a sixth of."""
    if node.op == "Div" and scalar_of(graph, node.inputs[1]) == 6:
        return node.inputs[0]
    if node.op == "Mul":
        for value, factor in operands(node):
            number = scalar_of(graph, factor)
            if number is not None and isclose(number, 1 / 6, rel_tol=1e-6):
                return value
    return ""


def _relu6_of_three_more(graph: Graph, name: str) -> str:
    inner = _clipped(graph, name, 6.0)
    return _plus(graph, inner, 3.0) if inner else ""


def _plus(graph: Graph, name: str, number: float) -> str:
    """Name the value that, with a number added, gives this one."""
    node = producer_of(graph, name, "Add")
    if node is None:
        return ""
    found = (v for v, other in operands(node) if scalar_of(graph, other) == number)
    return next(found, "")


def _clipped(graph: Graph, name: str, high: float) -> str:
    """Name the value that, bounded to 0 and ``high``, gives this one."""
    node = producer_of(graph, name, "Clip", "Min")
    if node is None:
        return ""
    if node.op == "Clip" and len(node.inputs) == 3:
        bounds = [scalar_of(graph, bound) for bound in node.inputs[1:]]
        return node.inputs[0] if bounds == [0, high] else ""
    if node.op == "Min" and len(node.inputs) == 2:
        for value, bound in operands(node):
            if scalar_of(graph, bound) == high:
                return _positive(graph, value)
    return ""


def _positive(graph: Graph, name: str) -> str:
    """Name the value that, bounded below by 0, gives this one."""
    node = producer_of(graph, name, "Relu", "Max")
    if node is None:
        return ""
    if node.op == "Relu":
        return node.inputs[0]
    if len(node.inputs) != 2:
        return ""
    found = (v for v, other in operands(node) if scalar_of(graph, other) == 0)
    return next(found, "")
