"""DS-CNN: keywords in a small image of audio features, time by coefficient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from torch import nn

from depthwise.nn.blocks import Style, dense_unit
from depthwise.nn.network import Network, head_of
from depthwise.nn.registry import register_model
from depthwise.nn.table import Row, build_stages, scaled, scaled_size

if TYPE_CHECKING:
    from depthwise.nn.blocks import Conv
    from depthwise.nn.geometry import Axes

DS_CNN_ROWS: Final = (Row(64, repeat=4),)


@register_model
def ds_cnn(
    *,
    num_classes: int = 12,
    in_chans: int = 1,
    input_size: Axes = (49, 10),
    conv: Conv = "separable",
    width_multiplier: float = 1.0,
    dropout: float = 0.4,
    activation: str = "relu",
) -> Network:
    """Build the small DS-CNN for features (N, 1, frames, coefficients).

    Args:
        num_classes: Scores out; 0 leaves the classifier out.
        in_chans: Feature maps in, usually 1.
        input_size: Frames and coefficients, 49 frames of 10 MFCCs for one second.
        conv: "separable", "dense" or "blueprint" rows; the stem is dense in all.
        width_multiplier: Factor on the 64 channels of stem and rows.
        dropout: Share set to zero before the classifier, half of it after the stem.
        activation: Name of the activation.

    Returns:
        23,180 trained parameters; MLPerf Tiny counts 24,908, with running
        statistics and the biases that its convolutions have.

    Source:
        Zhang et al. 2017, arXiv:1711.07128, Table 2 (DS-CNN), as the keyword task of
        MLPerf Tiny lays it out: a 10×4 stem of stride 2, four rows of 64, TensorFlow's
        SAME padding.

    Example:
        >>> import torch
        >>> ds_cnn()(torch.ones(2, 1, 49, 10)).shape
        torch.Size([2, 12])
    """
    style = Style(2, conv, activation, padding="same")
    channels = scaled(64, width_multiplier)
    unit = dense_unit(style, in_chans, channels, (10, 4), stride=2)
    stem = nn.Sequential(unit, nn.Dropout(dropout / 2))
    stages = build_stages(
        style,
        DS_CNN_ROWS,
        channels,
        width_multiplier=width_multiplier,
        reduction=2,
    )
    head = head_of(2, stages.channels[-1], dropout=dropout)
    shape = (in_chans, *scaled_size(2, input_size))
    return Network(stem, stages, head, num_classes=num_classes, input_shape=shape)
