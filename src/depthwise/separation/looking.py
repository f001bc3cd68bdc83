"""What layers see and compute on data, at some positions of every sample."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.execute import Run
from depthwise.graph import Graph
from depthwise.graph.operators.window import Window, pad_windows
from depthwise.graph.rewrite.surgery import rebuilt

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs that a network is watched on, in batches that are run again and again.

    Args:
        batches: Arrays ``[n, C, *spatial]``.
        execute: What runs a graph.
        rows: Positions to look at in all, at least; chosen at random by a fixed seed.

    Example:
        >>> from depthwise.execute import run
        >>> Samples([np.zeros((2, 3, 8)), np.zeros((1, 3, 8))], run).count
        3
    """

    batches: Sequence[Array]
    execute: Run
    rows: int = 16_384

    @property
    def count(self) -> int:
        """How many samples there are."""
        return sum(map(len, self.batches))

    def values(self, graph: Graph, names: Sequence[str]) -> Iterator[tuple[Array, ...]]:
        """Run as much of a graph as some values need.

        Args:
            graph: Any graph that verifies.
            names: The values.

        Yields:
            Their arrays, batch after batch.
        """
        wanted = tuple(dict.fromkeys(names))
        part = rebuilt(replace(graph, outputs=wanted), graph.nodes)
        for found in self.execute(part, self.batches):
            yield tuple(found[name] for name in names)

    def places(self, positions: int) -> Iterator[Array]:
        """Choose positions, anew for every batch.

        Args:
            positions: How many a sample has.

        Yields:
            Indices ``[p]``, sorted, forever.
        """
        each = min(positions, max(1, math.ceil(self.rows / max(self.count, 1))))
        draw = np.random.default_rng(0)
        while True:
            yield np.sort(draw.choice(positions, each, replace=False))


def seen_by_taps(x: Array, windows: Sequence[Window], places: Array) -> Array:
    """Gather what the taps of a kernel see at some positions.

    Args:
        x: ``[n, C, *spatial]``.
        windows: How the kernel slides, an axis.
        places: Flat output positions ``[p]``.

    Returns:
        ``[n, C, taps, p]``; zero where a tap falls on padding.

    Example:
        >>> x = np.arange(4.0).reshape(1, 1, 4)
        >>> seen_by_taps(x, [Window(4, 2)], np.array([0, 2]))[0, 0].tolist()
        [[0.0, 2.0], [1.0, 3.0]]
    """
    fitted = [
        replace(window, size=size)
        for window, size in zip(windows, x.shape[2:], strict=True)
    ]
    padded = pad_windows(x, fitted, 0.0)
    taps = []
    for tap in itertools.product(*(range(window.kernel) for window in fitted)):
        cut = tuple(w.tap(t) for w, t in zip(fitted, tap, strict=True))
        every = padded[(slice(None), slice(None), *cut)]
        taps.append(every.reshape(*every.shape[:2], -1)[:, :, places])
    return np.stack(taps, axis=2)


def at(value: Array, places: Array) -> Array:
    """Take a value's channels at some positions.

    Args:
        value: ``[n, C, *spatial]``.
        places: Flat positions ``[p]``.

    Returns:
        ``[n, C, p]``.
    """
    return value.reshape(*value.shape[:2], -1)[:, :, places]


def in_rows(value: Array, groups: int) -> Array:
    """Lay channels out for a regression in groups.

    Args:
        value: ``[n, C, p]``.
        groups: Divides C.

    Returns:
        ``[groups, C / groups, n * p]``.
    """
    rows = value.swapaxes(0, 1).reshape(value.shape[1], -1)
    return rows.reshape(groups, -1, rows.shape[1])
