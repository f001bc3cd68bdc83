"""What a dataset holds, and what is suspicious about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from depthwise.data.duplicates import Fingerprints, hash_samples, judge_copies
from depthwise.data.leaks import find_leaks
from depthwise.data.statistics import ChannelStatistics, measure_channels

if TYPE_CHECKING:
    from depthwise.data.dataset import Array, Dataset, Names
    from depthwise.data.rules import Finding, ReadReport


@dataclass(frozen=True, eq=False)
class Description:
    """A dataset in numbers.

    Args:
        name: What it is called.
        kind: "sensor" or "image".
        shape: ``(n, C, L)`` or ``(n, C, H, W)``.
        dtype: Type of the samples.
        rate_hz: Samples a second, for sensors.
        classes: Samples of each class.
        parts: Samples of each class in each part that the source states.
        groups: Samples of each group.
        recordings: Number of recordings.
        channels: Names of the channels.
        statistics: Their moments.
        copies: Equal samples: across parts, under two classes, within a part.
        leaks: Sentences on what is in two parts, or in none to learn from.
        report: What reading came across.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    dtype: str
    rate_hz: float | None
    classes: dict[str, int]
    parts: dict[str, dict[str, int]]
    groups: dict[str, int]
    recordings: int
    channels: tuple[str, ...]
    statistics: ChannelStatistics
    copies: tuple[Finding, ...]
    leaks: tuple[str, ...]
    report: ReadReport

    @property
    def mean_absolute_correlation(self) -> float:
        """Mean of |r| over pairs of channels that change; 0 if there is no pair."""
        pairs = self.statistics.correlation[np.triu_indices(len(self.channels), k=1)]
        known = np.abs(pairs[~np.isnan(pairs)])
        return float(known.mean()) if len(known) else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Say the same in plain values, for JSON.

        Returns:
            Every field; the moments by channel, unknown correlations as None.
        """
        moments = self.statistics
        columns = zip(moments.mean, moments.std, moments.low, moments.high, strict=True)
        keys = ("mean", "std", "min", "max")
        by_channel = [
            {"name": name, **dict(zip(keys, map(float, row), strict=True))}
            for name, row in zip(self.channels, columns, strict=True)
        ]
        return {
            "name": self.name,
            "kind": self.kind,
            "samples": self.shape[0],
            "shape": list(self.shape[1:]),
            "dtype": self.dtype,
            "rate_hz": self.rate_hz,
            "classes": self.classes,
            "parts": self.parts,
            "groups": self.groups,
            "recordings": self.recordings,
            "channels": by_channel,
            "correlation": [
                [None if np.isnan(r) else float(r) for r in row]
                for row in moments.correlation
            ],
            "mean_absolute_correlation": self.mean_absolute_correlation,
            "copies": [
                {"rule": f.rule.code, "path": f.path, "got": f.got} for f in self.copies
            ],
            "leaks": list(self.leaks),
            "report": self.report.to_dict(),
        }


def describe(dataset: Dataset) -> Description:
    """Read every sample once and measure what a dataset holds.

    Args:
        dataset: The samples; lazy ones are read in bounded memory.

    Returns:
        The description.

    Example:
        >>> from depthwise.data.dataset import Dataset
        >>> samples = np.array([[[0.0, 1]], [[2.0, 3]], [[0.0, 1]]])
        >>> seen = describe(Dataset(samples, np.array([0, 1, 0]), ("a", "b"), ("x",),
        ...     name="toy"))
        >>> seen.classes, [copy.rule.code for copy in seen.copies]
        ({'a': 2, 'b': 1}, ['duplicate-within'])
    """
    labels = np.array(dataset.classes)[dataset.labels]
    parts = dataset.parts
    stated = sorted(set(parts.tolist())) if parts is not None else []
    return Description(
        name=dataset.name,
        kind=dataset.kind,
        shape=tuple(dataset.inputs.shape),
        dtype=str(dataset.inputs.dtype),
        rate_hz=dataset.rate_hz,
        classes=_count(labels, dataset.classes),
        parts={part: _count(labels[parts == part], dataset.classes) for part in stated},
        groups=_count(dataset.groups),
        recordings=len(_count(dataset.recordings)),
        channels=dataset.channels,
        statistics=measure_channels(dataset.inputs),
        copies=_copies(dataset, labels),
        leaks=find_leaks(dataset),
        report=dataset.report,
    )


def _count(names: Names | None, known: tuple[str, ...] = ()) -> dict[str, int]:
    """How often each name occurs; those that are known may occur never."""
    if names is None:
        return {}
    found, counts = np.unique(names, return_counts=True)
    return dict.fromkeys(known, 0) | dict(
        zip(found.tolist(), counts.tolist(), strict=True)
    )


def _copies(dataset: Dataset, labels: Array) -> tuple[Finding, ...]:
    """Findings on equal samples."""
    count = len(dataset)
    names = [f"sample {number}" for number in range(count)]
    if dataset.files is not None and len(set(dataset.files.tolist())) == count:
        names = dataset.files.tolist()
    parts = [""] * count if dataset.parts is None else dataset.parts.tolist()
    hashes = hash_samples(dataset.inputs)
    return tuple(judge_copies(Fingerprints(names, labels.tolist(), parts, hashes))[1])
