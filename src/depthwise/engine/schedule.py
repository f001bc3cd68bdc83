"""The one rule that picks tiles, panels and fusion, in pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from depthwise.engine.layout import Panels
from depthwise.engine.target import Target

_TILES = {
    # registers -> vectors of output channels -> pixels: accumulators, a broadcast and
    # the weights of one step fill the file. 6x2 and 4x3 reach 97 % of the FMA peak on
    # 16 registers; 3x4 and 12x1 spill.
    16: {1: 8, 2: 6, 3: 4, 4: 2, 8: 1},
    32: {1: 14, 2: 12, 3: 8, 4: 6, 8: 2},
}
_DEPTHWISE_PIXELS = {16: 7, 32: 14}
_MIN_FLAT = 28
"""Fewer pixels than this leave a matrix kernel short of rows to hide latency."""


@dataclass(frozen=True, slots=True)
class Split:
    """Elements cut into tiles of at most two sizes, larger ones first.

    Args:
        large: Elements of the first tiles.
        count: How many of them.
        small: Elements of the others.
        rest: How many of them.

    Example:
        >>> split(49, 6)
        Split(large=6, count=4, small=5, rest=5)
    """

    large: int
    count: int
    small: int
    rest: int


def split(total: int, most: int) -> Split:
    """Cut a row into tiles that differ by at most one element.

    Args:
        total: Elements, at least 1.
        most: Largest tile.

    Returns:
        The tiles; never a tail of one element behind full tiles.

    Example:
        >>> split(196, 6)
        Split(large=6, count=31, small=5, rest=2)
    """
    tiles = -(-total // most)
    small, more = divmod(total, tiles)
    if more == 0:
        return Split(small, tiles, 0, 0)
    return Split(small + 1, more, small, tiles - more)


def tile_pixels(target: Target, vectors: int) -> int:
    """Say how many pixels a matrix kernel's tile holds beside so many vectors.

    Args:
        target: The CPU.
        vectors: Vectors of output channels.

    Returns:
        Pixels.

    Example:
        >>> from depthwise.engine.target import preset
        >>> tile_pixels(preset("avx2"), 2)
        6
    """
    pixels = _TILES[target.registers][vectors]
    return pixels if target.fma else max(pixels * 2 // 3, 1)


def panels_of(target: Target, blocks: int, pixels: int) -> tuple[Panels, ...]:
    """Cut output channels into panels.

    Args:
        target: The CPU.
        blocks: Vectors of output channels.
        pixels: Pixels that one row of the kernel offers.

    Returns:
        Panels in order; two kinds at most, which cover the blocks exactly.

    Example:
        >>> from depthwise.engine.target import preset
        >>> panels_of(preset("avx2"), 7, 49)
        (Panels(vectors=3, count=1), Panels(vectors=2, count=2))
    """
    if pixels == 1:
        return _cover(blocks, 8, 1)
    if target.registers == 32 and blocks % 4 == 0:
        return (Panels(4, blocks // 4),)
    if blocks == 1:
        return (Panels(1, 1),)
    if blocks % 3 == 0 and (blocks % 2 or pixels <= 4):
        return (Panels(3, blocks // 3),)
    if blocks % 2 == 0:
        return (Panels(2, blocks // 2),)
    rest = (blocks - 3) // 2
    return (Panels(3, 1), Panels(2, rest)) if rest else (Panels(3, 1),)


def _cover(blocks: int, most: int, least: int) -> tuple[Panels, ...]:
    full, rest = divmod(blocks, most)
    wide = [Panels(most, full)] if full else []
    return (*wide, *([Panels(least, rest)] if rest else []))


def depthwise_pixels(target: Target) -> int:
    """Say how many neighbouring outputs a depthwise kernel holds in registers.

    Args:
        target: The CPU.

    Returns:
        Pixels: 7 accumulators and the live inputs of a row fill 16 registers.

    Example:
        >>> from depthwise.engine.target import preset
        >>> depthwise_pixels(preset("avx2"))
        7
    """
    return 12 if target.is_arm else _DEPTHWISE_PIXELS[target.registers]


def rows_together(height: int, width: int, threads: int = 1) -> int:
    """Say how many rows a matrix kernel takes as one.

    Args:
        height: Rows, at least 1.
        width: Pixels a row, at least 1.
        threads: Threads that share the groups of rows.

    Returns:
        The fewest rows that divide the height and offer enough pixels; where possible
        those that leave every thread as many groups as the others.

    Example:
        >>> rows_together(14, 14), rows_together(7, 7), rows_together(56, 56)
        (2, 7, 1)
        >>> rows_together(14, 14, threads=2), rows_together(28, 28, threads=2)
        (7, 1)
    """
    divisors: Sequence[int] = [r for r in range(1, height + 1) if height % r == 0]
    enough = [r for r in divisors if r * width >= _MIN_FLAT] or [height]
    even = [r for r in enough if height // r % threads == 0]
    return (even or enough)[0]


def fetches_ahead(target: Target, weight_bytes: int) -> bool:
    """Say whether a matrix kernel fetches the weights of its next panel.

    Args:
        target: The CPU.
        weight_bytes: Weights of the kernel.

    Returns:
        True where they do not stay in the first-level cache. All weights of a network
        are seldom in the second: they come from the third in each run, at 12 GB/s
        where nobody asked for them before. The whole of MobileNetV2 takes 5 % less
        time, EfficientNet-Lite0 6 %.

    Example:
        >>> from depthwise.engine.target import preset
        >>> fetches_ahead(preset("avx2"), 4 * 512 * 512)
        True
    """
    return weight_bytes > target.l1_bytes


def split_panels(threads: int, rows: int, panels: int) -> bool:
    """Say whether threads share a matrix kernel's panels rather than its rows.

    Args:
        threads: Threads, at least 1.
        rows: Rows of the kernel.
        panels: Panels of output channels.

    Returns:
        True where panels divide more evenly: every thread then streams only its own
        part of the weights.

    Example:
        >>> split_panels(2, rows=7, panels=32), split_panels(2, rows=56, panels=4)
        (True, False)
    """

    def idle(units: int) -> float:
        return -(-units // threads) * threads / units

    return threads > 1 and idle(panels) < idle(rows)


_LEAST = 4
"""Groups of rows from which fusion pays: below, rows are short and values near."""
_UNEVEN = 1.15
"""Work of the busiest thread at which fusion still pays. One layer after the other,
threads read each other's halves of hidden values; rows of a fused block are their own:
two threads take 8 % less time for MobileNetV1 and V2."""


_PASSING_ON = 5e-6
"""Seconds that a layer costs where two threads share it: a barrier, and halves of
images that are in the other core's cache. DS-CNN takes 68 us on one thread, 83 on two;
for more threads it is taken to grow with the logarithm of their number."""


def threads_for(target: Target, most: int, macs: int, layers: int) -> int:
    """Say on how many threads a network is done soonest.

    Args:
        target: The CPU.
        most: Threads that may be used, at least 1.
        macs: Multiply-accumulates of a run.
        layers: Layers that do them.

    Returns:
        Threads, at most ``most``.

    Example:
        >>> from depthwise.engine.target import preset
        >>> threads_for(preset("avx2"), 2, macs=300_000_000, layers=53)
        2
        >>> threads_for(preset("avx2"), 2, macs=2_700_000, layers=10)
        1
    """
    rate = target.lanes * 5e9  # two multiply-adds a cycle at 2.5 GHz

    def seconds(threads: int) -> float:
        return macs / rate / threads + _PASSING_ON * layers * math.log2(threads)

    return min(range(1, most + 1), key=seconds)


class Fusion(Enum):
    """Which kernel computes a chain of convolutions."""

    NONE = "none"
    SEPARABLE = "separable"
    INVERTED = "inverted"


class Policy(Enum):
    """Which chains of convolutions may run as one kernel.

    Example:
        >>> Policy("never")
        <Policy.NEVER: 'never'>
    """

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Block:
    """A chain that ends in depthwise and pointwise, as the fusion rule sees it.

    Args:
        channels: Channels of the depthwise convolution.
        outputs: Output channels of the pointwise one.
        height: Output rows.
        width: Output pixels a row.
        taps: Rows of taps of the depthwise convolution.
        stride: Rows between neighbouring outputs.
        hidden_width: Pixels a row of the depthwise convolution's input, halo included.
        inputs: Products that one element of the expansion sums; 0 without expansion.
        batch: Samples.
    """

    channels: int
    outputs: int
    height: int
    width: int
    taps: int
    stride: int
    hidden_width: int
    inputs: int
    batch: int

    @property
    def groups(self) -> int:
        """Groups of rows that one thread takes one after the other."""
        return self.height // rows_together(self.height, self.width)

    def scratch_bytes(self, threads: int) -> int:
        """Count bytes that a fused kernel keeps near for each of ``threads``."""
        rows = rows_together(self.height, self.width, threads)
        ring = (self.taps + 1) * self.hidden_width if self.inputs else 0
        return 4 * self.channels * (ring + rows * self.width)

    def load(self, threads: int) -> float:
        """Find the work of the busiest of ``threads``; an even share is 1.

        They take whole groups of rows. Beside another thread's rows a thread
        expands the hidden rows that both need once more: half of the block's work.
        """
        if threads == 1:
            return 1.0
        rows = rows_together(self.height, self.width, threads)
        own = -(-self.height // rows // threads) * rows
        sides = 1 if threads == 2 else 2
        again = sides * (self.taps - self.stride) / (2 * self.stride)
        return (own + (again / 2 if self.inputs else 0)) * threads / self.height


def choose_fusion(target: Target, threads: int, block: Block, policy: Policy) -> Fusion:
    """Pick the kernel of a chain of convolutions: the one rule of fusion.

    Args:
        target: The CPU.
        threads: Threads that share the work.
        block: The chain.
        policy: Whether the caller leaves the choice to this rule.

    Returns:
        The kernel; NONE where hidden values would not stay near, where there are too
        few groups of rows, or where threads cannot share them evenly.

    Example:
        >>> from depthwise.engine.target import preset
        >>> late = Block(1024, 1024, 7, 7, 3, 1, 9, 0, 1)
        >>> choose_fusion(preset("avx2"), 1, late, Policy.AUTO)
        <Fusion.NONE: 'none'>
    """
    kind = Fusion.INVERTED if block.inputs else Fusion.SEPARABLE
    if policy is not Policy.AUTO:
        return Fusion.NONE if policy is Policy.NEVER else kind
    near = block.scratch_bytes(threads) <= target.l2_bytes * 3 // 4
    shared = block.load(threads) <= _UNEVEN
    return kind if near and shared and block.groups >= _LEAST else Fusion.NONE
