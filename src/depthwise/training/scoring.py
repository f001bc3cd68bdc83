"""Metrics of a classifier from its logits, in NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from depthwise.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.floating]
    Labels = NDArray[np.int64]

BINS = 15  # of the calibration error, as in the paper


@dataclass(frozen=True, eq=False)
class Scores:
    """How well a classifier did on some examples.

    Args:
        examples: How many.
        accuracy: Share that is right.
        balanced_accuracy: Mean over the classes present of the share that is right.
        f1: For each class; None for one neither present nor predicted.
        macro_f1: Mean of those that are not None.
        calibration_error: Mean distance of confidence and accuracy, in [0, 1].
        loss: Mean cross-entropy in nats.
        confusion: int64 [true class, predicted class].

    Example:
        >>> score(np.eye(2)[[0, 1]], np.array([0, 0])).confusion.tolist()
        [[1, 1], [0, 0]]
    """

    examples: int
    accuracy: float
    balanced_accuracy: float
    f1: tuple[float | None, ...]
    macro_f1: float
    calibration_error: float
    loss: float
    confusion: NDArray[np.int64]


def score(logits: Numbers, labels: Labels) -> Scores:
    """Compute all metrics.

    Args:
        logits: Scores or log-probabilities, [n, classes].
        labels: Class numbers, [n].

    Returns:
        The metrics.

    Raises:
        DataError: No examples, other shapes, a label outside, or a logit not finite.

    Source:
        Guo et al., On calibration of modern neural networks (2017), equation 5.

    Example:
        >>> scores = score(np.eye(3)[[0, 1, 1]], np.array([0, 1, 2]))
        >>> round(scores.accuracy, 3), scores.f1
        (0.667, (1.0, 0.6666666666666666, 0.0))
    """
    check(logits, labels)
    chances = log_softmax(logits)
    predicted = chances.argmax(axis=1)
    confusion = confusion_matrix(labels, predicted, logits.shape[1])
    f1 = _f1(confusion)
    known = [value for value in f1 if value is not None]
    return Scores(
        examples=len(labels),
        accuracy=float((predicted == labels).mean()),
        balanced_accuracy=_balanced(confusion),
        f1=f1,
        macro_f1=float(np.mean(known)),
        calibration_error=calibration_error(logits, labels),
        loss=float(-chances[np.arange(len(labels)), labels].mean()),
        confusion=confusion,
    )


def confusion_matrix(
    labels: Labels, predicted: Labels, classes: int
) -> NDArray[np.int64]:
    """Count pairs of true and predicted class.

    Args:
        labels: True classes, [n].
        predicted: Predicted classes, [n].
        classes: How many there are.

    Returns:
        int64 [true class, predicted class].

    Example:
        >>> confusion_matrix(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
        [[1, 0], [1, 1]]
    """
    pairs = labels * classes + predicted
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def calibration_error(logits: Numbers, labels: Labels) -> float:
    """Measure how far confidence is from accuracy.

    Args:
        logits: [n, classes].
        labels: [n].

    Returns:
        The expected calibration error over 15 bins of equal width, in [0, 1].

    Source:
        Guo et al. (2017), equations 3 and 5.

    Example:
        >>> sure = np.array([[50.0, 0.0], [50.0, 0.0]])
        >>> calibration_error(sure, np.array([0, 1]))
        0.5
    """
    chances = log_softmax(logits)
    confidence = np.exp(chances.max(axis=1))
    right = chances.argmax(axis=1) == labels
    bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    gaps = np.bincount(bins, weights=right - confidence, minlength=BINS)
    return float(np.abs(gaps).sum() / len(labels))


def log_softmax(logits: Numbers) -> NDArray[np.float64]:
    """Turn logits into log-probabilities.

    Args:
        logits: [n, classes].

    Returns:
        float64 [n, classes]; the exponentials of a row add up to 1.

    Example:
        >>> np.exp(log_softmax(np.zeros((1, 4)))).tolist()
        [[0.25, 0.25, 0.25, 0.25]]
    """
    wide = logits.astype(np.float64)
    shifted = wide - wide.max(axis=1, keepdims=True)
    total = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return np.asarray(shifted - total, dtype=np.float64)


def check(logits: Numbers, labels: Labels) -> None:
    """Refuse what cannot be scored.

    Args:
        logits: [n, classes].
        labels: [n].

    Raises:
        DataError: The sentence names the rule.
    """
    if logits.ndim != 2 or labels.shape != logits.shape[:1] or len(labels) == 0:
        raise DataError(
            "logits must be [n, classes] and labels [n] with n at least 1; "
            f"got {list(logits.shape)} and {list(labels.shape)}"
        )
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise DataError(
            f"labels must be in 0…{logits.shape[1] - 1}; "
            f"got {labels.min()}…{labels.max()}"
        )
    if not np.isfinite(logits).all():
        row = int((~np.isfinite(logits)).any(axis=1).argmax())
        raise DataError(f"logits must be finite; got {logits[row].tolist()} at {row}")


def _f1(confusion: NDArray[np.int64]) -> tuple[float | None, ...]:
    right = np.diag(confusion)
    total = confusion.sum(axis=0) + confusion.sum(axis=1)
    return tuple(
        2 * int(hit) / int(all_) if all_ else None
        for hit, all_ in zip(right, total, strict=True)
    )


def _balanced(confusion: NDArray[np.int64]) -> float:
    present = confusion.sum(axis=1)
    recall = np.diag(confusion)[present > 0] / present[present > 0]
    return float(recall.mean())
