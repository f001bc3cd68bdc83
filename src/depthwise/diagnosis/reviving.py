"""Give channels that carry nothing a new start, without changing what is computed.

What pruning would remove stays and is drawn anew: filters at the size of those that
live, norms as they begin. What reads such a channel reads it with weight zero, so
results are what they were until training moves these weights.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.bounds import Span
from depthwise.diagnosis.links import Link, tie_of
from depthwise.diagnosis.pruning import IdleEdit, Plan, plan_pruning
from depthwise.diagnosis.pruning.edits import gains_of, losses_of, written
from depthwise.graph import Call, Graph, call_of
from depthwise.graph.edits import apply_edits

Array: TypeAlias = NDArray[Any]
_NORM = {1: 1.0, 2: 0.0, 3: 0.0, 4: 1.0}
"""How a batch norm begins: scale, shift, mean and variance, by operand."""


def revive_graph(
    graph: Graph, known: Mapping[str, Span] | None = None, *, seed: int = 0
) -> IdleEdit:
    """Draw the weights of idle channels anew, and let nothing read them yet.

    Args:
        graph: Any graph that verifies.
        known: Spans of values known from data; without them only channels that are
            proven idle for every finite input.
        seed: Of the weights that are drawn.

    Returns:
        The network with its edits. Outgoing weights of zero get gradients from the
        first step on, incoming ones from the second.

    Source:
        Sokar et al. 2023, arXiv:2302.12902, section 5, for zero outgoing weights.

    Example:
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 2, 8)))
        >>> first = np.array([[1, 0], [1, 1], [0, 1]], "float32")[..., None]
        >>> weights = {"a": first, "b": np.ones((1, 3, 1), "float32")}
        >>> weights["b"][:, 1] = 0
        >>> nodes = Node("Conv", ("x", "a"), ("h",)), Node("Conv", ("h", "b"), ("y",))
        >>> again = revive_graph(Graph("g", (x,), ("y",), nodes, weights))
        >>> again.plan.removed, bool((again.graph.constants["a"][1] != first[1]).all())
        ({'h': (1,)}, True)
    """
    plan = plan_pruning(graph, known)
    bound = graph.bind(1)
    renewals: dict[str, _Renewal] = defaultdict(_Renewal)
    for node in bound.nodes:
        call = call_of(node, bound.types, bound.constants)
        for name, axis, mask in losses_of(call, plan):
            renewals[name].note(call, name, (axis, mask), plan)
        for name, gain in gains_of(bound, call, plan):
            renewals[name].gains.append(gain)
    draw = np.random.default_rng(seed)
    changed = {
        name: renewals[name].apply(np.asarray(graph.constants[name]), draw)
        for name in sorted(renewals)
    }
    edits = tuple(written(graph, changed, {}))
    return IdleEdit(apply_edits(graph, edits), edits, plan)


@dataclass(eq=False)
class _Renewal:
    """What becomes of one array: what is drawn, what is zero, what begins anew."""

    drawn: tuple[int, Array] | None = None
    unread: tuple[int, Array] | None = None
    begins: tuple[float, Array] | None = None
    gains: list[Array] = field(default_factory=list)

    def note(self, call: Call, name: str, loss: tuple[int, Array], plan: Plan) -> None:
        """Remember what pruning would take, by what the array is to the node."""
        place = call.node.inputs.index(name)
        layer = tie_of(call, 0).link in {Link.MIXED, Link.GROUPED}
        if layer and place == 1:
            grouped = tie_of(call, 0).link is Link.GROUPED
            if grouped or loss[1] is plan.keep.get(call.node.outputs[0]):
                self.drawn = loss
            else:
                self.unread = loss
        elif layer:
            self.begins = 0.0, loss[1]
        elif call.operator.name == "BatchNormalization":
            self.begins = _NORM[place], loss[1]

    def apply(self, array: Array, draw: np.random.Generator) -> Array:
        """Renew the array; its type and shape stay."""
        total = array.astype(np.float64)
        for gain in self.gains:
            total = total + gain
        living = total
        if self.drawn is not None:
            axis, keep = self.drawn
            living = total.compress(keep, axis)
            total = np.moveaxis(total, axis, 0)
            total[~keep] = _drawn(living, total[~keep].shape, draw)
            total = np.moveaxis(total, 0, axis)
        if self.unread is not None:
            axis, keep = self.unread
            total = np.moveaxis(total, axis, 0)
            total[~keep] = 0.0
            total = np.moveaxis(total, 0, axis)
        if self.begins is not None:
            number, keep = self.begins
            total[..., ~keep] = number
        return np.ascontiguousarray(total.astype(array.dtype))


def _drawn(living: Array, shape: tuple[int, ...], draw: np.random.Generator) -> Array:
    """Draw filters ``[n, ...]`` of the size of those that live, or He's where none do.

    Each is turned so that its weights sum to more than zero: a filter of negative ones
    alone would never fire behind a ReLU.
    """
    size = math.sqrt(2 / max(math.prod(shape[1:]), 1))
    if living.size and living.any():
        size = float(np.sqrt((living**2).mean()))
    new = size * draw.standard_normal(shape)
    sums = new.sum(axis=tuple(range(1, new.ndim)), keepdims=True)
    return np.where(sums < 0, -new, new)
