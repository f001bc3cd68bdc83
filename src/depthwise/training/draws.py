"""Random numbers that are a pure function of (seed, epoch, stream, index).

A counter is hashed (splitmix64) in place of a generator being advanced: example 17 gets
the same numbers in whichever batch, process or resumed run it appears.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bits = NDArray[np.uint64]

GOLDEN = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1


def key(*numbers: int) -> int:
    """Hash whole numbers into one of 64 bits.

    Args:
        numbers: Such as seed, epoch and stream; the order counts.

    Returns:
        A number in [0, 2^64).

    Source:
        Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014).

    Example:
        >>> key(0, 1) == key(0, 1), key(0, 1) == key(1, 0)
        (True, False)
    """
    state = 0
    for number in numbers:
        state = _mix_one((state + GOLDEN + (number & MASK)) & MASK)
    return state


def bits(root: int, indices: NDArray[np.int64], count: int = 1) -> Bits:
    """Draw 64 random bits, count times for every index.

    Args:
        root: A key.
        indices: Which examples, int64 [n].
        count: Draws an index.

    Returns:
        uint64 [n, count].

    Example:
        >>> many = bits(key(3), np.arange(5), 2)
        >>> bool((many[3] == bits(key(3), np.array([3]), 2)[0]).all())
        True
    """
    own = _mix((indices.astype(np.uint64) + np.uint64(1)) * np.uint64(GOLDEN))
    start = _mix(own ^ np.uint64(root))
    steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GOLDEN)
    return _mix(start[:, None] + steps[None, :])


def uniforms(
    root: int, indices: NDArray[np.int64], count: int = 1
) -> NDArray[np.float32]:
    """Draw from [0, 1), count times for every index.

    Args:
        root: A key.
        indices: Which examples, int64 [n].
        count: Draws an index.

    Returns:
        float32 [n, count], multiples of 2^-24.

    Example:
        >>> drawn = uniforms(key(0), np.arange(1000))
        >>> bool(abs(drawn.mean() - 0.5) < 0.03 and drawn.max() < 1)
        True
    """
    top = bits(root, indices, count) >> np.uint64(40)
    return top.astype(np.float32) * np.float32(2.0**-24)


def normals(
    root: int, indices: NDArray[np.int64], count: int = 1
) -> NDArray[np.float32]:
    """Draw from the normal distribution, count times for every index.

    Args:
        root: A key.
        indices: Which examples, int64 [n].
        count: Draws an index.

    Returns:
        float32 [n, count], mean 0, deviation 1.

    Source:
        Box and Muller (1958).

    Example:
        >>> drawn = normals(key(0), np.arange(1000), 4)
        >>> bool(abs(drawn.mean()) < 0.06 and abs(drawn.std() - 1) < 0.06)
        True
    """
    pairs = (count + 1) // 2
    drawn = bits(root, indices, pairs)
    scale = np.float32(2.0**-24)
    first = ((drawn >> np.uint64(40)).astype(np.float32) + np.float32(0.5)) * scale
    low = (drawn & np.uint64(0xFFFFFF)).astype(np.float32) * scale
    radius = np.sqrt(np.float32(-2) * np.log(first))
    angle = np.float32(2 * np.pi) * low
    both = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return both[:, :count].astype(np.float32)


def _mix_one(x: int) -> int:
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def _mix(x: Bits) -> Bits:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
