"""Mean, deviation and correlation of channels, in one pass and constant memory.

Batches are merged pairwise, so that a large common offset costs no digits.

Source: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing
sample variances", 1979, equations 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depthwise.data.dataset import Array, Indices, Inputs

BATCH_BYTES: Final = 16 << 20


@dataclass(frozen=True, eq=False)
class ChannelStatistics:
    """Moments of the channels over everything seen so far.

    Args:
        count: Values a channel.
        mean: float64 ``[C]``.
        scatter: Sums of products of deviations, float64 ``[C, C]``.
        low: Smallest values, float64 ``[C]``.
        high: Largest values, float64 ``[C]``.

    Example:
        >>> seen = ChannelStatistics.of(np.array([[[1.0, 3.0], [2.0, 6.0]]]))
        >>> seen.mean.tolist(), seen.std.tolist()
        ([2.0, 4.0], [1.0, 2.0])
        >>> seen.correlation.round(6).tolist()
        [[1.0, 1.0], [1.0, 1.0]]
    """

    count: int
    mean: Array
    scatter: Array
    low: Array
    high: Array

    @classmethod
    def of(cls, batch: Array) -> ChannelStatistics:
        """Measure one batch.

        Args:
            batch: ``[n, C, …]`` with at least one value a channel.

        Returns:
            Its moments.
        """
        rows = np.moveaxis(np.asarray(batch, np.float64), 1, 0)
        rows = rows.reshape(rows.shape[0], -1)
        mean = rows.mean(axis=1)
        low, high = rows.min(axis=1), rows.max(axis=1)
        # Infinite values make NaN here, and whoever asks for the moments sees it.
        with np.errstate(invalid="ignore"):
            rows = rows - mean[:, None]
            scatter = rows @ rows.T
        return cls(rows.shape[1], mean, scatter, low, high)

    def merge(self, other: ChannelStatistics) -> ChannelStatistics:
        """Combine with the moments of other values of the same channels.

        Args:
            other: Those moments.

        Returns:
            The moments of both together.
        """
        count = self.count + other.count
        delta = other.mean - self.mean
        cross = np.outer(delta, delta) * (self.count * other.count / count)
        return ChannelStatistics(
            count,
            self.mean + delta * (other.count / count),
            self.scatter + other.scatter + cross,
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
        )

    @property
    def std(self) -> Array:
        """Population standard deviation, ``[C]``."""
        return np.sqrt(np.diag(self.scatter) / self.count)

    @property
    def constant(self) -> Array:
        """Which channels never change, bool ``[C]``."""
        return np.asarray(self.low == self.high)

    @property
    def correlation(self) -> Array:
        """Correlation of channels, ``[C, C]``; NaN beside a constant channel."""
        root = np.sqrt(np.diag(self.scatter))
        scale = np.where(self.constant, np.nan, root)
        return np.asarray(np.clip(self.scatter / np.outer(scale, scale), -1, 1))


def batches(inputs: Inputs, indices: Indices | None = None) -> Iterator[Array]:
    """Read samples in order, a bounded number of bytes at a time.

    Args:
        inputs: ``[n, C, …]``.
        indices: Which samples; all if None.

    Yields:
        Arrays ``[b, C, …]`` of at most 16 MiB as float64, or one sample.
    """
    count = len(inputs) if indices is None else len(indices)
    sample = 8 * int(np.prod(inputs.shape[1:]))
    size = max(1, BATCH_BYTES // max(sample, 1))
    for start in range(0, count, size):
        stop = min(start + size, count)
        chosen = slice(start, stop) if indices is None else indices[start:stop]
        yield np.asarray(inputs[chosen])


def measure_channels(
    inputs: Inputs, indices: Indices | None = None
) -> ChannelStatistics:
    """Measure the channels of samples that may not fit into memory.

    Args:
        inputs: ``[n, C, …]``.
        indices: Which samples; all if None.

    Returns:
        Moments over all of them.

    Example:
        >>> measure_channels(np.ones((5, 2, 7)), np.array([0, 3])).count
        14
    """
    parts = (ChannelStatistics.of(batch) for batch in batches(inputs, indices))
    total = next(parts)
    for part in parts:
        total = total.merge(part)
    return total
