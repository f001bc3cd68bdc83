"""A network for series of many sensors: filter each on its own, mix them late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from depthwise.nn.blocks import ConvUnit, Style, conv_unit
from depthwise.nn.depthwise import DepthwiseConv1d
from depthwise.nn.geometry import Axes, axes
from depthwise.nn.network import Network, head_of
from depthwise.nn.registry import register_model
from depthwise.nn.table import Row, build_stages

if TYPE_CHECKING:
    from torch import nn

    from depthwise.nn.blocks import Conv

SENSOR_ROWS: Final = (
    Row(64, stride=2, kernel_size=9),
    Row(96, kernel_size=9),
    Row(128, stride=2, kernel_size=9),
)


@register_model
def sensor_net(
    *,
    num_classes: int = 7,
    in_chans: int = 6,
    input_size: Axes = 128,
    conv: Conv = "separable",
    width_multiplier: float = 1.0,
    dropout: float = 0.2,
    depth_multiplier: int = 8,
    activation: str = "relu",
    padding: str = "symmetric",
) -> Network:
    """Build a small 1-D network whose stem keeps the sensors apart.

    Args:
        num_classes: Scores out; 0 leaves the classifier out.
        in_chans: Sensors, any number.
        input_size: Samples of the usual window; any other length runs too.
        conv: "separable": the stem filters every sensor on its own and the rows are
            separable; "dense" and "blueprint": the same table, stem included.
        width_multiplier: Factor on the channels of the rows, not of the stem.
        dropout: Share set to zero before the classifier in training.
        depth_multiplier: Filters of the stem per sensor.
        activation: Name of the activation.
        padding: "symmetric", "same", or "causal" for a network that never looks
            ahead.

    Returns:
        The network; its input is (N, sensors, samples).

    Example:
        >>> import torch
        >>> sensor_net(in_chans=3, num_classes=4)(torch.ones(2, 3, 100)).shape
        torch.Size([2, 4])
    """
    style = Style(1, conv, activation, padding=padding)
    channels = in_chans * depth_multiplier
    stem = _stem(style, in_chans, depth_multiplier)
    stages = build_stages(
        style, SENSOR_ROWS, channels, width_multiplier=width_multiplier, reduction=2
    )
    head = head_of(1, stages.channels[-1], dropout=dropout)
    shape = (in_chans, *axes(1, "input_size", input_size))
    return Network(stem, stages, head, num_classes=num_classes, input_shape=shape)


def _stem(style: Style, in_chans: int, depth_multiplier: int) -> nn.Module:
    if style.conv != "separable":
        return conv_unit(style, in_chans, in_chans * depth_multiplier, 15, stride=2)
    conv = DepthwiseConv1d(
        in_chans,
        15,
        stride=2,
        padding=style.pad(15),
        depth_multiplier=depth_multiplier,
        bias=False,
    )
    return ConvUnit(conv, style, style.activation)
