"""MobileNet V1 (separable rows) and V2 (inverted residuals that end linear)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from depthwise.nn.blocks import Style, dense_unit, pointwise_unit
from depthwise.nn.network import Network, head_of
from depthwise.nn.registry import register_model
from depthwise.nn.table import Row, build_stages, scaled, scaled_size

if TYPE_CHECKING:
    from depthwise.nn.blocks import Conv
    from depthwise.nn.geometry import Axes

V1_ROWS: Final = (
    Row(64),
    Row(128, stride=2),
    Row(128),
    Row(256, stride=2),
    Row(256),
    Row(512, stride=2),
    Row(512, repeat=5),
    Row(1024, stride=2),
    Row(1024),
)
V2_ROWS: Final = (
    Row(16, residual=True),
    Row(24, stride=2, repeat=2, expand_ratio=6, residual=True),
    Row(32, stride=2, repeat=3, expand_ratio=6, residual=True),
    Row(64, stride=2, repeat=4, expand_ratio=6, residual=True),
    Row(96, repeat=3, expand_ratio=6, residual=True),
    Row(160, stride=2, repeat=3, expand_ratio=6, residual=True),
    Row(320, expand_ratio=6, residual=True),
)


@register_model
def mobilenet_v1(
    *,
    num_classes: int = 1000,
    in_chans: int = 3,
    input_size: Axes = 224,
    conv: Conv = "separable",
    width_multiplier: float = 1.0,
    resolution_multiplier: float = 1.0,
    dropout: float = 0.0,
    activation: str = "relu",
    padding: str = "symmetric",
) -> Network:
    """Build MobileNet V1: a dense stem, then thirteen separable rows.

    Args:
        num_classes: Scores out; 0 leaves the classifier out.
        in_chans: Input channels, any number.
        input_size: Rows and columns of the usual input at resolution 1, pixels.
        conv: "separable", "dense" or "blueprint" rows; the stem is dense in all.
        width_multiplier: Factor α on every row's channels.
        resolution_multiplier: Factor ρ on the usual input's rows and columns.
        dropout: Share set to zero before the classifier in training.
        activation: "relu" as in the paper; published weights often want "relu6".
        padding: "symmetric", or "same" for weights from TensorFlow.

    Returns:
        568,740,352 multiply-accumulates in convolutions and classifier at 224×224,
        4,231,976 parameters.

    Source:
        Howard et al. 2017, arXiv:1704.04861, Table 1; α and ρ: sections 3.3, 3.4.

    Example:
        >>> network = mobilenet_v1(in_chans=1, resolution_multiplier=4 / 7)
        >>> network.input_shape
        (1, 128, 128)
    """
    style = Style(2, conv, activation, padding=padding)
    stem = dense_unit(style, in_chans, scaled(32, width_multiplier), 3, stride=2)
    stages = build_stages(
        style,
        V1_ROWS,
        stem.conv.out_channels,
        width_multiplier=width_multiplier,
        reduction=2,
    )
    head = head_of(2, stages.channels[-1], dropout=dropout)
    shape = (in_chans, *scaled_size(2, input_size, resolution_multiplier))
    return Network(stem, stages, head, num_classes=num_classes, input_shape=shape)


@register_model
def mobilenet_v2(
    *,
    num_classes: int = 1000,
    in_chans: int = 3,
    input_size: Axes = 224,
    conv: Conv = "separable",
    width_multiplier: float = 1.0,
    resolution_multiplier: float = 1.0,
    dropout: float = 0.2,
    activation: str = "relu6",
    padding: str = "symmetric",
) -> Network:
    """Build MobileNet V2.

    Args:
        num_classes: Scores out; 0 leaves the classifier out.
        in_chans: Input channels, any number.
        input_size: Rows and columns of the usual input at resolution 1, pixels.
        conv: How expanded channels reach the outputs: depthwise and project
            ("separable"), one k×k convolution ("dense"), or "blueprint".
        width_multiplier: Factor α on every row's channels; the last convolution has
            never fewer than 1,280.
        resolution_multiplier: Factor ρ on the usual input's rows and columns.
        dropout: Share set to zero before the classifier in training.
        activation: Name of the activation.
        padding: "symmetric", or "same" for weights from TensorFlow.

    Returns:
        300,774,272 multiply-accumulates in convolutions and classifier at 224×224,
        3,504,872 parameters.

    Source:
        Sandler et al. 2018, arXiv:1801.04381, Table 2.

    Example:
        >>> mobilenet_v2(width_multiplier=0.5).num_features
        1280
    """
    style = Style(2, conv, activation, padding=padding)
    stem = dense_unit(style, in_chans, scaled(32, width_multiplier), 3, stride=2)
    stages = build_stages(
        style,
        V2_ROWS,
        stem.conv.out_channels,
        width_multiplier=width_multiplier,
        reduction=2,
    )
    last = scaled(1280, max(1.0, width_multiplier))
    conv_head = pointwise_unit(style, stages.channels[-1], last)
    head = head_of(2, last, conv=conv_head, dropout=dropout)
    shape = (in_chans, *scaled_size(2, input_size, resolution_multiplier))
    return Network(stem, stages, head, num_classes=num_classes, input_shape=shape)
