"""Units, which no split divides, and how a share of them is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depthwise.data.dataset import Dataset, Indices


def units_of(dataset: Dataset, rows: Indices) -> tuple[Indices, Indices]:
    """Find the units of some samples, and the strata of the units.

    Args:
        dataset: The samples; their units are groups, else recordings, else samples.
        rows: Which samples.

    Returns:
        The unit of each of those samples, and the stratum of each unit: its class where
        every unit holds one class, else 0 for all.

    Example:
        >>> from depthwise.data.dataset import Dataset
        >>> data = Dataset(np.zeros((4, 1, 8)), np.array([0, 0, 1, 1]),
        ...     classes=("a", "b"), channels=("x",), name="toy",
        ...     recordings=np.array(["p", "p", "q", "r"]))
        >>> [part.tolist() for part in units_of(data, np.arange(4))]
        [[0, 0, 1, 2], [0, 1, 1]]
    """
    names = dataset.recordings if dataset.groups is None else dataset.groups
    owner = np.arange(len(rows))
    if names is not None:
        owner = np.unique(names[rows], return_inverse=True)[1]
    labels = dataset.labels[rows]
    count = int(owner.max(initial=-1)) + 1
    low = np.full(count, len(dataset.classes))
    high = np.full(count, -1)
    np.minimum.at(low, owner, labels)
    np.maximum.at(high, owner, labels)
    strata = low if np.array_equal(low, high) else np.zeros(count, np.int64)
    return owner.astype(np.int64), strata.astype(np.int64)


def divide(strata: Indices, shares: Sequence[float], *, seed: int) -> Indices:
    """Draw parts of the units, in each stratum by the same shares.

    Args:
        strata: Stratum of each unit.
        shares: Share of each part; what rounding leaves over goes to the first.
        seed: The same seed gives the same parts.

    Returns:
        The part of each unit. Where a stratum has enough units, no part of it with
        a positive share stays empty; where it has not, the first part comes first.

    Example:
        >>> divide(np.zeros(4, np.int64), (0.75, 0.25), seed=0).tolist()
        [0, 0, 1, 0]
    """
    draw = np.random.default_rng(seed)
    part = np.zeros(len(strata), np.int64)
    wanted = sum(share > 0 for share in shares)
    for stratum in np.unique(strata):
        units = draw.permutation(np.flatnonzero(strata == stratum))
        enough = len(units) >= wanted
        start = 0
        for code, share in enumerate(shares[1:], start=1):
            least = 1 if enough and share > 0 else 0
            count = max(least, round(share * len(units)))
            stop = min(start + count, len(units) - 1)
            part[units[start:stop]] = code
            start = stop
    return part
