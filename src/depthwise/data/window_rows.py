"""Windows that share the samples they overlap in, cut out when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from depthwise.data.dataset import Array, Indices


@dataclass(frozen=True, eq=False)
class WindowRows:
    """Windows of one long series that look like one array.

    Args:
        series: ``[C, T]``, recordings one after the other.
        starts: First sample of each window, int64 ``[n]``.
        length: Samples in a window.

    Example:
        >>> rows = WindowRows(np.arange(6.0)[None], np.array([0, 2]), 4)
        >>> rows.shape, rows[np.array([1])].tolist()
        ((2, 1, 4), [[[2.0, 3.0, 4.0, 5.0]]])
    """

    series: Array
    starts: Indices
    length: int

    @property
    def shape(self) -> tuple[int, ...]:
        """``[n, C, L]``."""
        return (len(self.starts), self.series.shape[0], self.length)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the series."""
        return self.series.dtype

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, indices: Any, /) -> Array:
        begin = self.starts[indices]
        view = np.lib.stride_tricks.sliding_window_view(
            self.series, self.length, axis=1
        )
        return np.ascontiguousarray(np.moveaxis(view[:, begin], 0, -2))
