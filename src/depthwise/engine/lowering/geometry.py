"""Windows of convolutions as bytes: taps, halos, rows that are taken as one."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from depthwise.engine.kernels.kernel import Epilogue, Place
from depthwise.engine.layout import FLOAT, Blocked, Edges, Sizes, View, pack_channels
from depthwise.engine.lower import Lowering
from depthwise.engine.program import BlockedOperand, Ref
from depthwise.engine.schedule import rows_together
from depthwise.engine.stages import Stage, is_per_channel
from depthwise.graph.operators.window import Window

Windows = tuple[Window, Window, Window]


def three(windows: Sequence[Window]) -> Windows:
    """Write windows as depth, height and width; missing axes have one element.

    Args:
        windows: One to three windows.

    Returns:
        Three windows.

    Example:
        >>> [w.size for w in three([Window(8, 3)])]
        [1, 1, 8]
    """
    first, second, third = (*[Window(1, 1)] * (3 - len(windows)), *windows)
    return first, second, third


def halo_of(windows: Windows) -> Edges:
    """Find what windows read outside an image.

    Args:
        windows: Depth, height and width.

    Returns:
        Zeros before and after, an axis.

    Example:
        >>> halo_of(three([Window(size=8, kernel=3, stride=2, begin=1, end=1)]))[2]
        (1, 0)
    """
    edges = []
    for window in windows:
        last = (window.outputs - 1) * window.stride + window.reach
        after = last - window.size - window.begin
        edges.append((max(window.begin, 0), max(after, 0)))
    return edges[0], edges[1], edges[2]


def origin_of(windows: Windows, view: View) -> int:
    """Find the first tap of the first output, from an image's first element.

    Args:
        windows: Depth, height and width.
        view: The image's steps.

    Returns:
        Bytes, at most 0 unless padding is negative.
    """
    steps = (view.slice, view.row, view.pixel)
    return -sum(w.begin * step for w, step in zip(windows, steps, strict=True))


def tap_rows(windows: Windows, view: View) -> list[int]:
    """List the rows of taps.

    Args:
        windows: Depth, height and width.
        view: The image's steps.

    Returns:
        Bytes from the first tap to the first of each row.
    """
    deep, high, _ = windows
    return [
        d * deep.dilation * view.slice + h * high.dilation * view.row
        for d, h in itertools.product(range(deep.kernel), range(high.kernel))
    ]


def tap_columns(windows: Windows) -> list[int]:
    """List the taps of one row.

    Args:
        windows: Depth, height and width.

    Returns:
        Pixels from the first tap to each.
    """
    return [tap * windows[2].dilation for tap in range(windows[2].kernel)]


def strided_view(windows: Windows, view: View) -> View:
    """See an image at the stride of its windows.

    Args:
        windows: Depth, height and width.
        view: The image's steps.

    Returns:
        Steps from one output's input to the next's.
    """
    deep, high, wide = (window.stride for window in windows)
    return View(view.plane, view.slice * deep, view.row * high, view.pixel * wide)


@dataclass(frozen=True)
class Rows:
    """How a matrix kernel walks an image.

    Args:
        slices: Slices.
        rows: Rows a slice.
        width: Pixels a row.
        together: True rows that make one.
    """

    slices: int
    rows: int
    width: int
    together: int = 1

    def view(self, view: View) -> View:
        """See ``view`` in these rows."""
        return View(view.plane, view.slice, view.row * self.together, view.pixel)

    def place(self, layout: Blocked) -> Place:
        """Find where the elements of ``layout`` are."""
        pitch = layout.pitches[2] - layout.sizes[2]
        gap = pitch * layout.view.pixel if self.together > 1 else 0
        return Place(self.view(layout.view), gap)

    @property
    def breaks(self) -> int:
        """Pixels of a true row."""
        return self.width // self.together


def rows_of(sizes: Sizes, *, flat: bool, threads: int = 1) -> Rows:
    """Choose the rows of a matrix kernel.

    Args:
        sizes: Depth, height and width of the output.
        flat: Whether input pixels follow each other across rows.
        threads: Threads that share the rows.

    Returns:
        The rows.

    Example:
        >>> rows_of((1, 14, 14), flat=True)
        Rows(slices=1, rows=7, width=28, together=2)
    """
    deep, high, wide = sizes
    together = rows_together(high, wide, threads) if flat else 1
    return Rows(deep, high // together, wide * together, together)


def epilogue_of(
    low: Lowering, stage: Stage, rows: Rows, shape: tuple[int, ...]
) -> tuple[Epilogue, list[Ref]]:
    """Find the operands of a stage's chain as images.

    Args:
        low: What exists so far.
        stage: The stage.
        rows: How its kernel walks.
        shape: Shape of its result.

    Returns:
        The epilogue, and an address an operand.
    """
    places, refs = [], []
    for name in stage.operands:
        theirs = low.shape(name)
        array = low.graph.constants.get(name)
        if array is not None and is_per_channel(theirs, shape):
            packed = pack_channels(np.asarray(array, np.float32).ravel(), low.lanes)
            places.append(Place(View(low.lanes * FLOAT, 0, 0, 0)))
            refs.append(low.constant(packed))
            continue
        operand = low.blocked(name)
        if theirs != shape:
            places.append(Place(View(operand.layout.view.plane, 0, 0, 0)))
        else:
            places.append(rows.place(operand.layout))
        refs.append(_broadcast(operand, shape[0]))
    return Epilogue(stage.chain, tuple(places)), refs


def _broadcast(operand: BlockedOperand, batch: int) -> Ref:
    ref = operand.at()
    stride = ref.stride if operand.layout.batch == batch else 0
    return Ref(ref.space, ref.index, ref.offset, stride)
