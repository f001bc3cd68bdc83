"""Bootstrap intervals of accuracy, balanced accuracy and F1, from one set of draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from depthwise.training.intervals import Interval
from depthwise.training.scoring import check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from depthwise.training.scoring import Labels, Numbers

    Floats = NDArray[np.float64]


def score_intervals(
    logits: Numbers,
    labels: Labels,
    *,
    clusters: NDArray[Any] | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> dict[str, Interval]:
    """Find 95 % intervals of the metrics that a confusion matrix gives.

    Args:
        logits: [n, classes].
        labels: [n].
        clusters: Which cluster each example is from, [n]: whole clusters are drawn,
            because windows of one person are alike. None draws examples.
        draws: How often the sample is drawn again.
        seed: Of the draws.

    Returns:
        "accuracy", "balanced_accuracy" and "macro_f1", with percentile intervals.

    Raises:
        DataError: What cannot be scored.

    Source:
        Efron (1979); Davison and Hinkley (1997), section 3.8 on clusters.

    Example:
        >>> logits = np.eye(2)[[0, 1, 1, 0] * 25]
        >>> found = score_intervals(logits, np.array([0, 1, 1, 1] * 25))["accuracy"]
        >>> found.value, 0.6 < found.low < 0.7, 0.8 < found.high < 0.9
        (0.75, True, True)
    """
    check(logits, labels)
    classes = logits.shape[1]
    pairs = labels * classes + logits.argmax(axis=1)
    place = np.arange(len(labels))
    if clusters is not None:
        place = np.unique(clusters, return_inverse=True)[1]
    size = int(place.max()) + 1
    rng = np.random.default_rng(seed)
    tables = np.empty((draws + 1, classes**2))
    tables[0] = np.bincount(pairs, minlength=classes**2)
    for number in range(1, draws + 1):
        times = np.bincount(rng.integers(size, size=size), minlength=size)
        tables[number] = np.bincount(pairs, times[place], minlength=classes**2)
    figures = _figures(tables.reshape(-1, classes, classes))
    return {name: _interval(values) for name, values in figures.items()}


def _figures(tables: Floats) -> Mapping[str, Floats]:
    """Metrics of many confusion matrices, [draws, true class, predicted class]."""
    hits = np.einsum("dcc->dc", tables)
    present, said = tables.sum(axis=2), tables.sum(axis=1)
    return {
        "accuracy": hits.sum(axis=1) / tables.sum(axis=(1, 2)),
        "balanced_accuracy": _mean_ratio(hits, present),
        "macro_f1": _mean_ratio(2 * hits, present + said),
    }


def _mean_ratio(above: Floats, below: Floats) -> Floats:
    ratios = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    return np.asarray(ratios.sum(axis=1) / (below > 0).sum(axis=1))


def _interval(values: Floats) -> Interval:
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return Interval(float(values[0]), float(low), float(high))
