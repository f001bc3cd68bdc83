"""From windows to recordings and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from depthwise.errors import DataError
from depthwise.training.scoring import Scores, log_softmax, score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from depthwise.training.scoring import Labels, Numbers


def by_recording(
    logits: Numbers, labels: Labels, recordings: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[Any]]:
    """Let the windows of each recording vote: the mean of their log-probabilities.

    Args:
        logits: One row a window, [n, classes].
        labels: [n]; the windows of a recording must agree.
        recordings: Which recording each window is from, [n].

    Returns:
        Mean log-probabilities [r, classes], labels [r] and recordings [r], sorted.

    Raises:
        DataError: A recording whose windows have different labels.

    Example:
        >>> votes, labels, names = by_recording(
        ...     np.array([[2.0, 0], [0, 1], [0, 1]]),
        ...     np.array([0, 0, 1]), np.array(["a", "a", "b"]))
        >>> votes.argmax(axis=1).tolist(), labels.tolist(), names.tolist()
        ([0, 1], [0, 1], ['a', 'b'])
    """
    names, first, place = np.unique(recordings, return_index=True, return_inverse=True)
    chosen = labels[first]
    wrong = chosen[place] != labels
    if wrong.any():
        bad = recordings[int(wrong.argmax())]
        found = np.unique(labels[recordings == bad]).tolist()
        raise DataError(
            f"windows of one recording must have one label; {bad} has {found}"
        )
    sums = np.zeros((len(names), logits.shape[1]))
    np.add.at(sums, place, log_softmax(logits))
    return sums / np.bincount(place)[:, None], chosen.astype(np.int64), names


def by_group(
    logits: Numbers, labels: Labels, groups: NDArray[Any]
) -> dict[str, Scores]:
    """Score each group on its own, such as each person.

    Args:
        logits: [n, classes].
        labels: [n].
        groups: Which group each example is from, [n].

    Returns:
        Scores by name of group, sorted.

    Example:
        >>> each = by_group(np.eye(2)[[0, 0]], np.array([0, 1]), np.array(["x", "y"]))
        >>> {name: scores.accuracy for name, scores in each.items()}
        {'x': 1.0, 'y': 0.0}
    """
    return {
        str(name): score(logits[groups == name], labels[groups == name])
        for name in np.unique(groups)
    }
