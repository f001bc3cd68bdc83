"""What indexing asks for, as row numbers; the same for every lazy reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from depthwise.data.dataset import Indices


def wanted_rows(indices: Any, count: int) -> tuple[Indices, bool]:
    """Turn an index into row numbers, as NumPy would.

    Args:
        indices: An integer, a slice, or an array of integers or bools.
        count: Number of rows.

    Returns:
        Row numbers from 0, and whether one row was asked for by an integer.

    Raises:
        IndexError: If a row is outside.

    Example:
        >>> wanted_rows(slice(-2, None), 5)[0].tolist(), wanted_rows(-1, 5)[0].tolist()
        ([3, 4], [4])
    """
    if isinstance(indices, slice):
        return np.arange(*indices.indices(count)), False
    rows = np.asarray(indices)
    single = rows.ndim == 0
    if rows.dtype == bool:
        if rows.shape != (count,):
            raise IndexError(f"a mask must have {count} values; got {rows.shape}")
        rows = np.flatnonzero(rows)
    rows = np.atleast_1d(rows).astype(np.int64)
    if rows.size and (rows.min() < -count or rows.max() >= count):
        raise IndexError(f"rows must lie in 0…{count - 1}; got {rows.max()}")
    return np.where(rows < 0, rows + count, rows), single
