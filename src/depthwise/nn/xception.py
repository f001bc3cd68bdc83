"""XceptionTime: inception modules of separable kernels, added up two by two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import torch
from torch import Tensor, nn

from depthwise.nn.blocks import Style, pointwise_unit
from depthwise.nn.blueprint import BlueprintConv1d
from depthwise.nn.dense import DenseConv1d
from depthwise.nn.geometry import Axes, axes
from depthwise.nn.network import Network, head_of
from depthwise.nn.pointwise import PointwiseConv1d
from depthwise.nn.registry import register_model
from depthwise.nn.separable import SeparableConv1d
from depthwise.nn.table import Stages, scaled

if TYPE_CHECKING:
    from depthwise.nn.blocks import Conv

KERNEL_SIZES: Final = (39, 19, 9)
# Filters of each branch at width 1; a module gives four times as many channels.
MODULES: Final = ((16, 32), (64, 128))


@register_model
def xception_time(
    *,
    num_classes: int = 2,
    in_chans: int = 6,
    input_size: Axes = 128,
    conv: Conv = "separable",
    width_multiplier: float = 1.0,
    dropout: float = 0.0,
) -> Network:
    """Build XceptionTime for windows (N, sensors, samples).

    The paper averages to 50 samples before its two last pointwise layers; here all
    samples reach them, so that windows of any length run alike.

    Args:
        num_classes: Scores out; 0 leaves the classifier out.
        in_chans: Sensors, any number.
        input_size: Samples of the usual window; any other length runs too.
        conv: "separable", "dense" or "blueprint" kernels.
        width_multiplier: Factor on the filters of each branch.
        dropout: Share set to zero before the classifier in training.

    Returns:
        The network.

    Source:
        Rahimian et al. 2019, arXiv:1911.03803, section 2.

    Example:
        >>> xception_time(in_chans=3, num_classes=4).num_features
        128
    """
    style = Style(1, conv, padding="same")
    blocks, channels, inputs = [], [], in_chans
    for filters in MODULES:
        widths = tuple(scaled(f, width_multiplier) for f in filters)
        blocks.append(XceptionBlock(style, inputs, widths))
        inputs = 4 * widths[-1]
        channels.append(inputs)
    hidden = inputs // 2, inputs // 4
    mix = nn.Sequential(
        pointwise_unit(style, inputs, hidden[0]), pointwise_unit(style, *hidden)
    )
    stages = Stages(nn.Sequential(*blocks), tuple(channels), (1,) * len(channels))
    head = head_of(1, hidden[1], conv=mix, dropout=dropout)
    shape = (in_chans, *axes(1, "input_size", input_size))
    parts = (nn.Identity(), stages, head)
    return Network(*parts, num_classes=num_classes, input_shape=shape)


@final
class XceptionBlock(nn.Module):
    """Two modules and a shortcut around them.

    Args:
        style: What all kernels share.
        in_channels: Channels in.
        filters: Filters of each branch in the first and second module.

    Example:
        >>> block = XceptionBlock(Style(1, padding="same"), 6, (16, 32))
        >>> block(torch.ones(2, 6, 50)).shape
        torch.Size([2, 128, 50])
    """

    def __init__(
        self, style: Style, in_channels: int, filters: tuple[int, ...]
    ) -> None:
        super().__init__()
        modules, inputs = [], in_channels
        for count in filters:
            modules.append(XceptionModule(style, inputs, count))
            inputs = 4 * count
        self.body = nn.Sequential(*modules)
        self.shortcut = pointwise_unit(style, in_channels, inputs, linear=True)
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Lead a batch x [N, C, L] to four times the last filters."""
        y: Tensor = self.activation(self.body(x) + self.shortcut(x))
        return y


@final
class XceptionModule(nn.Module):
    """A bottleneck, three kernels of it side by side, and the pooled input.

    Args:
        style: What all kernels share.
        in_channels: Channels in.
        filters: Filters of the bottleneck and of each branch.

    Example:
        >>> module = XceptionModule(Style(1, padding="same"), 6, filters=16)
        >>> module(torch.ones(2, 6, 50)).shape
        torch.Size([2, 64, 50])
    """

    def __init__(self, style: Style, in_channels: int, filters: int) -> None:
        super().__init__()
        kinds = {
            "dense": DenseConv1d,
            "separable": SeparableConv1d,
            "blueprint": BlueprintConv1d,
        }
        conv = kinds[style.conv]
        self.bottleneck = PointwiseConv1d(in_channels, filters, bias=False)
        self.kernels = nn.ModuleList(
            conv(filters, filters, size, padding=style.padding, bias=False)
            for size in KERNEL_SIZES
        )
        self.pool = nn.MaxPool1d(3, stride=1, padding=1)
        self.mix = PointwiseConv1d(in_channels, filters, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Lead a batch x [N, C, L] to four times the filters."""
        narrow = self.bottleneck(x)
        branches = [kernel(narrow) for kernel in self.kernels]
        return torch.cat([*branches, self.mix(self.pool(x))], dim=1)
