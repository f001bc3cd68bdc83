"""Compute what does not depend on the inputs, once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.graph.graph import Graph
from depthwise.graph.node import Node
from depthwise.graph.rewrite.surgery import rebuilt, unused_name
from depthwise.graph.shapes import Batch, Shape, TensorType

Array: TypeAlias = NDArray[Any]

_LARGEST = 2**24
"""Elements of a folded value at most: an Expand must not fill the memory."""


def fold_constants(graph: Graph) -> Graph:
    """Replace what does not depend on the inputs by constants.

    Folded are nodes whose operands are all constants, and sizes computed from shapes
    that are known. A reshape whose target holds the batch gets -1 for it. A value
    computed from parameters counts as a parameter: training would change it.

    Args:
        graph: Any graph.

    Returns:
        A graph with the same outputs.

    Example:
        >>> from depthwise.graph import Input, TensorType
        >>> x = Input("x", TensorType("float32", (2, 3)))
        >>> nodes = (Node("Transpose", ("w",), ("t",)), Node("Add", ("x", "t"), ("y",)))
        >>> graph = Graph("t", (x,), ("y",), nodes, {"w": np.ones((3, 2), "float32")})
        >>> print(fold_constants(graph))
        graph t(x: float32[2,3]) -> y
          y: float32[2,3] = Add(x, t)
    """
    known: dict[str, Array] = dict(graph.constants)
    trained: set[str] = set(graph.parameters)
    nodes = []
    for node in graph.nodes:
        results = _results(graph, node, known)
        if results is None:
            nodes.append(_with_known_target(graph, node, known))
            continue
        known.update(results)
        if trained.intersection(node.inputs):
            trained.update(results)
    return rebuilt(graph, nodes, known, trained - graph.parameters)


def _results(
    graph: Graph, node: Node, known: dict[str, Array]
) -> dict[str, Array] | None:
    """Compute the results of a node, or None where they depend on the inputs."""
    names = [name for name in node.outputs if name]
    types = [graph.types[name] for name in names]
    if set(names) & set(graph.outputs) or any(_too_large(kind) for kind in types):
        return None
    if all(_is_plain(kind) for kind in types):
        return {n: _array(t) for n, t in zip(names, types, strict=True)}
    if not all(name in known for name in node.inputs if name):
        return None
    arrays = tuple(known[name] if name else None for name in node.inputs)
    call = graph.call(node)
    with np.errstate(all="ignore"):
        found = call.operator.reference(call, arrays)
    pairs = zip(node.outputs, found, strict=False)
    return {name: np.ascontiguousarray(array) for name, array in pairs if name}


def _too_large(kind: TensorType) -> bool:
    if any(isinstance(dim, Batch) for dim in kind.shape):
        return True
    return int(np.prod(kind.shape, dtype=np.float64)) > _LARGEST  # type: ignore[arg-type]


def _is_plain(kind: TensorType) -> bool:
    """Whether all elements are known and free of N."""
    if kind.content is None or np.dtype(kind.dtype).kind not in "iu":
        return False
    return not any(isinstance(element, Batch) for element in kind.content)


def _array(kind: TensorType) -> Array:
    return np.array(kind.content, kind.dtype).reshape(kind.shape)  # type: ignore[arg-type]


def _with_known_target(graph: Graph, node: Node, known: dict[str, Array]) -> Node:
    """Spell the target of a reshape or an expansion without the shape of a value."""
    if node.op not in {"Reshape", "Expand"} or node.inputs[1] in known:
        return node
    source, wanted = (graph.types[name] for name in (node.inputs[0], node.outputs[0]))
    target = known_target(node.op, source.shape, wanted.shape)
    if target is None:
        return node
    name = unused_name(graph, f"{node.outputs[0]}.shape", known)
    known[name] = np.array(target, np.int64)
    return with_target(node, name)


def known_target(op: str, source: Shape, wanted: Shape) -> tuple[int, ...] | None:
    """Spell the target of a reshape or an expansion in plain numbers.

    Args:
        op: "Reshape" or "Expand".
        source: The shape before.
        wanted: The shape after.

    Returns:
        -1 for the axis of a reshape that holds the batch, 1 for an axis that an
        expansion leaves as it is; None where the batch cannot be spelt so.

    Example:
        >>> known_target("Reshape", (Batch(), 3, 4), (Batch(), 12))
        (-1, 12)
    """
    if op == "Reshape":
        target = [-1 if isinstance(d, Batch) else d for d in wanted]
        return None if target.count(-1) > 1 or 0 in target else tuple(target)
    padded = (1,) * (len(wanted) - len(source)) + source
    rest = [1 if d == new else new for d, new in zip(padded, wanted, strict=True)]
    plain = tuple(d for d in rest if isinstance(d, int))
    return plain if len(plain) == len(rest) else None


def with_target(node: Node, name: str) -> Node:
    """Give a reshape or an expansion another target.

    Args:
        node: A Reshape or an Expand.
        name: A constant without zeros.

    Returns:
        The node.
    """
    attributes = {k: v for k, v in node.attributes.items() if k != "allowzero"}
    return replace(node, inputs=(node.inputs[0], name), attributes=attributes)
