"""Convolution and pooling as plain loops in float64: the first oracle of all.

Nothing here is clever: every output is one sum over taps, every multiplication of
real elements is counted where it happens, and arrays are only read one element at a
time.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

FLOAT32_UNIT = 2.0**-24


@dataclass(frozen=True)
class Result:
    """What a loop computed, and how many products it took.

    ``products`` counts every tap, those on padding too; ``real`` counts the products
    of two elements that exist and of which the result keeps the sum.
    """

    values: np.ndarray
    products: int
    real: int


@dataclass(frozen=True)
class Sliding:
    """A kernel that slides: one number an axis; pads before, then pads after."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[int, ...]

    def outputs(self, sizes: Sequence[int]) -> tuple[int, ...]:
        rank = len(self.kernel)
        counts = []
        for axis in range(rank):
            reach = self.dilations[axis] * (self.kernel[axis] - 1) + 1
            padded = sizes[axis] + self.pads[axis] + self.pads[axis + rank]
            count = 0
            while count * self.strides[axis] + reach <= padded:
                count += 1
            counts.append(count)
        return tuple(counts)

    def read(self, position: Sequence[int], tap: Sequence[int]) -> tuple[int, ...]:
        """The element, perhaps on padding, that a tap reads at a position."""
        return tuple(
            p * s + t * d - b
            for p, t, s, d, b in zip(
                position, tap, self.strides, self.dilations, self.pads, strict=False
            )
        )


def everywhere(sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every index of a box."""
    return itertools.product(*(range(size) for size in sizes))


def inside(place: Sequence[int], sizes: Sequence[int]) -> bool:
    return all(0 <= p < size for p, size in zip(place, sizes, strict=True))


def convolution(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    sliding: Sliding,
    group: int = 1,
) -> Result:
    """y[n,k,p] = bias[k] + sum over c, t of x[n,c,p*s+t*d-b] * weight[k,c,t]."""
    filters, channels_a_group = weight.shape[:2]
    sizes = x.shape[2:]
    outputs = sliding.outputs(sizes)
    values = np.zeros((x.shape[0], filters, *outputs))
    products = real = 0
    for n, k in everywhere((x.shape[0], filters)):
        first = k // (filters // group) * channels_a_group
        for position in everywhere(outputs):
            total = 0.0 if bias is None else float(bias[k])
            for c in range(channels_a_group):
                for tap in everywhere(sliding.kernel):
                    products += 1
                    place = sliding.read(position, tap)
                    if inside(place, sizes):
                        real += 1
                        total += float(x[n, first + c, *place]) * float(
                            weight[k, c, *tap]
                        )
            values[n, k, *position] = total
    return Result(values, products, real)


def transposed_convolution(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    sliding: Sliding,
    outputs: Sequence[int],
    group: int = 1,
) -> Result:
    """Scatter: y[n,k,i*s+t*d-b] += x[n,c,i] * weight[c,k,t], then add the bias."""
    channels, filters_a_group = weight.shape[:2]
    filters = filters_a_group * group
    values = np.zeros((x.shape[0], filters, *outputs))
    products = real = 0
    for n, c in everywhere((x.shape[0], channels)):
        first = c // (channels // group) * filters_a_group
        for position in everywhere(x.shape[2:]):
            for k in range(filters_a_group):
                for tap in everywhere(sliding.kernel):
                    products += 1
                    place = sliding.read(position, tap)
                    if inside(place, outputs):
                        real += 1
                        values[n, first + k, *place] += float(x[n, c, *position]) * (
                            float(weight[c, k, *tap])
                        )
    for n, k in everywhere((x.shape[0], filters)):
        for position in everywhere(outputs):
            values[n, k, *position] += 0.0 if bias is None else float(bias[k])
    return Result(values, products, real)


def max_pool(
    x: np.ndarray, sliding: Sliding, outputs: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """The largest element under each window, and its place in the flattened input."""
    values = np.full((*x.shape[:2], *outputs), -np.inf)
    places = np.zeros((*x.shape[:2], *outputs), np.int64)
    for index in everywhere(values.shape):
        for tap in everywhere(sliding.kernel):
            place = sliding.read(index[2:], tap)
            if inside(place, x.shape[2:]):
                element = float(x[*index[:2], *place])
                if element > values[index]:
                    values[index] = element
                    places[index] = flat((*index[:2], *place), x.shape)
    return values, places


def average_pool(
    x: np.ndarray, sliding: Sliding, outputs: Sequence[int], *, count_padding: bool
) -> np.ndarray:
    """The mean under each window, over its elements or over declared padding too."""
    rank = len(sliding.kernel)
    sizes = x.shape[2:]
    padded = [sizes[a] + sliding.pads[a] + sliding.pads[a + rank] for a in range(rank)]
    values = np.zeros((*x.shape[:2], *outputs))
    for index in everywhere(values.shape):
        total, count = 0.0, 0
        for tap in everywhere(sliding.kernel):
            place = sliding.read(index[2:], tap)
            if inside(place, sizes):
                total += float(x[*index[:2], *place])
            shifted = [p + b for p, b in zip(place, sliding.pads, strict=False)]
            count += inside(shifted, padded) if count_padding else inside(place, sizes)
        values[index] = total / count
    return values


def power_pool(
    x: np.ndarray, sliding: Sliding, outputs: Sequence[int], power: int
) -> np.ndarray:
    """The p-th root of the sum of p-th powers under each window."""
    values = np.zeros((*x.shape[:2], *outputs))
    for index in everywhere(values.shape):
        total = 0.0
        for tap in everywhere(sliding.kernel):
            place = sliding.read(index[2:], tap)
            if inside(place, x.shape[2:]):
                total += abs(float(x[*index[:2], *place])) ** power
        values[index] = total ** (1.0 / power)
    return values


def flat(place: Sequence[int], sizes: Sequence[int]) -> int:
    """Where an element lies in a row-major array."""
    total = 0
    for index, size in zip(place, sizes, strict=True):
        total = total * size + index
    return total


def error_bound(magnitudes: np.ndarray, terms: int) -> np.ndarray:
    """How far a float32 sum of ``terms`` products may be from the exact one.

    ``magnitudes`` is the same sum over absolute values. Each product and each sum
    rounds once by at most a unit, in any order, fused or not.
    """
    return 2 * (terms + 2) * FLOAT32_UNIT * magnitudes
