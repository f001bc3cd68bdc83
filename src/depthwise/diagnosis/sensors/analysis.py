"""All that is said of sensors, in one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.sensors.contribution import (
    Contribution,
    PairEffect,
    Trial,
    Way,
    contributions,
    pair_effects,
)
from depthwise.diagnosis.sensors.lags import (
    Closeness,
    Lagged,
    closeness,
    lagged_correlation,
)
from depthwise.diagnosis.sensors.mixing import Mixing, mixing_profiles
from depthwise.diagnosis.sensors.names import Sensors, each_channel, sensors_of
from depthwise.execute import Run
from depthwise.graph import Graph

Array: TypeAlias = NDArray[Any]
LAGS = 16
PAIRED = 8
"""Sensors of which every pair is taken away, at most: those that lose the most."""


@dataclass(frozen=True, eq=False)
class SensorAnalysis:
    """What the sensors are to one another, and to a network.

    Args:
        channels: Names of the channels.
        sensors: Channels by sensor.
        samples: How many samples were looked at.
        accuracy: Share of them that the network gets right.
        lagged: Correlation between channels at lags.
        closeness: Correlation within and across sensors.
        contributions: What is lost without each channel, and without each sensor of
            several channels.
        pairs: What is lost without two channels beyond what is lost without each.
        mixing: How each layer's filters mix the channels.
    """

    channels: tuple[str, ...]
    sensors: Sensors
    samples: int
    accuracy: float
    lagged: Lagged
    closeness: Closeness
    contributions: tuple[Contribution, ...]
    pairs: tuple[PairEffect, ...]
    mixing: tuple[Mixing, ...]

    def to_dict(self) -> dict[str, Any]:
        """Turn the analysis into plain values for JSON.

        Returns:
            Every figure by name.
        """
        return {
            "channels": list(self.channels),
            "sensors": {name: list(c) for name, c in self.sensors.items()},
            "samples": self.samples,
            "accuracy": self.accuracy,
            "correlation_within_sensors": self.closeness.within,
            "correlation_across_sensors": self.closeness.across,
            "lagged_correlation": _without_nan(self.lagged.correlation),
            "strongest_lags": [
                {"channels": [a, b], "correlation": rho, "lag": lag}
                for a, b, rho, lag in self.strongest_lags()
            ],
            "contributions": [asdict(entry) for entry in self.contributions],
            "pairs": [asdict(entry) for entry in self.pairs],
            "mixing": [entry.to_dict() for entry in self.mixing],
        }

    def strongest_lags(self) -> list[tuple[str, str, float, int]]:
        """List pairs of channels, most alike first.

        Returns:
            Both names, ρ, and by how many samples the second is later then.
        """
        found = []
        for i, j in combinations(range(len(self.channels)), 2):
            rho, lag = self.lagged.strongest(i, j)
            if not np.isnan(rho):
                found.append((self.channels[i], self.channels[j], rho, lag))
        return sorted(found, key=lambda entry: -abs(entry[2]))


def analyse_sensors(
    graph: Graph,
    trial: Trial,
    channels: Sequence[str],
    execute: Run,
    *,
    ways: Sequence[Way] = tuple(Way),
) -> SensorAnalysis:
    """Find what each sensor contributes, which matter together, and who mixes them.

    Args:
        graph: A classifier of one input ``[N, C, L]``.
        trial: Samples, labels and what predicts them.
        channels: Names of the channels, ``[C]``.
        execute: What runs the graph.
        ways: How sensors are taken away.

    Returns:
        The analysis.

    Raises:
        DataError: If there are fewer than two samples.
    """
    singles, sensors = each_channel(channels), sensors_of(channels)
    joined = {name: found for name, found in sensors.items() if len(found) > 1}
    lost = contributions(trial, {**singles, **joined}, ways)
    order = sorted(singles, key=lambda name: -_largest(lost, name))
    paired = {name: singles[name] for name in singles if name in order[:PAIRED]}
    lagged = lagged_correlation([trial.inputs], min(LAGS, trial.inputs.shape[2] - 1))
    return SensorAnalysis(
        channels=tuple(channels),
        sensors=sensors,
        samples=len(trial.inputs),
        accuracy=float(trial.right().mean()),
        lagged=lagged,
        closeness=closeness(lagged.correlation[0], sensors),
        contributions=lost,
        pairs=pair_effects(trial, paired),
        mixing=mixing_profiles(graph, trial.inputs, singles, execute, seed=trial.seed),
    )


def _largest(lost: Sequence[Contribution], name: str) -> float:
    return max(entry.drop.value for entry in lost if entry.sensor == name)


def _without_nan(values: Array) -> Any:
    plain = values.astype(object)
    plain[np.isnan(values)] = None
    return plain.tolist()
