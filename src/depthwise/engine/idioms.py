"""Activations that are spelled out in several operators, recognised as one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from depthwise.engine.kernels.chain import Link
from depthwise.graph import Graph, Node


@dataclass(frozen=True)
class Idiom:
    """An activation that several nodes spell.

    Args:
        link: What it is.
        nodes: The nodes, in the graph's order.
        output: The value that the last one defines.
    """

    link: Link
    nodes: tuple[Node, ...]
    output: str


def recognise(graph: Graph, name: str) -> Idiom | None:
    """Look for an activation that is applied to a value.

    Args:
        graph: The graph.
        name: The value; all its readers must belong to the activation.

    Returns:
        SiLU as x * sigmoid(x), or hard-swish as x * clip(x + 3, 0, 6) / 6 in any order;
        None where there is neither.
    """
    readers = graph.consumers.get(name, ())
    if len(readers) != 2 or name in graph.outputs:
        return None
    first, product = readers
    if product.op != "Mul":
        first, product = product, first
    if product.op != "Mul" or first is product:
        return None
    if first.op in {"Sigmoid", "HardSigmoid"}:
        return _gated(graph, name, first, product)
    return _hard_swish(graph, name, first, product)


def _gated(graph: Graph, name: str, gate: Node, product: Node) -> Idiom | None:
    if set(product.inputs) != {name, gate.outputs[0]} or not _single(graph, gate):
        return None
    if gate.op == "Sigmoid":
        return Idiom(Link("Silu"), (gate, product), product.outputs[0])
    call = graph.call(gate)
    numbers = (call.real("alpha"), call.real("beta"))
    if not np.allclose(numbers, (1 / 6, 0.5), rtol=1e-6):
        return None
    return Idiom(Link("HardSwish"), (gate, product), product.outputs[0])


def _hard_swish(graph: Graph, name: str, first: Node, product: Node) -> Idiom | None:
    """Match Add 3, Clip 0..6, and a division by 6 before or after the product."""
    clipped = _next(graph, first)
    shifted = first.op == "Add" and _scalar(graph, first, name) == 3.0
    if not shifted or clipped is None or not _is_relu6(graph, clipped):
        return None
    after = _next(graph, clipped)
    last: Node = product
    nodes: tuple[Node, ...]
    if after is product:
        divided = _next(graph, product)
        found = _is_sixth(graph, divided, product.outputs[0])
        last = divided if divided is not None else product
        nodes = (first, clipped, product, last)
    else:
        found = _is_sixth(graph, after, clipped.outputs[0])
        found = found and after is not None and _next(graph, after) is product
        nodes = (first, clipped, after or product, product)
    return Idiom(Link("HardSwish"), nodes, last.outputs[0]) if found else None


def _single(graph: Graph, node: Node) -> bool:
    value = node.outputs[0]
    return len(graph.consumers.get(value, ())) == 1 and value not in graph.outputs


def _next(graph: Graph, node: Node) -> Node | None:
    return graph.consumers[node.outputs[0]][0] if _single(graph, node) else None


def _scalar(graph: Graph, node: Node, name: str) -> float:
    """Read the other operand of an arithmetic node, where it is one number."""
    others = [other for other in node.inputs if other != name]
    array = graph.constants.get(others[0]) if len(others) == 1 else None
    return (
        float(array.ravel()[0]) if array is not None and array.size == 1 else math.nan
    )


def _is_relu6(graph: Graph, node: Node) -> bool:
    if node.op != "Clip":
        return False
    arrays = [graph.constants.get(name) for name in node.inputs[1:]]
    return [None if a is None else float(a.ravel()[0]) for a in arrays] == [0.0, 6.0]


def _is_sixth(graph: Graph, node: Node | None, name: str) -> bool:
    if node is None:
        return False
    number = _scalar(graph, node, name)
    if node.op == "Div":
        return number == 6.0 and node.inputs[0] == name
    return node.op == "Mul" and math.isclose(number, 1 / 6, rel_tol=1e-6)
