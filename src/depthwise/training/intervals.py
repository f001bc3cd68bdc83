"""How sure a figure is: bootstrap intervals and paired differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from depthwise.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Student's t, two-sided 95 %, for 1 to 30 degrees of freedom.
STUDENT = (
    *(12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281),
    *(2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860),
    *(2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423),
)
NORMAL = 1.959964


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval.

    Args:
        value: The figure.
        low: Lower end.
        high: Upper end.

    Example:
        >>> Interval(0.9, 0.87, 0.93).low
        0.87
    """

    value: float
    low: float
    high: float


def bootstrap(
    right: ArrayLike,
    *,
    clusters: NDArray[Any] | None = None,
    draws: int = 2000,
    seed: int = 0,
) -> Interval:
    """Find the 95 % interval of a mean, such as an accuracy.

    Windows of one recording, and recordings of one person, are alike: name them as
    clusters, and whole clusters are drawn, which gives the wider, honest interval.

    Args:
        right: A number for each example, such as whether it is right, [n].
        clusters: Which cluster each example is from, [n]; None draws examples.
        draws: How often the sample is drawn again.
        seed: Of the draws.

    Returns:
        The mean and its percentile interval.

    Raises:
        DataError: No examples.

    Source:
        Efron (1979); Davison and Hinkley (1997), section 3.8 on clusters.

    Example:
        >>> found = bootstrap([1, 1, 1, 0] * 25)
        >>> found.value, 0.6 < found.low < 0.7, 0.8 < found.high < 0.9
        (0.75, True, True)
    """
    values = np.asarray(right, dtype=np.float64)
    if values.ndim != 1 or values.size == 0:
        raise DataError(
            f"an interval needs a list of at least one number; got {values.shape}"
        )
    place = np.arange(len(values))
    if clusters is not None:
        place = np.unique(clusters, return_inverse=True)[1]
    sums, counts = np.bincount(place, weights=values), np.bincount(place)
    rng = np.random.default_rng(seed)
    size = len(counts)
    means = np.empty(draws)
    for number in range(draws):
        chosen = rng.integers(size, size=size)
        means[number] = sums[chosen].sum() / counts[chosen].sum()
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(values.mean()), float(low), float(high))


def paired_difference(first: ArrayLike, second: ArrayLike) -> Interval:
    """Compare two variants that were trained on the same folds and seeds.

    Runs of one fold share their test people, so they are not independent: seeds are
    averaged first, and the interval is Student's over folds. With one fold it is over
    seeds and says nothing about other people.

    Args:
        first: A figure for each run, [folds, seeds] or [runs].
        second: The same of the other variant.

    Returns:
        Mean of first - second and its 95 % interval; infinite for one run.

    Raises:
        DataError: The two do not have the same shape.

    Source:
        Student (1908); Bengio and Grandvalet (2004) on folds that are not independent.

    Example:
        >>> ours, theirs = [[0.9, 0.8], [0.7, 0.8]], [[0.8, 0.8], [0.7, 0.6]]
        >>> found = paired_difference(ours, theirs)
        >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
        (0.075, -0.243, 0.393)
    """
    ours, theirs = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if ours.shape != theirs.shape or ours.ndim not in {1, 2} or ours.size == 0:
        raise DataError(
            "paired figures must be two equal tables [folds, seeds]; "
            f"got {list(ours.shape)} and {list(theirs.shape)}"
        )
    gaps = ours - theirs
    if gaps.ndim == 2:
        gaps = gaps.mean(axis=1) if gaps.shape[0] > 1 else gaps[0]
    value, count = float(gaps.mean()), len(gaps)
    if count == 1:
        return Interval(value, float("-inf"), float("inf"))
    half = student(count - 1) * float(gaps.std(ddof=1)) / count**0.5
    return Interval(value, value - half, value + half)


def student(freedom: int) -> float:
    """Find how many standard errors a two-sided 95 % interval reaches.

    Args:
        freedom: Degrees of freedom, at least 1.

    Returns:
        The quantile of Student's t: from the table, or beyond it from the normal one
        by three terms of its expansion, which is right to five decimals there.

    Source:
        Abramowitz and Stegun (1964), 26.7.5.

    Example:
        >>> student(1), round(student(39), 4)
        (12.7062, 2.0227)
    """
    if freedom <= len(STUDENT):
        return STUDENT[freedom - 1]
    z = NORMAL
    first = (z**3 + z) / (4 * freedom)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    return z + first + second + third
