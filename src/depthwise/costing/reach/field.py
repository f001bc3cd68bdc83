"""The receptive field along one axis of the input, as an interval that slides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

_ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Field:
    """What position ``p`` of a layer sees: ``stride*p + low`` to ``stride*p + high``.

    Args:
        extent: Elements of the input's axis.
        stride: Input elements from one position to the next; below 1 after
            upsampling.
        low: Offset of the first element seen; negative where padding is.
        high: Offset of the last element seen.
        whole: Whether every position sees the whole axis.

    Source:
        Araujo, Norris, Sim 2019, "Computing receptive fields of convolutional neural
        networks", Distill, section "computing receptive field region".

    Example:
        >>> Field(224).slide(kernel=3, step=2, begin=1).slide(3, 1, 1).size
        7
    """

    extent: int
    stride: Fraction = _ONE
    low: Fraction = Fraction(0)
    high: Fraction = Fraction(0)
    whole: bool = False

    @property
    def size(self) -> int:
        """Input elements that one position sees, padding included."""
        if self.whole:
            return self.extent
        return math.floor(self.high - self.low) + 1

    @property
    def jump(self) -> float:
        """The stride as a number; the whole axis where everything is seen."""
        return float(self.extent if self.whole else self.stride)

    @property
    def padding(self) -> float:
        """Padding elements that the first position sees before the axis begins."""
        return 0.0 if self.whole else float(max(-self.low, Fraction(0)))

    def slide(
        self, kernel: int, step: int = 1, begin: int = 0, dilation: int = 1
    ) -> Field:
        """Let a window slide over what this field belongs to.

        Args:
            kernel: Taps.
            step: The window's stride.
            begin: Padding before the first element; negative crops.
            dilation: Step between taps.

        Returns:
            The field of the window's result.
        """
        first = -self.stride * begin
        last = first + self.stride * (kernel - 1) * dilation
        stride = self.stride * step
        return self._moved(stride, self.low + first, self.high + last)

    def spread(
        self, kernel: int, step: int = 1, begin: int = 0, dilation: int = 1
    ) -> Field:
        """Let a transposed window spread what this field belongs to.

        Args:
            kernel: Taps.
            step: Outputs from one element to the next.
            begin: Outputs cropped before the first.
            dilation: Step between taps.

        Returns:
            The field of the result; an upper bound at strides above 1, where
            neighbouring outputs see different numbers of elements.
        """
        stride = self.stride / step
        first = stride * (begin - (kernel - 1) * dilation)
        return self._moved(stride, self.low + first, self.high + stride * begin)

    def scaled(self, factor: Fraction, support: int) -> Field:
        """Resize what this field belongs to.

        Args:
            factor: Outputs an element.
            support: Elements on each side that interpolation reads.

        Returns:
            The field of the result.
        """
        stride = self.stride / factor
        shift = (stride - self.stride) / 2
        room = support * self.stride
        low, high = self.low + shift - room, self.high + shift + room
        return self._moved(stride, low, high)

    def everything(self) -> Field:
        """Mix all positions of the axis."""
        return Field(self.extent, whole=True)

    def union(self, other: Field) -> Field:
        """Join what two branches see at the same position.

        Args:
            other: The other branch's field, of the same axis.

        Returns:
            The smallest interval that holds both.
        """
        if self.whole or other.whole:
            return self.everything()
        low, high = min(self.low, other.low), max(self.high, other.high)
        return Field(self.extent, max(self.stride, other.stride), low, high)

    def _moved(self, stride: Fraction, low: Fraction, high: Fraction) -> Field:
        return self if self.whole else Field(self.extent, stride, low, high)
