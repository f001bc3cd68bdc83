"""Correlation between sensors, at once and with one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.sensors.names import Sensors
from depthwise.errors import DataError

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Lagged:
    """Correlation of every two channels at every lag.

    Args:
        correlation: ``[lags + 1, C, C]``: at ``[k, i, j]`` that of channel i with
            channel j, k samples later; NaN beside a channel that never changes.

    Example:
        >>> Lagged(np.array([[[1.0, 0.2], [0.2, 1.0]]])).strongest(0, 1)
        (0.2, 0)
    """

    correlation: Array

    def strongest(self, first: int, second: int) -> tuple[float, int]:
        """Find the lag at which two channels are most alike.

        Args:
            first: A channel.
            second: Another.

        Returns:
            ρ, and by how many samples the second is later (negative: earlier).
        """
        ahead = self.correlation[:, first, second]
        behind = self.correlation[1:, second, first]
        both = np.concatenate([behind[::-1], ahead])
        if np.isnan(both).all():
            return float("nan"), 0
        best = int(np.nanargmax(np.abs(both)))
        return float(both[best]), best - len(behind)


def lagged_correlation(batches: Iterable[Array], lags: int) -> Lagged:
    """Correlate every two channels, one of them later, within each window.

    Args:
        batches: Windows ``[n, C, L]``, streamed once.
        lags: The largest lag in samples, below L.

    Returns:
        The correlations; means and deviations are those of all windows.

    Raises:
        DataError: If there is no window, or the lag is not shorter than a window.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(40, 1, 64))
        >>> pair = np.concatenate([x, np.roll(x, 3, axis=2)], axis=1)
        >>> found = lagged_correlation([pair], 5).strongest(0, 1)
        >>> round(found[0], 1), found[1]
        (1.0, 3)
    """
    number, length, shift = 0, 0, np.zeros(1)
    totals = [_Products() for _ in range(lags + 1)]
    for batch in batches:
        windows = np.asarray(batch, np.float64)
        _check(windows, lags)
        if not number:
            shift = windows.mean(axis=(0, 2), keepdims=True)
        number, length = number + len(windows), windows.shape[2]
        for lag, total in enumerate(totals):
            total.add(windows - shift, lag)
    if not number:
        raise DataError("a correlation needs at least one window; got none")
    mean = totals[0].early / (number * length)
    found = [
        total.centred(mean, number * (length - lag)) for lag, total in enumerate(totals)
    ]
    spread = np.sqrt(np.diagonal(found[0]))
    spread = np.where(spread > 1e-9 * (np.abs(shift).ravel() + 1), spread, np.nan)
    return Lagged(np.clip(np.stack(found) / np.outer(spread, spread), -1, 1))


@dataclass
class _Products:
    """Sums over early and late parts of windows, and over their products."""

    early: Array = field(default_factory=lambda: np.zeros(1))
    late: Array = field(default_factory=lambda: np.zeros(1))
    both: Array = field(default_factory=lambda: np.zeros((1, 1)))

    def add(self, windows: Array, lag: int) -> None:
        early = windows[:, :, : windows.shape[2] - lag]
        late = windows[:, :, lag:]
        self.early = self.early + early.sum(axis=(0, 2))
        self.late = self.late + late.sum(axis=(0, 2))
        products = np.einsum("ncl,ndl->cd", early, late, optimize=True)
        self.both = self.both + products

    def centred(self, mean: Array, count: int) -> Array:
        rest = np.outer(self.early, mean) + np.outer(mean, self.late)
        return np.asarray((self.both - rest) / count + np.outer(mean, mean))


def _check(windows: Array, lags: int) -> None:
    if windows.ndim != 3:
        raise DataError(f"windows must be [n, C, L]; got {list(windows.shape)}")
    if not 0 <= lags < windows.shape[2]:
        msg = f"a lag must be shorter than a window; got {lags} of {windows.shape[2]}"
        raise DataError(msg)


@dataclass(frozen=True, slots=True)
class Closeness:
    """How alike channels are, within sensors and across them.

    Args:
        within: Mean |ρ| over pairs of one sensor's channels; None without a pair.
        across: Mean |ρ| over pairs of different sensors' channels, or None.
    """

    within: float | None
    across: float | None


def closeness(correlation: Array, sensors: Sensors) -> Closeness:
    """Compare correlation within sensors with that across them.

    Args:
        correlation: ``[C, C]``, NaN beside constant channels.
        sensors: Channels by sensor.

    Returns:
        Both means.

    Example:
        >>> rho = np.array([[1.0, 0.8, 0.1], [0.8, 1.0, 0.3], [0.1, 0.3, 1.0]])
        >>> closeness(rho, {"a": (0, 1), "b": (2,)})
        Closeness(within=0.8, across=0.2)
    """
    owner = np.zeros(len(correlation), int)
    for number, channels in enumerate(sensors.values()):
        owner[list(channels)] = number
    first, second = np.triu_indices(len(correlation), 1)
    values = np.abs(correlation[first, second])
    same = owner[first] == owner[second]
    return Closeness(_mean(values[same]), _mean(values[~same]))


def _mean(values: Array) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None
