"""How well a network does on a test part: by sample, by recording and by group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthwise.data import Dataset
from depthwise.jobs.rooms import torch_room

Array = NDArray[Any]
FEWEST = 5
"""Clusters that a bootstrap draws from, at least: of two it could draw three sets."""


@dataclass(frozen=True)
class Graded:
    """Scores with their 95 % intervals.

    Args:
        scores: The training room's ``Scores``.
        intervals: The training room's ``Interval`` by name of the metric.
        drawn: What the bootstrap draws: "groups", "recordings" or "samples", the
            first of which there are at least five.
    """

    scores: Any
    intervals: Mapping[str, Any]
    drawn: str


@dataclass(frozen=True)
class Evaluation:
    """How well a network does on samples it never saw.

    Args:
        classes: Names of the classes.
        windows: By sample.
        recordings: By recording, or None where there are none, or where the windows
            of one have several labels.
        groups: The training room's ``Scores`` by group, such as a person; empty
            where there are none.
    """

    classes: tuple[str, ...]
    windows: Graded
    recordings: Graded | None
    groups: Mapping[str, Any]


def evaluate(dataset: Dataset, part: Array, logits: Array) -> Evaluation:
    """Score a network's logits in every way that the data allow.

    Args:
        dataset: The labelled samples.
        part: Indices of the test part, int64 ``[n]``.
        logits: What the network says of these, ``[n, classes]``.

    Returns:
        The scores.

    Raises:
        DataError: If the part is empty or a logit is not finite.

    Example:
        >>> data = Dataset(
        ...     np.zeros((4, 1, 8), np.float32), np.array([0, 1, 1, 0]),
        ...     classes=("rest", "run"), channels=("x",), name="toy",
        ...     groups=np.array(["ann", "ann", "bob", "bob"]))
        >>> found = evaluate(data, np.arange(4), np.eye(2)[[0, 1, 1, 1]])
        >>> found.windows.scores.accuracy, found.groups["bob"].accuracy
        (0.75, 0.5)
    """
    labels = dataset.labels[part]
    names = {
        "groups": None if dataset.groups is None else dataset.groups[part],
        "recordings": None if dataset.recordings is None else dataset.recordings[part],
    }
    groups = names["groups"]
    training = torch_room("training")
    return Evaluation(
        classes=tuple(dataset.classes),
        windows=_graded(logits, labels, names),
        recordings=_by_recording(logits, labels, names),
        groups={} if groups is None else training.by_group(logits, labels, groups),
    )


def evaluation_summary(found: Evaluation) -> dict[str, Any]:
    """Turn an evaluation into plain values.

    Args:
        found: The scores.

    Returns:
        "windows", "recordings" (or None) and "groups" by name.
    """
    classes, recordings = found.classes, found.recordings
    return {
        "windows": _plain(found.windows, classes),
        "recordings": None if recordings is None else _plain(recordings, classes),
        "groups": {
            name: _plain_scores(scores, classes)
            for name, scores in found.groups.items()
        },
    }


def _by_recording(
    logits: Array, labels: Array, names: Mapping[str, Array | None]
) -> Graded | None:
    recordings, groups = names["recordings"], names["groups"]
    if recordings is None or not _agree(labels, recordings):
        return None
    training = torch_room("training")
    votes, truth, order = training.by_recording(logits, labels, recordings)
    if groups is not None:
        _, first = np.unique(recordings, return_index=True)
        groups = groups[first]
    return _graded(votes, truth, {"groups": groups, "recordings": order})


def _agree(labels: Array, recordings: Array) -> bool:
    """Whether the windows of each recording have one label."""
    _, first, place = np.unique(recordings, return_index=True, return_inverse=True)
    return bool((labels[first][place] == labels).all())


def _graded(logits: Array, labels: Array, names: Mapping[str, Array | None]) -> Graded:
    training = torch_room("training")
    drawn, clusters = _clusters(names)
    intervals = training.score_intervals(logits, labels, clusters=clusters)
    return Graded(training.score(logits, labels), intervals, drawn)


def _clusters(names: Mapping[str, Array | None]) -> tuple[str, Array | None]:
    for what, column in names.items():
        if column is not None and len(np.unique(column)) >= FEWEST:
            return what, column
    return "samples", None


def _plain(graded: Graded, classes: tuple[str, ...]) -> dict[str, Any]:
    intervals = {name: asdict(found) for name, found in graded.intervals.items()}
    return {
        **_plain_scores(graded.scores, classes),
        "intervals": intervals,
        "intervals_draw": graded.drawn,
    }


def _plain_scores(scores: Any, classes: tuple[str, ...]) -> dict[str, Any]:
    return {
        **asdict(scores),
        "f1": dict(zip(classes, scores.f1, strict=True)),
        "confusion": scores.confusion.tolist(),
    }
