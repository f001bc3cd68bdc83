"""Where elements live: blocked images with halos, plain arrays, packed weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Sizes: TypeAlias = tuple[int, int, int]
Edges: TypeAlias = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]

FLOAT = 4
ALIGNMENT = 64
NO_HALO: Edges = ((0, 0), (0, 0), (0, 0))
_PAGE = 4096


@dataclass(frozen=True, slots=True)
class View:
    """Steps between the elements of an image, in bytes.

    Args:
        plane: To the next block of channels.
        slice: To the next slice of a volume.
        row: To the next row.
        pixel: To the next element of a row.

    Example:
        >>> View(plane=512, slice=512, row=128, pixel=32).pixel
        32
    """

    plane: int
    slice: int
    row: int
    pixel: int


@dataclass(frozen=True)
class Blocked:
    """Images ``[N][C/lanes][D][H][W][lanes]``, each plane inside a halo of zeros.

    A kernel that reads the halo needs no code for borders. A halo also keeps planes
    from being whole multiples of a page: taps of all planes would then share one set
    of the first-level cache (depthwise 14×14, C=512: 31 GFLOP/s instead of 90).

    Args:
        batch: Samples.
        channels: Channels; the last block is filled up with lanes that hold anything.
        sizes: Depth, height and width, without halo.
        lanes: Channels side by side; 1 is the planar order of NumPy.
        halo: Zeros before and after, an axis.

    Example:
        >>> image = Blocked(1, 12, (1, 4, 4), lanes=8, halo=((0, 0), (1, 1), (1, 1)))
        >>> image.blocks, image.view.row, image.origin
        (2, 192, 224)
    """

    batch: int
    channels: int
    sizes: Sizes
    lanes: int
    halo: Edges = NO_HALO

    @property
    def blocks(self) -> int:
        """Planes a sample."""
        return -(-self.channels // self.lanes)

    @property
    def pitches(self) -> Sizes:
        """Depth, height and width, halo included."""
        depth, height, width = (
            size + before + after
            for size, (before, after) in zip(self.sizes, self.halo, strict=True)
        )
        return depth, height, width

    @property
    def view(self) -> View:
        """Steps between elements."""
        depth, height, width = self.pitches
        pixel = self.lanes * FLOAT
        row = width * pixel
        plane = depth * height * row
        if plane % _PAGE == 0 and self.blocks > 1:
            plane += ALIGNMENT
        return View(plane, height * row, row, pixel)

    @property
    def image(self) -> int:
        """Bytes a sample."""
        return self.blocks * self.view.plane

    @property
    def nbytes(self) -> int:
        """Bytes of everything."""
        return self.batch * self.image

    @property
    def origin(self) -> int:
        """Bytes from the start to the first element that is not halo."""
        steps = (self.view.slice, self.view.row, self.view.pixel)
        return sum(
            before * step for (before, _), step in zip(self.halo, steps, strict=True)
        )

    @property
    def pixels(self) -> int:
        """Positions of one plane, without halo."""
        return math.prod(self.sizes)

    @property
    def is_flat(self) -> bool:
        """Whether neighbouring rows touch, so that a plane is one long row."""
        return self.halo == NO_HALO


@dataclass(frozen=True)
class Plain:
    """An array in NumPy's row-major order.

    Args:
        shape: Elements an axis.

    Example:
        >>> Plain((2, 3)).strides
        (12, 4)
    """

    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of everything."""
        return math.prod(self.shape) * FLOAT

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes between neighbours, an axis."""
        steps = [FLOAT]
        for size in self.shape[:0:-1]:
            steps.append(steps[-1] * size)
        return tuple(reversed(steps))[-len(self.shape) :] if self.shape else ()


Layout: TypeAlias = Blocked | Plain


def widest(a: Edges, b: Edges) -> Edges:
    """Find the halo that two readers can share.

    Args:
        a: What one reader needs.
        b: What the other needs.

    Returns:
        The larger of the two at every edge.

    Example:
        >>> widest(NO_HALO, ((0, 0), (1, 0), (0, 2)))[1:]
        ((1, 0), (0, 2))
    """
    first, second, third = (
        (max(x[0], y[0]), max(x[1], y[1])) for x, y in zip(a, b, strict=True)
    )
    return first, second, third


@dataclass(frozen=True, slots=True)
class Panels:
    """Output channels cut into panels of a few vectors each.

    Args:
        vectors: Vectors a panel.
        count: Panels.

    Example:
        >>> Panels(vectors=2, count=4).count
        4
    """

    vectors: int
    count: int


def pack_dense(
    weight: Floats,
    bias: Floats | None,
    lanes: int,
    panels: Sequence[Panels],
    inner: int,
) -> Floats:
    """Pack a convolution's weights in the order in which its kernel reads them.

    Args:
        weight: ``[K, C, taps]``.
        bias: ``[K]``, or None for zeros.
        lanes: Elements of a vector of output channels.
        panels: How output channels are cut; they cover K, the last one filled up.
        inner: Input channels side by side in memory.

    Returns:
        For each panel: its bias, then steps of (tap, block of input channels) that
        are full, then those that are not; each step ``[channel][output channel]``.

    Example:
        >>> w = np.arange(4, dtype="float32").reshape(2, 2, 1)
        >>> pack_dense(w, None, 2, [Panels(1, 1)], 1)
        array([0., 0., 0., 2., 1., 3.], dtype=float32)
    """
    outputs, channels, taps = weight.shape
    total = sum(p.vectors * p.count for p in panels) * lanes
    padded = np.zeros((total, channels, taps), np.float32)
    padded[:outputs] = weight
    starts = np.zeros(total, np.float32)
    if bias is not None:
        starts[:outputs] = bias
    full = channels // inner * inner
    parts, first = [], 0
    for group in panels:
        for _ in range(group.count):
            rows = slice(first, first + group.vectors * lanes)
            first = rows.stop
            panel = padded[rows].transpose(2, 1, 0)
            parts += [starts[rows], panel[:, :full].ravel(), panel[:, full:].ravel()]
    return np.concatenate(parts)


def pack_depthwise(weight: Floats, bias: Floats | None, lanes: int) -> Floats:
    """Pack depthwise weights: for each block of channels its bias, then its taps.

    Args:
        weight: ``[C, taps]``.
        bias: ``[C]``, or None for zeros.
        lanes: Elements of a vector of channels.

    Returns:
        ``[C/lanes][1 + taps][lanes]``, filled up with zeros.

    Example:
        >>> pack_depthwise(np.ones((1, 2), "float32"), None, 2)
        array([0., 0., 1., 0., 1., 0.], dtype=float32)
    """
    channels, taps = weight.shape
    blocks = -(-channels // lanes)
    rows = np.zeros((1 + taps, blocks * lanes), np.float32)
    if bias is not None:
        rows[0, :channels] = bias
    rows[1:, :channels] = weight.T
    return rows.reshape(1 + taps, blocks, lanes).transpose(1, 0, 2).ravel()


def pack_channels(values: Floats, lanes: int) -> Floats:
    """Fill one number a channel up to whole vectors.

    Args:
        values: ``[C]``.
        lanes: Elements of a vector.

    Returns:
        ``[C/lanes * lanes]``, filled up with zeros.

    Example:
        >>> pack_channels(np.ones(3, "float32"), 2)
        array([1., 1., 1., 0.], dtype=float32)
    """
    blocks = -(-len(values) // lanes)
    result = np.zeros(blocks * lanes, np.float32)
    result[: len(values)] = values
    return result
