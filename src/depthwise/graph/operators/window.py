"""Sliding windows: the geometry that convolution and pooling share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.operator import Array, Call
from depthwise.graph.shapes import concrete

AUTO_PADS = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")
"""What the attribute auto_pad may say."""


@dataclass(frozen=True, slots=True)
class Window:
    """One kernel sliding along one axis.

    Args:
        size: Elements of the axis, without padding.
        kernel: Taps, at least 1.
        stride: Step between outputs, at least 1.
        dilation: Step between taps, at least 1.
        begin: Padding before the first element; negative crops.
        end: Padding after the last element; negative crops.
        ceil: Whether a last, partial window counts (pooling only).

    Example:
        >>> Window(size=8, kernel=3, begin=1, end=1).outputs
        8
    """

    size: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    begin: int = 0
    end: int = 0
    ceil: bool = False

    @property
    def reach(self) -> int:
        """From the first tap to the last, both included."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def outputs(self) -> int:
        """How many positions the kernel takes."""
        room = self.size + self.begin + self.end - self.reach
        if room < 0:
            padded = self.size + self.begin + self.end
            msg = f"the padded axis must hold the kernel; got {padded} < {self.reach}"
            raise GeometryError(msg, "a larger input, or more padding")
        if not self.ceil:
            return room // self.stride + 1
        count = -(-room // self.stride) + 1
        starts_in_padding = (count - 1) * self.stride >= self.size + self.begin
        return count - 1 if starts_in_padding else count

    @property
    def real_taps(self) -> int:
        """Taps that fall on elements rather than on padding, over all positions."""
        return landings(self, self.outputs, self.size)

    def tap(self, index: int) -> slice:
        """Select what one tap reads at every position, from the padded axis.

        Args:
            index: The tap, from 0.

        Returns:
            A slice with ``outputs`` elements.
        """
        start = index * self.dilation
        return slice(start, start + (self.outputs - 1) * self.stride + 1, self.stride)


def landings(window: Window, positions: int, size: int) -> int:
    """Count the taps that fall inside an axis, over all positions of a kernel.

    Args:
        window: The kernel; its stride, dilation and padding before are used.
        positions: How many positions the kernel takes.
        size: Elements of the axis that taps may fall on.

    Returns:
        The count, at most positions x kernel.

    Example:
        >>> landings(Window(size=8, kernel=3, begin=1, end=1), 8, 8)
        22
    """
    count = 0
    for tap in range(window.kernel):
        shift = tap * window.dilation - window.begin
        first = max(0, -(shift // window.stride))
        last = (size - 1 - shift) // window.stride
        count += max(0, min(last, positions - 1) - first + 1)
    return count


def windows_of(call: Call, kernel: Sequence[int]) -> tuple[Window, ...]:
    """Read the attributes strides, dilations, pads and auto_pad of a call.

    Args:
        call: A convolution or pooling over ``[N, C, *spatial]``.
        kernel: Taps an axis.

    Returns:
        One window a spatial axis.

    Raises:
        GeometryError: If attributes and axes do not match in number or sign.
    """
    sizes = concrete(call.shape(0)[2:])
    rank = len(sizes)
    strides = call.integers("strides") or (1,) * rank
    dilations = (1,) * rank
    if "dilations" in call.operator.attributes:
        dilations = call.integers("dilations") or dilations
    pads = call.integers("pads") or (0,) * (2 * rank)
    counts = (len(kernel), len(strides), len(dilations), len(pads) / 2)
    if any(count != rank for count in counts):
        msg = f"kernel, strides, dilations, pads need {rank} axes; got {counts}"
        raise GeometryError(msg)
    if min(*kernel, *strides, *dilations) < 1:
        msg = f"kernel, strides, dilations must be 1 or more; got {kernel, strides}"
        raise GeometryError(msg)
    auto = call.text("auto_pad")
    ceil = "ceil_mode" in call.operator.attributes and call.flag("ceil_mode")
    ceil = ceil and auto == "NOTSET"
    result = []
    for axis, size in enumerate(sizes):
        reach = dilations[axis] * (kernel[axis] - 1) + 1
        edges = (pads[axis], pads[axis + rank])
        begin, end = automatic_pads(auto, size, reach, strides[axis], edges)
        if size + min(begin, 0) + min(end, 0) < 1:
            msg = f"padding must leave an element of each axis; got {edges}, {size}"
            raise GeometryError(msg)
        result.append(
            Window(
                size, kernel[axis], strides[axis], dilations[axis], begin, end, ceil
            ),
        )
    return tuple(result)


def automatic_pads(
    mode: str,
    size: int,
    reach: int,
    stride: int,
    explicit: tuple[int, int],
) -> tuple[int, int]:
    """Resolve ONNX's auto_pad on one axis.

    Args:
        mode: One of AUTO_PADS.
        size: Elements of the axis.
        reach: From the first tap to the last, both included.
        stride: Step between outputs.
        explicit: Padding to use for NOTSET.

    Returns:
        Padding before and after.

    Example:
        >>> automatic_pads("SAME_UPPER", 224, 3, 2, (0, 0))
        (0, 1)
    """
    if mode == "NOTSET":
        return explicit
    if mode == "VALID":
        return (0, 0)
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    small, large = total // 2, total - total // 2
    return (small, large) if mode == "SAME_UPPER" else (large, small)


def pad_windows(x: Array, windows: Sequence[Window], value: float) -> Array:
    """Pad (or crop) the spatial axes so that every tap's slice is inside.

    Args:
        x: ``[N, C, *spatial]``.
        windows: One a spatial axis.
        value: What padding holds.

    Returns:
        The padded array; with ceil mode it reaches past the declared padding.
    """
    widths = [(0, 0), (0, 0)]
    crops = [slice(None), slice(None)]
    for window in windows:
        last = (window.outputs - 1) * window.stride + window.reach
        end = max(window.end, last - window.size - window.begin)
        widths.append((max(window.begin, 0), max(end, 0)))
        stop = window.size + min(end, 0)
        crops.append(slice(max(-window.begin, 0), stop))
    return np.pad(x[tuple(crops)], widths, constant_values=value)
