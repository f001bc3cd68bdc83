"""Networks as tables: one row a line of the paper's table, interpreted here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from torch import nn

from depthwise.nn.blocks import (
    Residual,
    SqueezeExcite,
    Style,
    conv_unit,
    pointwise_unit,
)
from depthwise.nn.geometry import Axes, axes

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Row:
    """One line of a network's table.

    Args:
        out_channels: Channels out, before the width multiplier.
        stride: Steps of the first of the repeats; the others have 1.
        kernel_size: Taps, one int or one an axis.
        repeat: Times the row stands in the network.
        dilation: Distance between taps.
        expand_ratio: Expanded channels per input channel; 1 expands nothing.
        expanded: Expanded channels before the width multiplier; wins over the ratio.
        residual: Whether the input is added where shapes agree, and the row ends
            linear.
        squeeze: Whether squeeze-excite weighs the expanded channels.
        activation: Activation of this row, if it is not the network's.

    Example:
        >>> Row(128, stride=2, repeat=2).kernel_size
        3
    """

    out_channels: int
    stride: int = 1
    kernel_size: Axes = 3
    repeat: int = 1
    dilation: int = 1
    expand_ratio: float = 1.0
    expanded: int | None = None
    residual: bool = False
    squeeze: bool = False
    activation: str | None = None


@dataclass(frozen=True)
class Stages:
    """The rows of a network, cut where the resolution falls.

    Args:
        modules: One child a stage.
        channels: Channels out of each stage.
        reductions: Input samples per output sample along the first axis.

    Example:
        >>> stages = build_stages(Style(rank=2), [Row(8), Row(16, stride=2)], 3)
        >>> stages.channels, stages.reductions
        ((8, 16), (1, 2))
    """

    modules: nn.Sequential
    channels: tuple[int, ...]
    reductions: tuple[int, ...]


def build_stages(
    style: Style,
    rows: Sequence[Row],
    in_channels: int,
    *,
    width_multiplier: float = 1.0,
    reduction: int = 1,
) -> Stages:
    """Turn rows into modules.

    Args:
        style: What all the rows share.
        rows: The table.
        in_channels: Channels out of the stem.
        width_multiplier: Factor on every row's channels.
        reduction: Stride of the stem.

    Returns:
        One module a stage; a stage begins at each row that strides.

    Example:
        >>> rows = [Row(8), Row(16, stride=2, repeat=2)]
        >>> [len(stage) for stage in build_stages(Style(rank=1), rows, 4).modules]
        [1, 2]
    """
    stages: list[list[nn.Module]] = [[]]
    channels, reductions = [in_channels], [reduction]
    for row in single_rows(rows):
        if row.stride > 1 and stages[-1]:
            stages.append([])
            channels.append(channels[-1])
            reductions.append(reductions[-1])
        out_channels = scaled(row.out_channels, width_multiplier)
        block = _block(style, row, (channels[-1], out_channels), width_multiplier)
        stages[-1].append(block)
        channels[-1] = out_channels
        reductions[-1] *= row.stride
    modules = nn.Sequential(*(nn.Sequential(*stage) for stage in stages))
    return Stages(modules, tuple(channels), tuple(reductions))


def single_rows(rows: Sequence[Row]) -> list[Row]:
    """Write repeated rows out, one block a row.

    Args:
        rows: The table.

    Returns:
        Rows whose repeat is 1; only the first of each repeat strides.

    Example:
        >>> [row.stride for row in single_rows([Row(16, stride=2, repeat=3)])]
        [2, 1, 1]
    """
    single = []
    for row in rows:
        first = replace(row, repeat=1)
        single += [first, *[replace(first, stride=1)] * (row.repeat - 1)]
    return single


def scaled(channels: int, width_multiplier: float, divisor: int = 8) -> int:
    """Apply the width multiplier, in steps that suit vector units.

    Args:
        channels: Channels at width 1.
        width_multiplier: Factor α, above 0.
        divisor: What the result is a multiple of.

    Returns:
        The nearest multiple that is at least `divisor` and does not lose more than a
        tenth; at width 1 the channels as they are.

    Source:
        Howard et al. 2017, arXiv:1704.04861, section 3.3; the rounding is that of
        the MobileNet authors' published code.

    Example:
        >>> scaled(64, 0.75), scaled(32, 0.35)
        (48, 16)
    """
    if width_multiplier == 1:
        return channels
    exact = channels * width_multiplier
    return round_to(exact, divisor)


def round_to(exact: float, divisor: int = 8) -> int:
    """Round a channel count to a multiple without losing more than a tenth.

    Args:
        exact: The count wished for.
        divisor: What the result is a multiple of.

    Returns:
        The nearest multiple, or the next above if that loses more than a tenth.

    Example:
        >>> round_to(18.0), round_to(3.0)
        (24, 8)
    """
    nearest = max(divisor, int(exact + divisor / 2) // divisor * divisor)
    return nearest if nearest >= 0.9 * exact else nearest + divisor


def scaled_size(
    rank: int, input_size: Axes, resolution_multiplier: float = 1.0
) -> tuple[int, ...]:
    """Apply the resolution multiplier to the usual input.

    Args:
        rank: Spatial axes: 1, 2 or 3.
        input_size: Samples, one int for all axes or one an axis.
        resolution_multiplier: Factor ρ, above 0.

    Returns:
        Samples along each axis, rounded to the nearest integer.

    Raises:
        GeometryError: If an axis is missing or would be empty.

    Source:
        Howard et al. 2017, arXiv:1704.04861, section 3.4.

    Example:
        >>> scaled_size(2, 224, 6 / 7)
        (192, 192)
    """
    sizes = axes(rank, "input_size", input_size)
    scaled_sizes = tuple(round(size * resolution_multiplier) for size in sizes)
    return axes(rank, "scaled input_size", scaled_sizes)


def _block(
    style: Style, row: Row, channels: tuple[int, int], width_multiplier: float
) -> nn.Module:
    in_channels, out_channels = channels
    style = replace(style, activation=row.activation or style.activation)
    middle = _expanded(row, in_channels, width_multiplier)
    excite = None
    if row.squeeze:
        excite = SqueezeExcite(style.rank, middle, round_to(middle / 4))
    unit = conv_unit(
        style,
        middle,
        out_channels,
        row.kernel_size,
        row.stride,
        dilation=row.dilation,
        linear=row.residual,
        between=excite,
    )
    if not row.residual:
        return unit
    expand = None
    if middle != in_channels:
        expand = pointwise_unit(style, in_channels, middle)
    fits = row.stride == 1 and in_channels == out_channels
    return Residual(unit, expand, is_added=fits)


def _expanded(row: Row, in_channels: int, width_multiplier: float) -> int:
    if row.expanded is not None:
        return scaled(row.expanded, width_multiplier)
    return round(in_channels * row.expand_ratio)
