"""What data showed to be constant, as spans that the analysis takes as known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.bounds import Span, spans_of
from depthwise.diagnosis.findings import Fault, Limits
from depthwise.diagnosis.layers import Observed, falls_silent, observed_values
from depthwise.diagnosis.observed import idle_masks, observed_findings
from depthwise.graph import Graph

Array: TypeAlias = NDArray[Any]


def known_spans(
    graph: Graph,
    seen: Observed,
    limits: Limits | None = None,
    *,
    nearly: bool = False,
) -> Mapping[str, Span]:
    """Take channels that were constant on data for constants.

    Args:
        graph: The graph that was observed.
        seen: What ``observe_layers`` saw.
        limits: Up to where a channel is dead or constant.
        nearly: Whether to take saturated and rare channels for their mean, too.

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
        dead, constant = idle_masks(low, high, limits or Limits())
        number = np.where(dead, 0.0, (low + high) / 2)
        idle = dead | constant
        ends = (np.where(idle, number, end) for end in (span.low, span.high))
        known[value] = Span(*ends)
    if nearly:
        for value, channels, mean in _nearly_idle(graph, seen, limits or Limits()):
            known[value].low[channels] = known[value].high[channels] = mean
    return known


def _nearly_idle(
    graph: Graph, seen: Observed, limits: Limits
) -> Iterator[tuple[str, Array, Array]]:
    """List saturated and rare channels by value, with their means."""
    places = observed_values(graph)
    for layer, statistics in seen.layers.items():
        silent = falls_silent(graph, places[layer])
        for finding in observed_findings(layer, statistics, limits, silent=silent):
            if finding.fault in {Fault.SATURATED, Fault.RARE}:
                channels = np.array(finding.channels)
                yield places[layer], channels, statistics.mean[channels]
