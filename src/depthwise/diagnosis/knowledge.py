"""What data showed to be constant, as spans that the analysis takes as known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from depthwise.diagnosis.bounds import Span, spans_of
from depthwise.diagnosis.layers import Observed
from depthwise.graph import Graph


def known_spans(graph: Graph, seen: Observed) -> Mapping[str, Span]:
    """Take channels that were constant on data for constants.

    Args:
        graph: The graph that was observed.
        seen: What ``observe_layers`` saw.

    Returns:
        For each value that was looked at its span: one number where a channel never
        changed, what is proven elsewhere. ``spans_of``, ``plan_pruning`` and
        ``prune_graph`` take it; what they then say holds for such data only.

    Example:
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8)))
        >>> known_spans(Graph("g", (x,), ("x",), ()), Observed({}, {}, 1, {}))
        {}
    """
    proven = spans_of(graph)
    known = {}
    for value, (low, high) in seen.ranges.items():
        span = proven[value].over(len(low))
        ends = (np.where(low == high, low, end) for end in (span.low, span.high))
        known[value] = Span(*ends)
    return known
