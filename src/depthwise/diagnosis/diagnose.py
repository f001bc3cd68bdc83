"""Put what is proven and what is observed together, layer by layer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.findings import Fault, Finding, Limits
from depthwise.diagnosis.knowledge import known_spans
from depthwise.diagnosis.layers import (
    Observed,
    falls_silent,
    observe_layers,
    observed_values,
)
from depthwise.diagnosis.links import width_of
from depthwise.diagnosis.observed import (
    directions_for,
    observed_findings,
    rank_of,
    variance_shares,
)
from depthwise.diagnosis.proven import proven_findings, unread_findings
from depthwise.diagnosis.sensors import SensorAnalysis
from depthwise.diagnosis.statistics import ChannelStatistics
from depthwise.execute import Batches, Run, run
from depthwise.graph import Graph

Array: TypeAlias = NDArray[Any]
_T = TypeVar("_T")
_PARTS = (0.9, 0.99)
_DIRECTIONS = 16  # shares of variance that JSON holds
_STILL = frozenset({Fault.DEAD, Fault.CONSTANT, Fault.SATURATED})
_USELESS = frozenset({Fault.DEAD, Fault.CONSTANT, Fault.IGNORED, Fault.ZERO_KERNEL})


@dataclass(frozen=True, eq=False)
class LayerDiagnosis:
    """What is known of one layer's channels.

    Args:
        name: The layer's name.
        scope: The user's module path.
        channels: How many it has.
        findings: What is wrong with them.
        statistics: What they did on data, or None without data.
        separable: Share of a dense kernel's energy that the best 1, 2, … separable
            terms hold; empty where there is nothing to take apart, or nobody looked.
        pays_up_to: Terms with which the sum still costs less than the layer.

    Example:
        >>> LayerDiagnosis("conv", "", 8, ()).worst
        0.0
    """

    name: str
    scope: str
    channels: int
    findings: tuple[Finding, ...]
    statistics: ChannelStatistics | None = None
    separable: tuple[float, ...] = ()
    pays_up_to: int = 0

    def share(self, fault: Fault) -> float:
        """Divide the channels with a fault by all, proven or observed.

        Args:
            fault: What is wrong.

        Returns:
            From 0 to 1.
        """
        channels = {c for f in self.findings if f.fault is fault for c in f.channels}
        return len(channels) / self.channels

    @cached_property
    def shares(self) -> Array:
        """``[C]``: the layer's variance by direction, largest first; empty unseen."""
        if self.statistics is None:
            return np.zeros(0)
        return variance_shares(self.statistics.covariance)

    @property
    def rank(self) -> float:
        """In how many directions its channels really vary; 0 without data."""
        return rank_of(self.shares)

    @property
    def worst(self) -> float:
        """Share of channels that carry nothing, or what another one carries."""
        faults = _USELESS | {Fault.DUPLICATE, Fault.SATURATED, Fault.RARE}
        channels = {c for f in self.findings if f.fault in faults for c in f.channels}
        return len(channels) / self.channels

    def to_dict(self) -> dict[str, Any]:
        """Turn the layer into plain values for JSON.

        Returns:
            Findings, and figures over its channels where there are data.
        """
        told = {
            "name": self.name,
            "scope": self.scope,
            "channels": self.channels,
            "findings": [finding.to_dict() for finding in self.findings],
            "separable_energy": list(self.separable),
            "separable_terms_that_pay": self.pays_up_to,
        }
        if self.statistics is None:
            return told
        seen = self.statistics
        return told | {
            "positions": seen.count,
            "mean": seen.mean.tolist(),
            "variance": seen.variance.tolist(),
            "firing_rate": seen.firing_rate.tolist(),
            "low": seen.low.tolist(),
            "high": seen.high.tolist(),
            "mean_absolute_correlation": _number(seen.mean_absolute_correlation),
            "effective_rank": self.rank,
            "variance_shares": self.shares[:_DIRECTIONS].tolist(),
            "directions": {
                f"{100 * part:g}%": directions_for(self.shares, part) for part in _PARTS
            },
        }


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What is known of a network's channels.

    Args:
        name: The network's name.
        layers: One entry a layer, in order.
        samples: How many samples were seen; 0 for weights alone.
        inputs: Statistics of the channels of the data themselves, by input name.
        observed: What data showed, for ``known_spans``; None without data.
        sensors: What each sensor contributes, where data are of sensors and labelled.

    Example:
        >>> Diagnosis("nothing", ()).channels
        0
    """

    name: str
    layers: tuple[LayerDiagnosis, ...]
    samples: int = 0
    inputs: Mapping[str, ChannelStatistics] = field(default_factory=dict)
    observed: Observed | None = None
    sensors: SensorAnalysis | None = None

    @property
    def channels(self) -> int:
        """Channels of all layers."""
        return sum(layer.channels for layer in self.layers)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings of all layers, in order."""
        return tuple(f for layer in self.layers for f in layer.findings)

    def share(self, fault: Fault) -> float:
        """Divide the channels with a fault by all channels.

        Args:
            fault: What is wrong.

        Returns:
            From 0 to 1.
        """
        counts = (layer.share(fault) * layer.channels for layer in self.layers)
        return sum(counts) / self.channels if self.channels else 0.0

    def worst(self, count: int = 5) -> tuple[LayerDiagnosis, ...]:
        """List the layers with the most channels that carry nothing of their own.

        Args:
            count: How many at most.

        Returns:
            Layers that have such channels, worst first.
        """
        order = sorted(self.layers, key=lambda layer: -layer.worst)
        return tuple(layer for layer in order[:count] if layer.worst)

    def to_dict(self) -> dict[str, Any]:
        """Turn the diagnosis into plain values for JSON.

        Returns:
            Totals, inputs and layers.
        """
        tally = Counter(f.fault for f in self.findings for _ in f.channels)
        return {
            "name": self.name,
            "samples": self.samples,
            "channels": self.channels,
            "faults": {str(fault): tally[fault] for fault in Fault},
            "inputs": {
                name: {"correlation": _rows(seen)} for name, seen in self.inputs.items()
            },
            "layers": [layer.to_dict() for layer in self.layers],
            "sensors": None if self.sensors is None else self.sensors.to_dict(),
        }


def diagnose_graph(
    graph: Graph,
    batches: Batches | None = None,
    *,
    execute: Run = run,
    limits: Limits | None = None,
) -> Diagnosis:
    """Find channels that carry nothing, or what others carry too.

    Args:
        graph: Any graph that verifies.
        batches: Arrays ``[n, C, *spatial]``, streamed once; None for weights alone.
        execute: What runs the graph.
        limits: From where on something is a finding.

    Returns:
        The diagnosis.

    Raises:
        DataError: If batches are given and there is none.

    Example:
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8)))
        >>> diagnose_graph(Graph("g", (x,), ("x",), ())).findings
        ()
    """
    proven, places = proven_findings(graph), observed_values(graph)
    seen = Observed({}, {}, 0, {})
    if batches is not None:
        seen = observe_layers(graph, batches, execute)
    allowed = limits or Limits()
    known = known_spans(graph, seen, allowed)
    unread = unread_findings(graph, known) if seen.samples else ()
    layers = []
    for node in graph.nodes:
        name = node.name or node.outputs[0]
        if name not in places:
            continue
        own = tuple(f for f in proven if f.layer == name)
        statistics = seen.layers.get(name)
        if statistics is not None:
            silent = falls_silent(graph, places[name])
            fresh = observed_findings(name, statistics, allowed, silent=silent)
            fresh += tuple(f for f in unread if f.layer == name)
            own += tuple(_beyond(own, fresh))
        width = width_of(graph.types[node.outputs[0]].shape)
        layers.append(LayerDiagnosis(name, node.scope, width, own, statistics))
    return Diagnosis(graph.name, tuple(layers), seen.samples, seen.inputs, seen)


def _beyond(proven: tuple[Finding, ...], fresh: Iterable[Finding]) -> Iterator[Finding]:
    """Leave out what was observed of channels of which as much is proven."""
    still = {c for f in proven if f.fault in _STILL for c in f.channels}
    told = {f.fault: set(f.channels) for f in proven}
    for finding in fresh:
        known = still if finding.fault in _STILL else told.get(finding.fault, set())
        rows = [i for i, c in enumerate(finding.channels) if c not in known]
        if rows:
            yield replace(
                finding,
                channels=_rows_of(finding.channels, rows),
                numbers=_rows_of(finding.numbers, rows),
                partners=_rows_of(finding.partners, rows),
                scales=_rows_of(finding.scales, rows),
            )


def _rows_of(values: tuple[_T, ...], rows: list[int]) -> tuple[_T, ...]:
    return tuple(values[row] for row in rows) if values else ()


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _rows(seen: ChannelStatistics) -> list[list[float | None]]:
    return [[_number(value) for value in row] for row in seen.correlation.tolist()]
