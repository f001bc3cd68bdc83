"""Receptive fields of every value of a graph: which inputs a position depends on."""

from __future__ import annotations

from collections.abc import Mapping

from depthwise.costing.reach.field import Field
from depthwise.costing.reach.rules import RULES
from depthwise.costing.reach.view import View
from depthwise.graph import Call, Graph, call_of, concrete

__all__ = ["Field", "View", "views_of"]


def views_of(graph: Graph) -> Mapping[str, View]:
    """Find what every value of a graph sees of the network's first image or series.

    Args:
        graph: Any graph that verifies, its batch bound.

    Returns:
        A view a value; constants, and values that depend on none, have no view. Where
        no rule is known, positions are said to see everything.

    Example:
        >>> from depthwise.graph import Input, TensorType
        >>> x = Input("x", TensorType("float32", (1, 3, 32, 32)))
        >>> [field.size for field in views_of(Graph("g", (x,), ("x",), ()))["x"].fields]
        [1, 1]
    """
    views: dict[str, View] = {}
    for given in graph.inputs:
        sizes = concrete(given.type.shape)[2:]
        if sizes and not views:
            axes = (None, None, *range(len(sizes)))
            views[given.name] = View(tuple(Field(size) for size in sizes), axes)
    for node in graph.nodes:
        seen = [views.get(name) for name in node.inputs]
        if any(seen):
            call = call_of(node, graph.types, graph.constants)
            views.update(_after(call, seen))
    return views


def _after(call: Call, seen: list[View | None]) -> dict[str, View]:
    """Find what each result sees; results of one operator may differ in rank."""
    rule, names = RULES.get(call.operator.name), call.node.outputs
    if rule is not None:
        return dict.fromkeys(filter(None, names), rule(call, seen))
    first = next(view for view in seen if view is not None)
    pairs = zip(names, call.outputs, strict=False)
    return {name: first.blind(kind.rank) for name, kind in pairs if name}
