"""The window of a convolution: kernel, stride, dilation and padding, axis by axis.

Padding is an int, a tuple with one int or one (before, after) pair an axis, or

    "valid"    no padding
    "same"     TensorFlow's rule: ceil(n / stride) outputs, the odd zero at the end
    "causal"   all zeros before the first sample; 1-D only

Names are taken in capitals too, as TensorFlow writes them.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, SupportsIndex

from depthwise.errors import GeometryError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

Axes = int | tuple[int, ...]
Pair = tuple[int, int]
PaddingLike = int | str | tuple[int | Pair, ...]
NAMED_PADDING = ("causal", "same", "valid")


@dataclass(frozen=True)
class Window:
    """How a kernel walks over its input.

    Args:
        kernel_size: Taps along each axis, at least 1.
        stride: Steps along each axis, at least 1.
        padding: "same", "causal", or one (before, after) pair an axis.
        dilation: Distance between taps along each axis, at least 1.

    Example:
        >>> window(2, 3, stride=2, padding="same").pads((224, 224))
        ((0, 1), (0, 1))
    """

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: str | tuple[Pair, ...]
    dilation: tuple[int, ...]

    @property
    def extent(self) -> tuple[int, ...]:
        """Input samples that one output sees along each axis, holes included."""
        axes = zip(self.kernel_size, self.dilation, strict=True)
        return tuple(d * (k - 1) + 1 for k, d in axes)

    def __str__(self) -> str:
        parts = [f"kernel_size={self.kernel_size}", f"stride={self.stride}"]
        if self.padding != ((0, 0),) * len(self.stride):
            parts.append(f"padding={self.padding!r}")
        if set(self.dilation) != {1}:
            parts.append(f"dilation={self.dilation}")
        return ", ".join(parts)

    def pads(self, sizes: Sequence[int]) -> tuple[Pair, ...]:
        """Give the zeros before and after each axis.

        Args:
            sizes: Input samples along each axis.

        Returns:
            One (before, after) pair an axis.

        Example:
            >>> window(1, 4, padding="causal", dilation=2).pads((10,))
            ((6, 0),)
        """
        if isinstance(self.padding, tuple):
            return self.padding
        if self.padding == "causal":
            return tuple((extent - 1, 0) for extent in self.extent)
        axes = zip(sizes, self.extent, self.stride, strict=True)
        return tuple(same_padding(n, extent, s) for n, extent, s in axes)


def same_padding(size: int, extent: int, stride: int) -> Pair:
    """Pad one axis so that it yields ceil(size / stride) outputs.

    Args:
        size: Input samples along the axis, at least 1.
        extent: Input samples under the kernel, holes included.
        stride: Steps between outputs.

    Returns:
        Zeros (before, after); an odd one comes after, as in TensorFlow and Keras.

    Source:
        TensorFlow, "Neural network: notes on padding"; total is
        max((ceil(n / s) - 1) * s + d * (k - 1) + 1 - n, 0).

    Example:
        >>> same_padding(8, extent=3, stride=2)
        (0, 1)
    """
    total = (-(-size // stride) - 1) * stride + extent - size
    # Only a kernel that strides over samples can lack none; an open size has no max.
    total = max(total, 0) if extent < stride else total
    return total // 2, total - total // 2


def window(
    rank: int,
    kernel_size: Axes,
    stride: Axes = 1,
    padding: PaddingLike = 0,
    dilation: Axes = 1,
) -> Window:
    """Check a convolution's window and spell it out axis by axis.

    Args:
        rank: Spatial axes: 1, 2 or 3.
        kernel_size: Taps, one int for all axes or one an axis.
        stride: Steps, likewise.
        padding: int, tuple (of ints or pairs), "same", "valid" or "causal".
        dilation: Distance between taps, likewise.

    Returns:
        The window with a tuple for every field.

    Raises:
        GeometryError: If a number is out of range or an axis is missing.
        UnknownNameError: If the padding is a name of no rule.

    Example:
        >>> window(2, 3, (1, 2), padding=1).padding
        ((1, 1), (1, 1))
    """
    return Window(
        axes(rank, "kernel_size", kernel_size),
        axes(rank, "stride", stride),
        _padding(rank, padding),
        axes(rank, "dilation", dilation),
    )


def axes(rank: int, name: str, value: Axes, *, least: int = 1) -> tuple[int, ...]:
    """Spell one number, or one number an axis, as a tuple.

    Args:
        rank: Spatial axes: 1, 2 or 3.
        name: Argument name for the error.
        value: One int, or a tuple of `rank` ints.
        least: Smallest value allowed.

    Returns:
        A tuple of `rank` ints.

    Raises:
        GeometryError: If the length or a value does not fit.

    Example:
        >>> axes(2, "stride", 2)
        (2, 2)
    """
    values = _each(rank, value)
    if len(values) != rank:
        rule = "one int" if rank == 1 else f"one int or {rank} ints"
        raise GeometryError(f"{name} must be {rule}; got {value}")
    whole = [_whole(v) for v in values]
    if any(v is None or v < least for v in whole):
        raise GeometryError(f"{name} must be integers from {least} up; got {value}")
    return tuple(v for v in whole if v is not None)


def positive(name: str, value: int, *, least: int = 1) -> int:
    """Return a count, or say that it is none.

    Args:
        name: Argument name for the error.
        value: The count.
        least: Smallest value allowed.

    Returns:
        The value itself.

    Raises:
        GeometryError: If it is no int or is below `least`.

    Example:
        >>> positive("in_channels", 3)
        3
    """
    whole = _whole(value)
    if whole is None or whole < least:
        raise GeometryError(f"{name} must be an integer from {least} up; got {value!r}")
    return whole


def divides(divisor: int, *, name: str = "groups", **channels: int) -> None:
    """Check that groups divide each of the channel counts.

    Args:
        divisor: Number of groups, at least 1.
        name: What the divisor is called in the error.
        **channels: Channel counts by argument name.

    Raises:
        GeometryError: If one of them cannot be split evenly.

    Example:
        >>> divides(2, in_channels=6, out_channels=4)
    """
    positive(name, divisor)
    for whole, count in channels.items():
        if count % divisor:
            fits = next(d for d in range(divisor, 0, -1) if count % d == 0)
            rule = f"{name} must divide {whole}"
            got = f"got {name}={divisor}, {whole}={count}"
            raise GeometryError(f"{rule}; {got}", f"{name}={fits}")


def _padding(rank: int, padding: PaddingLike) -> str | tuple[Pair, ...]:
    if isinstance(padding, str):
        return _named_padding(rank, padding)
    pairs = [_each(2, p) for p in _each(rank, padding)]
    if len(pairs) != rank or any(len(pair) != 2 for pair in pairs):
        many = f"{rank} ints or (before, after) pairs"
        many = "a tuple of one int or (before, after) pair" if rank == 1 else many
        hint = f"padding=({padding},)" if (rank, len(pairs)) == (1, 2) else ""
        raise GeometryError(f"padding must be one int, or {many}; got {padding}", hint)
    whole = [_whole(p) for pair in pairs for p in pair]
    if any(p is None or p < 0 for p in whole):
        raise GeometryError(f"padding must be integers from 0 up; got {padding}")
    ends = [p for p in whole if p is not None]
    return tuple(zip(ends[::2], ends[1::2], strict=True))


def _each(count: int, value: object) -> tuple[object, ...]:
    """Spell one value, or one an axis, as a tuple."""
    if _whole(value) is None and isinstance(value, Iterable):
        return tuple(value)
    return (value,) * count


def _whole(value: object) -> int | None:
    """Take what counts: an int of Python's, NumPy's or torch's."""
    if not isinstance(value, SupportsIndex):
        return None
    try:
        return int(operator.index(value))
    except TypeError:
        return None


def _named_padding(rank: int, padding: str) -> str | tuple[Pair, ...]:
    padding = padding.lower()
    if padding not in NAMED_PADDING:
        raise UnknownNameError.of("padding", padding, NAMED_PADDING)
    if padding == "causal" and rank != 1:
        rule = "padding 'causal' needs one axis of time"
        raise GeometryError(f"{rule}; got {rank} axes", "padding='same'")
    return ((0, 0),) * rank if padding == "valid" else padding
