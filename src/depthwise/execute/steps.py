"""The order of work that every implementation follows, and what each step frees."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

from depthwise.graph import Call, Graph, call_of

Step: TypeAlias = tuple[Call, tuple[str, ...]]


def plan_steps(graph: Graph, keep: Collection[str]) -> list[Step]:
    """Pair each call with the values that nobody reads after it.

    Args:
        graph: Any graph that verifies.
        keep: Values that stay: outputs and taps.

    Returns:
        Calls in order, each with the names that can be freed after it.

    Example:
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 2)))
        >>> graph = Graph("tiny", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> [free for _, free in plan_steps(graph, {"y"})]
        [('x',)]
    """
    last: dict[str, int] = {}
    for index, node in enumerate(graph.nodes):
        last.update(dict.fromkeys((*node.inputs, *node.outputs), index))
    keep = {*keep, *graph.constants, ""}
    steps: list[Step] = []
    for index, node in enumerate(graph.nodes):
        names = {*node.inputs, *node.outputs} - keep
        free = tuple(sorted(name for name in names if last[name] == index))
        steps.append((call_of(node, graph.types, graph.constants), free))
    return steps
