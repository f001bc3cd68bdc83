"""LITE: three long kernels beside hand-made ones, then two separable rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import torch
from torch import Tensor, nn

from depthwise.nn.blocks import ConvUnit, Style
from depthwise.nn.blueprint import BlueprintConv1d
from depthwise.nn.convolve import convolve
from depthwise.nn.dense import DenseConv1d
from depthwise.nn.geometry import Axes, axes, window
from depthwise.nn.network import Network, head_of
from depthwise.nn.norms import BATCH, make_norm
from depthwise.nn.registry import register_model
from depthwise.nn.separable import SeparableConv1d
from depthwise.nn.table import Stages, scaled

if TYPE_CHECKING:
    from depthwise.nn.blocks import Conv

TREND_LENGTHS: Final = (2, 4, 8, 16, 32, 64)
PEAK_LENGTHS: Final = (4, 8, 16, 32, 64)
HAND_MADE: Final = 2 * len(TREND_LENGTHS) + len(PEAK_LENGTHS)
KERNEL_SIZES: Final = (40, 20, 10)
# Taps and dilation of the two rows.
LITE_ROWS: Final = ((20, 2), (10, 4))


@register_model
def lite(
    *,
    num_classes: int = 2,
    in_chans: int = 1,
    input_size: Axes = 128,
    conv: Conv = "separable",
    width_multiplier: float = 1.0,
    dropout: float = 0.0,
    per_sensor: bool | None = None,
) -> Network:
    """Build LITE for one sensor, or LITEMV for several.

    Args:
        num_classes: Scores out; 0 leaves the classifier out.
        in_chans: Sensors, any number.
        input_size: Samples of the usual window; any other length runs too.
        conv: "separable", "dense" or "blueprint" rows, and stem in LITEMV.
        width_multiplier: Factor on the 32 filters of each convolution.
        dropout: Share set to zero before the classifier in training.
        per_sensor: Whether the stem is LITEMV's, which filters each sensor on its
            own before mixing; None means where there are several.

    Returns:
        LITE by default: 9,814 trained parameters and the classifier.

    Source:
        Ismail-Fawaz et al. 2023, "LITE: Light Inception with boosTing tEchniques for
        Time Series Classification"; LITEMV: arXiv:2409.02869.

    Example:
        >>> import torch
        >>> lite(in_chans=3, num_classes=4)(torch.ones(2, 3, 100)).shape
        torch.Size([2, 4])
    """
    separates = in_chans > 1 if per_sensor is None else per_sensor
    stem_conv: Conv = conv if separates else "dense"
    channels = scaled(32, width_multiplier)
    stem = LiteStem(in_chans, channels, stem_conv)
    style = Style(1, conv, padding="same")
    first, second = (
        _row(style, (inputs, channels), kernel_size, dilation)
        for inputs, (kernel_size, dilation) in zip(
            (stem.out_channels, channels), LITE_ROWS, strict=True
        )
    )
    stages = Stages(nn.Sequential(first, second), (channels, channels), (1, 1))
    head = head_of(1, channels, dropout=dropout)
    shape = (in_chans, *axes(1, "input_size", input_size))
    return Network(stem, stages, head, num_classes=num_classes, input_shape=shape)


@final
class LiteStem(nn.Module):
    """Long learnt kernels and hand-made ones side by side, normalised together.

    Args:
        in_chans: Sensors.
        channels: Filters of each learnt kernel size.
        conv: "dense" sums over sensors, hand-made filters too; "separable" and
            "blueprint" give every sensor its own hand-made features.

    Example:
        >>> LiteStem(in_chans=1, channels=32, conv="dense").out_channels
        113
    """

    def __init__(self, in_chans: int, channels: int, conv: Conv) -> None:
        super().__init__()
        kinds = {
            "dense": DenseConv1d,
            "separable": SeparableConv1d,
            "blueprint": BlueprintConv1d,
        }
        self.learnt = nn.ModuleList(
            kinds[conv](in_chans, channels, size, padding="same", bias=False)
            for size in KERNEL_SIZES
        )
        self.hand_made = HandMade(in_chans, is_summed=conv == "dense")
        own = 1 if conv == "dense" else in_chans
        self.out_channels = len(KERNEL_SIZES) * channels + own * HAND_MADE
        self.norm = make_norm(BATCH, 1, self.out_channels)
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Lead a batch x [N, sensors, L] to [N, out_channels, L]."""
        branches = [branch(x) for branch in self.learnt]
        y = torch.cat([*branches, self.hand_made(x)], dim=1)
        normalised: Tensor = self.activation(self.norm(y))
        return normalised


@final
class HandMade(nn.Module):
    """Fixed filters that answer to rising, falling and peaking series.

    A falling filter is the negative of a rising one, so only one of each is run.

    Args:
        in_chans: Sensors.
        is_summed: Whether sensors are summed before filtering.

    Source:
        Ismail-Fawaz et al. 2022, "Deep Learning For Time Series Classification Using
        New Hand-Crafted Convolution Filters".

    Example:
        >>> HandMade(in_chans=3, is_summed=False)(torch.ones(1, 3, 50)).shape
        torch.Size([1, 51, 50])
    """

    def __init__(self, in_chans: int, *, is_summed: bool) -> None:
        super().__init__()
        self.groups = 1 if is_summed else in_chans
        self.names = []
        trends = [(f"trend_{n}", rising(n)) for n in TREND_LENGTHS]
        peaks = [(f"peak_{n}", peaking(n)) for n in PEAK_LENGTHS]
        for name, taps in (*trends, *peaks):
            shape = (self.groups, in_chans // self.groups, 1)
            self.register_buffer(name, taps.repeat(shape))
            self.names.append(name)

    def forward(self, x: Tensor) -> Tensor:
        """Filter a batch x [N, sensors, L]: [N, 17 × groups, L], never negative."""
        answers = [self._filtered(x, name) for name in self.names]
        count = len(TREND_LENGTHS)
        falling = [-answer for answer in answers[:count]]
        both = [*answers[:count], *falling, *answers[count:]]
        return torch.cat(both, dim=1).relu()

    def _filtered(self, x: Tensor, name: str) -> Tensor:
        taps = self.get_buffer(name)
        spec = window(1, taps.shape[-1], padding="same")
        return convolve(x, taps, None, spec, self.groups)


def rising(length: int) -> Tensor:
    """Make the filter that answers to a rising series.

    Args:
        length: Taps, even.

    Returns:
        -1 and 1 in turn [length].

    Example:
        >>> rising(4).tolist()
        [-1.0, 1.0, -1.0, 1.0]
    """
    return torch.tensor([-1.0, 1.0]).repeat(length // 2)


def peaking(length: int) -> Tensor:
    """Make the filter that answers to a peak.

    Args:
        length: Taps of the peak and one of its sides together, a multiple of 4.

    Returns:
        A negative, a doubled positive and a negative parabola [length * 3 / 2].

    Example:
        >>> peaking(8).tolist()[:6]
        [-0.25, -1.0, -1.0, -0.25, 0.5, 2.0]
    """
    count = length // 4
    left = (torch.arange(1, count + 1) / count) ** 2
    bump = torch.cat([left, left.flip(0)])
    return torch.cat([-bump, 2 * bump, -bump])


def _row(
    style: Style, channels: tuple[int, int], kernel_size: int, dilation: int
) -> nn.Module:
    """One row, normalised once at its end as in the paper."""
    if style.conv == "dense":
        dense = DenseConv1d(*channels, kernel_size, 1, "same", dilation, bias=False)
        return ConvUnit(dense, style, style.activation)
    order = SeparableConv1d if style.conv == "separable" else BlueprintConv1d
    return order(
        *channels,
        kernel_size,
        1,
        "same",
        dilation,
        bias=False,
        norm=(None, style.norm),
        activation=(None, style.activation),
    )
