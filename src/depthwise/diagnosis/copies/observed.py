"""Channels that were copies of others on data, and layers that can do without them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.copies.merging import with_inputs_moved
from depthwise.diagnosis.findings import Fault, Limits
from depthwise.diagnosis.layers import Observed, observed_values
from depthwise.diagnosis.links import Link, tie_of
from depthwise.diagnosis.observed import observed_findings
from depthwise.diagnosis.statistics import ChannelStatistics
from depthwise.graph import Graph, call_of
from depthwise.graph.edits import ReplaceArrays

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Copies:
    """Channels of one value that are others of it, scaled and shifted.

    Args:
        channels: ``[K]``, the copies.
        partners: ``[K]``, what each is a copy of; no copy itself.
        factors: ``[K]``, times what its partner is taken.
        offsets: ``[K]``, what is added then.

    Example:
        >>> numbers = [1, 3], [0, 0], [2.0, -1.0], [0.0, 5.0]
        >>> two = Copies(*map(np.array, numbers))
        >>> two.those(np.array([False, True])).offsets.tolist()
        [5.0]
    """

    channels: Array
    partners: Array
    factors: Array
    offsets: Array

    def those(self, mask: Array) -> Copies:
        """Choose some.

        Args:
            mask: ``[K]`` of bool.

        Returns:
            These alone.
        """
        fields = self.channels, self.partners, self.factors, self.offsets
        return Copies(*(field[mask] for field in fields))


def observed_copies(
    graph: Graph, seen: Observed, limits: Limits | None = None
) -> Mapping[str, Copies]:
    """Take channels that were alike on data for copies.

    Args:
        graph: The graph that was observed.
        seen: What ``observe_layers`` saw.
        limits: From which |ρ| on two channels are one.

    Returns:
        For each value that holds copies, which and how; ``prune_graph`` takes them.

    Example:
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8)))
        >>> observed_copies(Graph("g", (x,), ("x",), ()), Observed({}, {}, 1, {}))
        {}
    """
    allowed, places = limits or Limits(), observed_values(graph)
    return {
        places[layer]: _copies(
            statistics, finding.channels, finding.partners, allowed.duplicate
        )
        for layer, statistics in seen.layers.items()
        for finding in observed_findings(layer, statistics, allowed)
        if finding.fault is Fault.DUPLICATE
    }


def _copies(
    seen: ChannelStatistics,
    copies: tuple[int, ...],
    partners: tuple[int, ...],
    limit: float,
) -> Copies:
    """Fit each copy to its partner: through zero where that is as good."""
    channels, others = np.array(copies), np.array(partners)
    mean, power = seen.mean, seen.variance + seen.mean**2
    both = seen.covariance[channels, others]
    product = both + mean[channels] * mean[others]
    plain = product**2 >= limit**2 * power[channels] * power[others]
    factors = np.where(plain, product / power[others], both / seen.variance[others])
    offsets = np.where(plain, 0.0, mean[channels] - factors * mean[others])
    return Copies(channels, others, factors, offsets)


def why_not_moved(graph: Graph, value: str) -> str:
    """Say why what reads a value cannot do with fewer channels of it.

    Args:
        graph: A graph whose batch is bound.
        value: One of its values.

    Returns:
        The reason; empty where weights can take channels over.

    Example:
        >>> from depthwise.graph import Input, TensorType
        >>> x = Input("x", TensorType("float32", (1, 3, 8)))
        >>> why_not_moved(Graph("g", (x,), ("x",), ()), "x")
        "it belongs to the network's result"
    """
    if value in graph.outputs:
        return "it belongs to the network's result"
    for node in graph.consumers.get(value, ()):
        call = call_of(node, graph.types, graph.constants)
        mixed = node.inputs[0] == value and tie_of(call, 0).link is Link.MIXED
        if not mixed or value in node.inputs[1:]:
            return f"{node.op} {node.name or node.outputs[0]} reads it by itself"
        if len(graph.consumers[node.inputs[1]]) > 1:
            return f"{node.name or node.outputs[0]} shares its weights"
    return ""


def hand_over(graph: Graph, copies: Mapping[str, Copies]) -> Iterator[ReplaceArrays]:
    """Let layers read partners for copies too; copies keep the weights they have.

    With each copy taken for the constant that is left of it, results are what they
    would be if copies were exact.

    Args:
        graph: A graph whose batch is bound.
        copies: By value; all that read one must be layers with weights of their own.

    Yields:
        An edit for each layer that reads copies.
    """
    for node in graph.nodes:
        found = copies.get(node.inputs[0]) if node.inputs else None
        if found is None:
            continue
        call = call_of(node, graph.types, graph.constants)
        moved = with_inputs_moved(
            call, found.channels, found.partners, found.factors, leave=True
        )
        yield ReplaceArrays(node.scope, {node.inputs[1]: moved}, {})
