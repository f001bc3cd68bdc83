"""EEGNet: frequency filters, then spatial filters of each, then a separable row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from torch import nn

from depthwise.nn.blocks import ConvUnit, Style
from depthwise.nn.blueprint import BlueprintConv2d
from depthwise.nn.dense import DenseConv2d
from depthwise.nn.depthwise import DepthwiseConv2d
from depthwise.nn.geometry import Axes, axes, positive
from depthwise.nn.network import Head, Network
from depthwise.nn.norms import Norm
from depthwise.nn.registry import register_model
from depthwise.nn.separable import SeparableConv2d
from depthwise.nn.table import Stages

if TYPE_CHECKING:
    from depthwise.nn.blocks import Conv

EEG_NORM: Final = Norm("batch", eps=1e-3, momentum=0.01)
SPATIAL_MAX_NORM: Final = 1.0
CLASSIFIER_MAX_NORM: Final = 0.25
POOLS: Final = (4, 8)


@register_model
def eegnet(
    *,
    num_classes: int = 4,
    in_chans: int = 22,
    input_size: Axes = 512,
    conv: Conv = "separable",
    dropout: float = 0.25,
    f1: int = 8,
    depth_multiplier: int = 2,
    f2: int | None = None,
    kernel_length: int = 64,
    depthwise_kernel_length: int = 16,
) -> Network:
    """Build EEGNet-F1,D for windows (N, electrodes, samples).

    Call `constrain_(network)` after each training step: spatial filters keep within
    norm 1, class weights within 0.25.

    Args:
        num_classes: Scores out; 0 leaves the classifier out.
        in_chans: Electrodes, any number.
        input_size: Samples of a window, at least 32; fixed, as the classifier reads
            every moment.
        conv: "separable": spatial filters are depthwise, the last row separable;
            "dense" and "blueprint" carry out the same two in their own way.
        dropout: Share set to zero after each pooling in training.
        f1: Temporal filters F1.
        depth_multiplier: Spatial filters per temporal filter D.
        f2: Channels of the last row; None is F1 * D.
        kernel_length: Taps of the temporal filters, half the sampling rate.
        depthwise_kernel_length: Taps of the last row.

    Returns:
        EEGNet-8,2 by default: 2,484 parameters at 22 electrodes and 512 samples.

    Raises:
        GeometryError: If a window is too short for the two poolings.

    Source:
        Lawhern et al. 2018, arXiv:1611.08024, Table 2.

    Example:
        >>> import torch
        >>> network = eegnet(in_chans=8, num_classes=2, input_size=256)
        >>> network(torch.ones(4, 8, 256)).shape
        torch.Size([4, 2])
    """
    (samples,) = axes(1, "input_size", input_size, least=POOLS[0] * POOLS[1])
    style = Style(2, conv, "elu", EEG_NORM, "same")
    middle = f1 * positive("depth_multiplier", depth_multiplier)
    out_channels = middle if f2 is None else f2
    temporal = DenseConv2d(1, f1, (1, kernel_length), padding="same", bias=False)
    stem = nn.Sequential(
        nn.Unflatten(1, (1, in_chans)),
        ConvUnit(temporal, style, None),
        _spatial(style, in_chans, f1, depth_multiplier),
        nn.AvgPool2d((1, POOLS[0])),
        nn.Dropout(dropout),
    )
    row = nn.Sequential(
        _last_row(style, middle, out_channels, depthwise_kernel_length),
        nn.AvgPool2d((1, POOLS[1])),
        nn.Dropout(dropout),
    )
    reduction = POOLS[0] * POOLS[1]
    stages = Stages(nn.Sequential(row), (out_channels,), (reduction,))
    hidden = out_channels * (samples // POOLS[0] // POOLS[1])
    head = Head(out_channels, hidden, nn.Flatten(), max_norm=CLASSIFIER_MAX_NORM)
    shape = (in_chans, samples)
    return Network(stem, stages, head, num_classes=num_classes, input_shape=shape)


def _spatial(
    style: Style, electrodes: int, f1: int, depth_multiplier: int
) -> nn.Module:
    """One filter across all electrodes for each temporal filter and multiplier."""
    kernel_size, out_channels = (electrodes, 1), f1 * depth_multiplier
    if style.conv == "blueprint":
        return BlueprintConv2d(
            f1,
            out_channels,
            kernel_size,
            bias=False,
            norm=(None, style.norm),
            activation=(None, style.activation),
            max_norm=SPATIAL_MAX_NORM,
        )
    conv: DenseConv2d | DepthwiseConv2d
    if style.conv == "dense":
        conv = DenseConv2d(f1, out_channels, kernel_size, bias=False)
    else:
        conv = DepthwiseConv2d(
            f1,
            kernel_size,
            depth_multiplier=depth_multiplier,
            bias=False,
            max_norm=SPATIAL_MAX_NORM,
        )
    return ConvUnit(conv, style, style.activation)


def _last_row(
    style: Style, in_channels: int, out_channels: int, taps: int
) -> nn.Module:
    """Mix over time and channels, normalised once at the end as in the paper."""
    channels, kernel_size = (in_channels, out_channels), (1, taps)
    if style.conv == "dense":
        conv = DenseConv2d(*channels, kernel_size, padding="same", bias=False)
        return ConvUnit(conv, style, style.activation)
    order = SeparableConv2d if style.conv == "separable" else BlueprintConv2d
    return order(
        *channels,
        kernel_size,
        padding="same",
        bias=False,
        norm=(None, style.norm),
        activation=(None, style.activation),
    )
