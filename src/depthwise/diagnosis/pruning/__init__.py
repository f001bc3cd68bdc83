"""Remove channels that carry nothing, without changing what a network computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from depthwise.diagnosis.bounds import Span
from depthwise.diagnosis.copies import merge_copies
from depthwise.diagnosis.copies.observed import Copies
from depthwise.diagnosis.pruning.edits import edits_of
from depthwise.diagnosis.pruning.handing import plan_copies
from depthwise.diagnosis.pruning.plan import Plan, plan_pruning
from depthwise.graph import Graph
from depthwise.graph.edits import ReplaceArrays, apply_edits

__all__ = ["IdleEdit", "Plan", "edits_of", "plan_pruning", "prune_graph"]


@dataclass(frozen=True, eq=False)
class IdleEdit:
    """A network whose idle channels went, or have a new start.

    Args:
        graph: The changed network.
        edits: What changed; ``bridge.apply`` takes them too.
        plan: Which channels were idle, which of them stay as they are, and why.

    Example:
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8)))
        >>> prune_graph(Graph("g", (x,), ("x",), ())).edits
        ()
    """

    graph: Graph
    edits: tuple[ReplaceArrays, ...]
    plan: Plan

    @property
    def channels(self) -> int:
        """Channels of layers that went, or begin anew."""
        return sum(map(len, self.plan.removed.values()))


def prune_graph(
    graph: Graph,
    known: Mapping[str, Span] | None = None,
    copies: Mapping[str, Copies] | None = None,
) -> IdleEdit:
    """Remove every channel that carries nothing of its own and can go.

    A channel that is proven to be another one, scaled, hands its weights over first.

    Args:
        graph: Any graph that verifies.
        known: Spans of values known from data; without them only what is proven for
            every finite input goes, and results stay equal up to rounding.
        copies: Channels that were others, scaled and shifted, on the same data.

    Returns:
        The smaller network, with the edits.

    Raises:
        GraphError: If two layers share an array and would lose different channels.

    Example:
        >>> import numpy as np
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 2, 8)))
        >>> first = np.array([[1, 0], [1, 1], [0, 1]], "float32")[..., None]
        >>> weights = {"a": first, "b": np.ones((1, 3, 1), "float32")}
        >>> weights["b"][:, 1] = 0
        >>> nodes = Node("Conv", ("x", "a"), ("h",)), Node("Conv", ("h", "b"), ("y",))
        >>> prune_graph(Graph("g", (x,), ("y",), nodes, weights)).plan.removed
        {'h': (1,)}
    """
    plan, moved = plan_pruning(graph, known), merge_copies(graph)
    if moved:
        larger = plan_pruning(apply_edits(graph, moved), known)
        alike = larger.removed == plan.removed
        plan, moved = (plan, ()) if alike else (larger, moved)
    if copies:
        handed, plan = plan_copies(apply_edits(graph, moved), known or {}, copies)
        moved = _after(moved, handed)
    edits = _after(moved, edits_of(apply_edits(graph, moved), plan))
    return IdleEdit(apply_edits(graph, edits), edits, plan)


def _after(
    first: tuple[ReplaceArrays, ...], second: tuple[ReplaceArrays, ...]
) -> tuple[ReplaceArrays, ...]:
    """Put two rounds of edits together; the second knew what the first had made."""
    over = {name for edit in second for name in edit.arrays}
    stay = (edit for edit in first if not over & set(edit.arrays))
    return (*stay, *second)
