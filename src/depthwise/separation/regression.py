"""Linear regression in groups, from sums that are streamed over the data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.errors import DataError

Array: TypeAlias = NDArray[Any]
_RIDGE = 1e-6
"""Pull towards the weights that are there, as a share of the mean variance."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Means and centred second moments of features and targets, group by group.

    Args:
        rows: How many rows were summed.
        features: Means of the features ``[g, n]``.
        targets: Means of the targets ``[g, k]``.
        second: Covariance of the features ``[g, n, n]``.
        cross: Of targets with features ``[g, k, n]``.
        spread: Variance of the targets, summed over all.

    Example:
        >>> x = np.array([[[1.0, -1.0, 3.0, -3.0]]])
        >>> found = sums_of([(x, 2 * x)])
        >>> found.rows, found.second.item(), found.cross.item(), found.spread
        (4, 5.0, 10.0, 20.0)
    """

    rows: int
    features: Array
    targets: Array
    second: Array
    cross: Array
    spread: float

    def refit(self, weights: Array) -> Array:
        """Find the weights that predict the targets best.

        Args:
            weights: ``[g, k, n]``; kept where the data say nothing.

        Returns:
            Other weights of the same shape.
        """
        level = np.einsum("gnn->g", self.second) / self.second.shape[1]
        pull = np.where(level > 0, _RIDGE * level, 1.0)
        whole = self.second + pull[:, None, None] * np.eye(self.second.shape[1])
        missing = self.cross - weights @ self.second
        step = np.linalg.solve(whole, missing.swapaxes(1, 2))
        return np.asarray(weights + step.swapaxes(1, 2))

    def error(self, weights: Array) -> float:
        """Measure what some weights leave of the targets' variance, if means agree.

        Args:
            weights: ``[g, k, n]``.

        Returns:
            Share of the variance, at least 0; 0 where the targets do not vary.
        """
        if self.spread <= 0:
            return 0.0
        missing = weights @ self.second - 2 * self.cross
        left = self.spread + float((weights * missing).sum())
        return max(left, 0.0) / self.spread

    def offsets(self, weights: Array) -> Array:
        """Find what has to be added so that the means agree.

        Args:
            weights: ``[g, k, n]``.

        Returns:
            One number a target ``[g * k]``.
        """
        predicted = np.einsum("gkn,gn->gk", weights, self.features)
        return np.asarray(self.targets - predicted).reshape(-1)


def sums_of(pairs: Iterable[tuple[Array, Array]]) -> Sums:
    """Sum features and targets, batch after batch, in float64.

    Args:
        pairs: Features ``[g, n, rows]`` and targets ``[g, k, rows]``, any number of
            rows each.

    Returns:
        Means and centred moments.

    Raises:
        DataError: If there is nothing to sum, or a number is not finite.

    Example:
        >>> sums_of([(np.ones((1, 2, 3)), np.zeros((1, 1, 3)))]).features
        array([[1., 1.]])
    """
    rows, shift, totals = 0, None, None
    for given in pairs:
        x, y = (array.astype(np.float64) for array in given)
        if shift is None:
            shift = x.mean(axis=2, keepdims=True), y.mean(axis=2, keepdims=True)
        x, y = x - shift[0], y - shift[1]
        turned = x.swapaxes(1, 2)
        parts = [x.sum(axis=2), y.sum(axis=2), x @ turned, y @ turned, (y * y).sum()]
        totals = parts if totals is None else _added(totals, parts)
        rows += x.shape[2]
    if shift is None or totals is None or not rows:
        raise DataError("repair needs samples; got none")
    features, targets, second, cross, spread = (total / rows for total in totals)
    if not (np.isfinite(second).all() and np.isfinite(cross).all()):
        raise DataError("values of the network must be finite on the data; got others")
    second = second - features[:, :, None] * features[:, None]
    cross = cross - targets[:, :, None] * features[:, None]
    return Sums(
        rows,
        features + shift[0][..., 0],
        targets + shift[1][..., 0],
        second,
        cross,
        float(spread - (targets**2).sum()),
    )


def _added(one: list[Any], other: list[Any]) -> list[Any]:
    return [a + b for a, b in zip(one, other, strict=True)]
