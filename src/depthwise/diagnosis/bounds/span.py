"""Intervals that hold everything a channel can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Span:
    """The least and the greatest that each channel of a value can be.

    Args:
        low: ``[C]`` in float64, or ``[1]`` where all channels share one interval.
        high: As low.

    Example:
        >>> Span.of(-1.0, 2.0).hull(Span.of(0.0, 3.0)).high.tolist()
        [3.0]
    """

    low: Array
    high: Array

    @staticmethod
    def of(low: float, high: float) -> Span:
        """Make one interval for all channels.

        Args:
            low: Its least element.
            high: Its greatest.

        Returns:
            The span.
        """
        return Span(np.array([low]), np.array([high]))

    @staticmethod
    def anything() -> Span:
        """Make the span that holds every finite number.

        Returns:
            From minus infinity to infinity.
        """
        return Span.of(-np.inf, np.inf)

    @property
    def fixed(self) -> Array:
        """``[C]``: True where a channel can be one number only."""
        return np.asarray(self.low == self.high)

    @property
    def uniform(self) -> Span:
        """One interval that holds all channels."""
        return Span.of(self.low.min(), self.high.max())

    @property
    def sound(self) -> Span:
        """Anything at all where an end is not a number, or one that none can be."""
        lost = np.isnan(self.low) | np.isnan(self.high)
        lost |= (self.low == np.inf) | (self.high == -np.inf)
        low = np.where(lost, -np.inf, self.low)
        return Span(low, np.where(lost, np.inf, self.high))

    def over(self, channels: int) -> Span:
        """Write one interval out for every channel.

        Args:
            channels: How many there are.

        Returns:
            A span of that many intervals.
        """
        wide = (np.broadcast_to(end, (channels,)) for end in (self.low, self.high))
        return Span(*wide)

    def hull(self, other: Span) -> Span:
        """Join with another span, channel by channel.

        Args:
            other: Of as many channels, or of one.

        Returns:
            The smallest span that holds both.
        """
        low = np.minimum(self.low, other.low)
        return Span(low, np.maximum(self.high, other.high))

    def rising(self, function: Callable[[Array], Array]) -> Span:
        """Put the ends through a function that never falls.

        Args:
            function: It takes infinities.

        Returns:
            Its range.
        """
        return Span(function(self.low), function(self.high))

    def valley(self, function: Callable[[Array], Array], bottom: float) -> Span:
        """Put the ends through a function that falls, and rises after one place.

        Args:
            function: It takes infinities.
            bottom: Where it is least.

        Returns:
            Its range.
        """
        ends = function(self.low), function(self.high)
        holds = (self.low <= bottom) & (bottom <= self.high)
        least = np.where(holds, function(np.array([bottom])), np.minimum(*ends))
        return Span(least, np.maximum(*ends))

    def __add__(self, other: Span) -> Span:
        return Span(self.low + other.low, self.high + other.high)

    def __neg__(self) -> Span:
        return Span(-self.high, -self.low)

    def __mul__(self, other: Span) -> Span:
        corners = [
            product(a, b)
            for a in (self.low, self.high)
            for b in (other.low, other.high)
        ]
        return Span(np.minimum.reduce(corners), np.maximum.reduce(corners))


def product(a: Array, b: Array) -> Array:
    """Multiply; zero times infinity is zero, as no finite number is infinite.

    Args:
        a: Any array.
        b: One that it broadcasts with.

    Returns:
        The products.

    Example:
        >>> product(np.array([0.0, 2.0]), np.array([np.inf, np.inf])).tolist()
        [0.0, inf]
    """
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where((a == 0) | (b == 0), 0.0, a * b))


def weighted(weights: Array, span: Span) -> Span:
    """Sum channels with weights.

    Args:
        weights: ``[K, C]``.
        span: Of C channels.

    Returns:
        Of K channels; exactly one number where all that is weighted is.

    Example:
        >>> weighted(np.array([[1.0, -1.0]]), Span(np.zeros(2), np.ones(2))).low
        array([-1.])
    """
    up, down = np.maximum(weights, 0), np.minimum(weights, 0)
    low = _dot(up, span.low) + _dot(down, span.high)
    return Span(low, _dot(up, span.high) + _dot(down, span.low))


def _dot(weights: Array, ends: Array) -> Array:
    finite = np.isfinite(ends)
    total = weights[:, finite] @ ends[finite]
    endless = product(weights[:, ~finite], ends[~finite]).sum(axis=1)
    return np.asarray(total + endless)
