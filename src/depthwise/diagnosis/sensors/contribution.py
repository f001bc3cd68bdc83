"""What each sensor contributes: how much accuracy is lost without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.sensors.names import Sensors
from depthwise.errors import DataError

Array: TypeAlias = NDArray[Any]
Predict: TypeAlias = Callable[[Array], Array]
"""From samples ``[n, C, *spatial]`` to scores ``[n, classes]``."""

DRAWS = 1000


class Way(StrEnum):
    """How a sensor is taken away.

    Example:
        >>> Way("frozen") is Way.FROZEN
        True
    """

    MEAN = "mean"
    """It reads its mean all the time."""
    PERMUTED = "permuted"
    """It reads what it read in another sample."""
    FROZEN = "frozen"
    """It is stuck at its first reading of each sample."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval.

    Args:
        value: The figure.
        low: Lower end.
        high: Upper end.

    Example:
        >>> Estimate(0.1, 0.05, 0.2).sure
        True
    """

    value: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Contribution:
    """What is lost without a sensor.

    Args:
        sensor: Its name.
        way: How it was taken away.
        drop: Share of samples that are right no more, net of those that became right.
    """

    sensor: str
    way: Way
    drop: Estimate


@dataclass(frozen=True, slots=True)
class PairEffect:
    """What is lost without two sensors, beyond what is lost without each.

    Args:
        sensors: Their names.
        drop: Loss of accuracy without both.
        beyond: That less both single losses: above zero where each stands in for the
            other, below where each is worth little without the other.
    """

    sensors: tuple[str, str]
    drop: Estimate
    beyond: Estimate


@dataclass(frozen=True, eq=False)
class Trial:
    """Labelled samples, what predicts them, and how figures are drawn again.

    Args:
        predict: From samples to scores.
        inputs: ``[n, C, *spatial]``.
        labels: ``[n]``, indices of classes.
        clusters: Which person or recording each sample is of, ``[n]``: whole clusters
            are drawn. None draws samples.
        repeats: How many permutations are averaged.
        seed: Of permutations and draws.

    Raises:
        DataError: If there is no sample, or not one label a sample.
    """

    predict: Predict
    inputs: Array
    labels: Array
    clusters: Array | None = None
    repeats: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        if not len(self.inputs) or len(self.inputs) != len(self.labels):
            counts = f"{len(self.inputs)} samples and {len(self.labels)} labels"
            raise DataError(f"a contribution needs a label a sample; got {counts}")

    def right(self) -> Array:
        """``[n]``: 1 where a sample is right with every sensor there."""
        return self._right(self.inputs)

    def right_without(self, channels: Sequence[int], way: Way) -> Array:
        """Score the samples with some channels taken away.

        Args:
            channels: Which ones.
            way: How.

        Returns:
            ``[n]``: how often each sample is right, 0 to 1.
        """
        times = self.repeats if way is Way.PERMUTED else 1
        rng = np.random.default_rng(self.seed)
        made = (take_away(self.inputs, channels, way, rng) for _ in range(times))
        return np.asarray(np.mean([self._right(inputs) for inputs in made], axis=0))

    def estimate(self, values: Array) -> Estimate:
        """Average over samples, with a percentile bootstrap interval.

        Args:
            values: ``[n]``.

        Returns:
            The mean and its 95 % interval.
        """
        place = np.arange(len(values))
        if self.clusters is not None:
            place = np.unique(self.clusters, return_inverse=True)[1]
        sums, counts = np.bincount(place, values), np.bincount(place)
        rng = np.random.default_rng(self.seed)
        drawn = rng.integers(len(counts), size=(DRAWS, len(counts)))
        means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        return Estimate(float(values.mean()), float(low), float(high))

    def _right(self, inputs: Array) -> Array:
        return np.asarray(self.predict(inputs).argmax(axis=1) == self.labels, float)


def take_away(
    inputs: Array, channels: Sequence[int], way: Way, rng: np.random.Generator
) -> Array:
    """Replace what some channels say by something that says nothing.

    Args:
        inputs: ``[n, C, *spatial]``.
        channels: Which ones; they are permuted together.
        way: How.
        rng: Draws the permutation.

    Returns:
        A copy.

    Example:
        >>> x = np.array([[[1.0, 3.0]], [[5.0, 7.0]]])
        >>> take_away(x, [0], Way.MEAN, np.random.default_rng(0)).ravel().tolist()
        [4.0, 4.0, 4.0, 4.0]
        >>> take_away(x, [0], Way.FROZEN, np.random.default_rng(0)).ravel().tolist()
        [1.0, 1.0, 5.0, 5.0]
    """
    changed, chosen = inputs.copy(), list(channels)
    if way is Way.MEAN:
        axes = (0, *range(2, inputs.ndim))
        changed[:, chosen] = inputs[:, chosen].mean(axis=axes, keepdims=True)
    elif way is Way.FROZEN:
        changed[:, chosen] = inputs[:, chosen, ..., :1]
    else:
        changed[:, chosen] = inputs[rng.permutation(len(inputs))][:, chosen]
    return changed


def contributions(
    trial: Trial, sensors: Sensors, ways: Sequence[Way] = tuple(Way)
) -> tuple[Contribution, ...]:
    """Take each sensor away in each way, and see how much accuracy goes with it.

    Args:
        trial: The samples.
        sensors: Channels by sensor.
        ways: How to take them away.

    Returns:
        One entry a sensor and way, in order.

    Source:
        Breiman 2001, "Random forests", section 10 (permutation).

    Example:
        >>> x = np.array([[[1.0], [0.0]], [[-1.0], [0.0]]] * 8)
        >>> trial = Trial(lambda x: x[:, 0] * [1.0, -1.0], x, np.array([0, 1] * 8))
        >>> found = contributions(trial, {"a": (0,), "b": (1,)}, [Way.MEAN])
        >>> [(entry.sensor, entry.drop.value) for entry in found]
        [('a', 0.5), ('b', 0.0)]
    """
    whole = trial.right()
    return tuple(
        Contribution(
            name, way, trial.estimate(whole - trial.right_without(channels, way))
        )
        for name, channels in sensors.items()
        for way in ways
    )


def pair_effects(
    trial: Trial, sensors: Sensors, way: Way = Way.PERMUTED
) -> tuple[PairEffect, ...]:
    """Take pairs of sensors away, to see which matter together.

    Args:
        trial: The samples.
        sensors: Channels by sensor.
        way: How to take them away.

    Returns:
        One entry a pair, largest departure from the sum of both first.

    Example:
        >>> x = np.array([[[1.0], [1.0]], [[-1.0], [-1.0]]] * 8)
        >>> trial = Trial(lambda x: x.sum(axis=1) * [1, -1], x, np.array([0, 1] * 8))
        >>> found = pair_effects(trial, {"a": (0,), "b": (1,)}, Way.MEAN)[0]
        >>> found.drop.value, found.beyond.value
        (0.5, 0.5)
    """
    whole = trial.right()
    lost = {n: whole - trial.right_without(c, way) for n, c in sensors.items()}
    found = []
    for a, b in combinations(sensors, 2):
        both = whole - trial.right_without((*sensors[a], *sensors[b]), way)
        beyond = trial.estimate(both - lost[a] - lost[b])
        found.append(PairEffect((a, b), trial.estimate(both), beyond))
    return tuple(sorted(found, key=lambda pair: -abs(pair.beyond.value)))
