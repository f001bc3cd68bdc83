"""What rounds of timings say: which to keep, and how sure a ratio is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEADY = 0.97
"""Share of the usual peak below which something else was using the machine."""

USUAL = 0.75
"""Quantile of the peaks that is the usual one. The best of hundreds is a lucky moment
of the clock: on a virtual machine whose clock wanders by 10 % it left 1 round in 20."""

_DRAWS = 2000


@dataclass(frozen=True)
class Ratio:
    """How many times as fast, with what rounds leave open.

    Args:
        median: Over rounds.
        low: Lower end of the 95 % interval.
        high: Its upper end.

    Example:
        >>> Ratio(1.2, 1.1, 1.3).low
        1.1
    """

    median: float
    low: float
    high: float


def steady_rounds(peaks: Sequence[float]) -> NDArray[np.bool_]:
    """Tell which rounds ran undisturbed: those not far below the upper quartile.

    Args:
        peaks: Peak of the machine, measured in each round.

    Returns:
        A flag a round; the best one is always kept.

    Example:
        >>> steady_rounds([100.0, 98.0, 60.0]).tolist()
        [True, True, False]
    """
    values = np.asarray(peaks, float)
    kept: NDArray[np.bool_] = values >= STEADY * np.quantile(values, USUAL)
    return kept


def ratio_of(numerator: Sequence[float], denominator: Sequence[float]) -> Ratio:
    """Compare timings of the same rounds: median of ratios within rounds.

    Args:
        numerator: Seconds, one a round; NaN where it had no turn.
        denominator: Seconds of the same rounds.

    Returns:
        The median ratio with a 95 % bootstrap interval; the same draws every time.

    Example:
        >>> ratio_of([2.0, 4.0, 9.0], [1.0, 2.0, 3.0]).median
        2.0
    """
    ratios = np.divide(numerator, denominator)
    ratios = ratios[~np.isnan(ratios)]
    draws = np.random.default_rng(0).choice(ratios, (_DRAWS, len(ratios)))
    low, high = np.quantile(np.median(draws, axis=1), (0.025, 0.975))
    return Ratio(float(np.median(ratios)), float(low), float(high))


def best_of(seconds: Mapping[str, Sequence[float]]) -> str:
    """Name the runtime with the lowest median.

    Args:
        seconds: Timings by name; NaN where it had no turn.

    Returns:
        The name.

    Example:
        >>> best_of({"a": [3.0, 1.0, 2.0], "b": [1.5, 1.5, 9.0]})
        'b'
    """
    return min(seconds, key=lambda name: float(np.nanmedian(seconds[name])))


def hopeless(
    seconds: Mapping[str, Sequence[float]], *, trial: int = 10, times: float = 1.5
) -> set[str]:
    """Name runtimes that cannot be the best: even their fastest turn is far behind.

    Args:
        seconds: Timings by name, one a round; NaN where it had no turn.
        trial: Rounds that all take part in before anything is said.
        times: How many times as long as the lowest median.

    Returns:
        Their names; never the best one.

    Example:
        >>> hopeless({"a": [1.0, 1.1], "b": [1.6, 9.0], "c": [1.2, 9.0]}, trial=2)
        {'b'}
    """
    if min(len(row) for row in seconds.values()) < trial:
        return set()
    bound = times * float(np.nanmedian(seconds[best_of(seconds)]))
    return {name for name, row in seconds.items() if np.nanmin(row) > bound}
