"""Rows of numbers that are one another, scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
TOLERANCE = 1e-6
"""Largest part of its length by which a row may miss its fellow: float32 rounding."""


@dataclass(frozen=True, eq=False)
class Matched:
    """Which rows are one another, scaled.

    Args:
        first: ``[K]``: the first row that each is a multiple of; itself if none.
        scale: ``[K]``: times what that row is taken; 1 where there is none.
    """

    first: Array
    scale: Array


def match_rows(keys: Array, rows: Array, *, scaled: bool) -> Matched:
    """Find rows that have the same keys and are multiples of one another.

    Args:
        keys: ``[K, a]`` of integers.
        rows: ``[K, b]``, finite.
        scaled: Whether any factor will do, or rows must be equal.

    Returns:
        The first row of its like for each, and the factor.

    Example:
        >>> rows = np.array([[1.0, 2.0], [0.0, 1.0], [-2.0, -4.0]])
        >>> found = match_rows(np.zeros((3, 1), int), rows, scaled=True)
        >>> found.first.tolist(), found.scale.tolist()
        ([0, 1, 0], [1.0, 1.0, -2.0])
    """
    count = len(rows)
    first = np.arange(count)
    lengths = np.linalg.norm(rows, axis=1)
    whole = rows / np.where(lengths > 0, lengths, 1)[:, None] if scaled else rows
    line = np.random.default_rng(0).standard_normal(rows.shape[1])
    along = whole @ line
    signs = np.where(along < 0, -1.0, 1.0) if scaled else np.ones(count)
    along = along * signs
    _, group = np.unique(keys, axis=0, return_inverse=True)
    # Rows that match lie beside one another in this order, or nearly so.
    order = np.lexsort((along, group.ravel()))
    near = TOLERANCE * np.linalg.norm(line) * (1 if scaled else lengths.max(initial=1))
    for place, row in enumerate(order.tolist()):
        for other in order[:place][::-1].tolist():
            if group.flat[other] != group.flat[row] or along[row] - along[other] > near:
                break
            gap = np.linalg.norm(whole[row] * signs[row] - whole[other] * signs[other])
            if gap <= TOLERANCE * (1 if scaled else max(lengths[row], 1e-30)):
                first[row] = first[other]
                break
    return _from_earliest(first, lengths * signs if scaled else np.ones(count))


def _from_earliest(first: Array, sizes: Array) -> Matched:
    """Name each group by its earliest row, and give factors relative to it."""
    earliest = np.full(len(first), len(first))
    np.minimum.at(earliest, first, np.arange(len(first)))
    named = earliest[first]
    below = np.where(sizes[named] == 0, 1, sizes[named])
    return Matched(named, np.where(named == np.arange(len(first)), 1, sizes / below))
