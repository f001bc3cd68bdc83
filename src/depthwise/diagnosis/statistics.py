"""Statistics of channels, streamed: one pass, memory independent of the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthwise.errors import DataError, GeometryError

Array = NDArray[Any]


@dataclass(frozen=True)
class ChannelStatistics:
    """What is known of a layer's channels after some data has passed.

    Args:
        count: Positions seen a channel: samples times places.
        mean: ``[C]``.
        scatter: ``[C, C]``, the sum of products of deviations from the mean.
        fired: ``[C]``, how many positions were above zero.
        low: ``[C]``, the smallest value seen.
        high: ``[C]``, the largest value seen.
        at_low: ``[C]``, how many positions had the smallest value seen.
        at_high: ``[C]``, how many positions had the largest value seen.

    Example:
        >>> stats = observe(np.array([[[1.0, 3.0], [0.0, 0.0]]]))
        >>> stats.mean.tolist(), stats.firing_rate.tolist()
        ([2.0, 0.0], [1.0, 0.0])
    """

    count: int
    mean: Array
    scatter: Array
    fired: Array
    low: Array
    high: Array
    at_low: Array
    at_high: Array

    @property
    def rectified(self) -> bool:
        """Whether no channel was ever below zero."""
        return bool((self.low >= 0).all())

    @property
    def flat_share(self) -> Array:
        """``[C]``: share of positions at the ends; beyond zero for a rectifier.

        A rectifier's zeros are silence, which the firing rate says; what counts here
        is the upper end of what is clipped, and either end of what is not rectified.
        An end that was met once is no flat part.
        """
        low = np.where(self.low == 0, 0, np.maximum(self.at_low - 1, 0))
        ends = low + np.maximum(self.at_high - 1, 0)
        return np.asarray(np.minimum(ends, self.count) / self.count)

    @property
    def covariance(self) -> Array:
        """``[C, C]``: the population covariance between channels."""
        return np.asarray(self.scatter / self.count)

    @property
    def variance(self) -> Array:
        """``[C]``: the population variance of each channel."""
        return np.asarray(np.diagonal(self.covariance))

    @property
    def firing_rate(self) -> Array:
        """``[C]``: share of positions above zero, from 0 to 1."""
        return np.asarray(self.fired / self.count)

    @property
    def dead(self) -> Array:
        """``[C]``: True where a channel was zero at every position seen."""
        return np.asarray((self.low == 0) & (self.high == 0))

    @property
    def constant(self) -> Array:
        """``[C]``: True where a channel had one value at every position seen."""
        return np.asarray(self.low == self.high)

    @property
    def correlation(self) -> Array:
        """``[C, C]``: Pearson's ρ; NaN beside a constant channel, which has none."""
        spread = np.sqrt(np.where(self.constant, np.nan, self.variance))
        ratio = self.covariance / np.outer(spread, spread)
        return np.asarray(np.clip(ratio, -1, 1))

    @property
    def mean_absolute_correlation(self) -> float:
        """Mean of |ρ| over pairs of different channels; NaN without a pair."""
        above = np.abs(self.correlation[np.triu_indices(len(self.mean), 1)])
        known = above[~np.isnan(above)]
        return float(known.mean()) if known.size else float("nan")

    def __add__(self, other: ChannelStatistics) -> ChannelStatistics:
        if self.mean.shape != other.mean.shape:
            msg = f"channels must match; got {self.mean.size} and {other.mean.size}"
            raise GeometryError(msg)
        total = self.count + other.count
        gap = other.mean - self.mean
        scatter = np.outer(gap, gap * (self.count * other.count / total))
        scatter += self.scatter
        scatter += other.scatter
        return ChannelStatistics(
            count=total,
            mean=self.mean + gap * (other.count / total),
            scatter=scatter,
            fired=self.fired + other.fired,
            low=np.minimum(self.low, other.low),
            high=np.maximum(self.high, other.high),
            at_low=_at_end(self.low, self.at_low, other.low, other.at_low, np.less),
            at_high=_at_end(
                self.high, self.at_high, other.high, other.at_high, np.greater
            ),
        )


def observe(values: Array, what: str = "values") -> ChannelStatistics:
    """Take the statistics of one batch; add the results of several.

    Products are taken in the batch's own precision, on deviations from its mean, and
    summed over batches in float64.

    Args:
        values: ``[n, C, *spatial]``, finite, at least one position.
        what: What they are of, for messages.

    Returns:
        Its statistics in float64.

    Raises:
        DataError: If there is no position, or a value is not finite.

    Source:
        Chan, Golub, LeVeque 1983, "Algorithms for computing the sample variance",
        equation 2.1 (merging).

    Example:
        >>> halves = observe(np.ones((2, 3, 4))) + observe(np.zeros((2, 3, 4)))
        >>> halves.mean.tolist(), halves.variance.tolist()
        ([0.5, 0.5, 0.5], [0.25, 0.25, 0.25])
    """
    channels = values.shape[1]
    flat = np.moveaxis(values, 1, 0).reshape(channels, -1)
    if flat.size == 0:
        raise DataError(f"{what} must have a value; got shape {values.shape}")
    low, high = flat.min(axis=1), flat.max(axis=1)
    broken = np.flatnonzero(~(np.isfinite(low) & np.isfinite(high)))
    if broken.size:
        msg = f"{what} must be finite; got NaN or infinity in channel {broken[0]}"
        raise DataError(msg)
    mean = flat.mean(axis=1, dtype=np.float64)
    # A power of two changes no digit, and keeps squares within the range of float32.
    reach = np.maximum(high - mean, mean - low)
    size = np.ldexp(1.0, np.frexp(np.where(reach > 0, reach, 1))[1])
    centred = flat - mean[:, None].astype(flat.dtype)
    centred *= (1 / size)[:, None].astype(flat.dtype)
    return ChannelStatistics(
        count=flat.shape[1],
        mean=mean,
        scatter=(centred @ centred.T).astype(np.float64) * np.outer(size, size),
        fired=np.count_nonzero(flat > 0, axis=1).astype(np.int64),
        low=low.astype(np.float64),
        high=high.astype(np.float64),
        at_low=np.count_nonzero(flat == low[:, None], axis=1).astype(np.int64),
        at_high=np.count_nonzero(flat == high[:, None], axis=1).astype(np.int64),
    )


def _at_end(
    mine: Array, count: Array, theirs: Array, other: Array, beyond: np.ufunc
) -> Array:
    """Count positions at the further end; of both where the ends are equal."""
    equal = np.where(mine == theirs, count + other, other)
    return np.asarray(np.where(beyond(mine, theirs), count, equal))
