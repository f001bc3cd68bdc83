"""Timing several calls fairly: in turn, round after round, on one machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np


def interleave(
    calls: Mapping[str, Callable[[], object]],
    *,
    rounds: int = 50,
    warmup: int = 5,
) -> dict[str, list[float]]:
    """Time calls in turn A, B, C, A, B, C …, so that a slow minute slows all of them.

    Args:
        calls: What to time, by name.
        rounds: Timed calls of each, at least 1.
        warmup: Untimed calls of each, first.

    Returns:
        Seconds by name, one a round.

    Example:
        >>> len(interleave({"nothing": lambda: None}, rounds=3)["nothing"])
        3
    """
    for _ in range(warmup):
        for call in calls.values():
            call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def median_ratio(numerator: Sequence[float], denominator: Sequence[float]) -> float:
    """Compare two interleaved timings: the median of the ratios within rounds.

    Args:
        numerator: Seconds, one a round.
        denominator: Seconds of the same rounds.

    Returns:
        The median ratio.

    Example:
        >>> median_ratio([2.0, 4.0, 9.0], [1.0, 2.0, 3.0])
        2.0
    """
    return float(np.median(np.divide(numerator, denominator)))
