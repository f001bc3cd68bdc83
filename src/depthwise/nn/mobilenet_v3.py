"""MobileNet V3: searched rows with squeeze-excite and hard-swish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from torch import nn

from depthwise.nn.activations import make_activation
from depthwise.nn.blocks import POOLS, Style, dense_unit, pointwise_unit
from depthwise.nn.network import Head, Network
from depthwise.nn.norms import Norm
from depthwise.nn.registry import register_model
from depthwise.nn.table import Row, build_stages, scaled, scaled_size

if TYPE_CHECKING:
    from depthwise.nn.blocks import Conv
    from depthwise.nn.geometry import Axes

Line = tuple[int, int, int, bool, str, int]
# Kernel, expanded, out, squeeze-excite, activation, stride: the columns of the paper.
_LARGE: Final[tuple[Line, ...]] = (
    (3, 16, 16, False, "relu", 1),
    (3, 64, 24, False, "relu", 2),
    (3, 72, 24, False, "relu", 1),
    (5, 72, 40, True, "relu", 2),
    (5, 120, 40, True, "relu", 1),
    (5, 120, 40, True, "relu", 1),
    (3, 240, 80, False, "hard_swish", 2),
    (3, 200, 80, False, "hard_swish", 1),
    (3, 184, 80, False, "hard_swish", 1),
    (3, 184, 80, False, "hard_swish", 1),
    (3, 480, 112, True, "hard_swish", 1),
    (3, 672, 112, True, "hard_swish", 1),
    (5, 672, 160, True, "hard_swish", 2),
    (5, 960, 160, True, "hard_swish", 1),
    (5, 960, 160, True, "hard_swish", 1),
)
_SMALL: Final[tuple[Line, ...]] = (
    (3, 16, 16, True, "relu", 2),
    (3, 72, 24, False, "relu", 2),
    (3, 88, 24, False, "relu", 1),
    (5, 96, 40, True, "hard_swish", 2),
    (5, 240, 40, True, "hard_swish", 1),
    (5, 240, 40, True, "hard_swish", 1),
    (5, 120, 48, True, "hard_swish", 1),
    (5, 144, 48, True, "hard_swish", 1),
    (5, 288, 96, True, "hard_swish", 2),
    (5, 576, 96, True, "hard_swish", 1),
    (5, 576, 96, True, "hard_swish", 1),
)


@register_model
def mobilenet_v3_large(
    *,
    num_classes: int = 1000,
    in_chans: int = 3,
    input_size: Axes = 224,
    conv: Conv = "separable",
    width_multiplier: float = 1.0,
    resolution_multiplier: float = 1.0,
    dropout: float = 0.2,
    padding: str = "symmetric",
    norm_eps: float = 1e-3,
) -> Network:
    """Build MobileNet V3-Large.

    Args:
        num_classes: Scores out; 0 leaves the classifier out.
        in_chans: Input channels, any number.
        input_size: Rows and columns of the usual input at resolution 1, pixels.
        conv: How expanded channels reach the outputs: depthwise and project
            ("separable"), one k×k convolution ("dense"), or "blueprint".
        width_multiplier: Factor α on every row's channels.
        resolution_multiplier: Factor ρ on the usual input's rows and columns.
        dropout: Share set to zero before the classifier in training.
        padding: "symmetric", or "same" for weights from TensorFlow.
        norm_eps: Added to variances; weights trained in torch may want 1e-5.

    Returns:
        5,483,032 parameters; the network's features have 960 channels, its
        classifier reads 1,280 numbers.

    Source:
        Howard et al. 2019, arXiv:1905.02244, Table 1.

    Example:
        >>> network = mobilenet_v3_large()
        >>> network.num_features, network.head_hidden_size
        (960, 1280)
    """
    sizes = scaled_size(2, input_size, resolution_multiplier)
    style = Style(2, conv, "hard_swish", _norm(norm_eps), padding)
    plan = Plan(_LARGE, width_multiplier, hidden=1280, dropout=dropout)
    return _network(style, plan, num_classes, (in_chans, *sizes))


@register_model
def mobilenet_v3_small(
    *,
    num_classes: int = 1000,
    in_chans: int = 3,
    input_size: Axes = 224,
    conv: Conv = "separable",
    width_multiplier: float = 1.0,
    resolution_multiplier: float = 1.0,
    dropout: float = 0.2,
    padding: str = "symmetric",
    norm_eps: float = 1e-3,
) -> Network:
    """Build MobileNet V3-Small.

    Args:
        num_classes: Scores out; 0 leaves the classifier out.
        in_chans: Input channels, any number.
        input_size: Rows and columns of the usual input at resolution 1, pixels.
        conv: How expanded channels reach the outputs: depthwise and project
            ("separable"), one k×k convolution ("dense"), or "blueprint".
        width_multiplier: Factor α on every row's channels.
        resolution_multiplier: Factor ρ on the usual input's rows and columns.
        dropout: Share set to zero before the classifier in training.
        padding: "symmetric", or "same" for weights from TensorFlow.
        norm_eps: Added to variances; weights trained in torch may want 1e-5.

    Returns:
        2,542,856 parameters; the network's features have 576 channels, its
        classifier reads 1,024 numbers.

    Source:
        Howard et al. 2019, arXiv:1905.02244, Table 2.

    Example:
        >>> network = mobilenet_v3_small()
        >>> network.num_features, network.head_hidden_size
        (576, 1024)
    """
    sizes = scaled_size(2, input_size, resolution_multiplier)
    style = Style(2, conv, "hard_swish", _norm(norm_eps), padding)
    plan = Plan(_SMALL, width_multiplier, hidden=1024, dropout=dropout)
    return _network(style, plan, num_classes, (in_chans, *sizes))


@dataclass(frozen=True)
class Plan:
    """What tells one V3 network from another.

    Args:
        lines: Rows in the paper's columns.
        width_multiplier: Factor α on every row's channels.
        hidden: Numbers between pooling and classifier at width 1.
        dropout: Share set to zero before the classifier in training.
    """

    lines: tuple[Line, ...]
    width_multiplier: float
    hidden: int
    dropout: float


def _network(
    style: Style, plan: Plan, num_classes: int, shape: tuple[int, ...]
) -> Network:
    width = plan.width_multiplier
    stem = dense_unit(style, shape[0], scaled(16, width), 3, stride=2)
    rows = [_row(line) for line in plan.lines]
    stages = build_stages(
        style, rows, stem.conv.out_channels, width_multiplier=width, reduction=2
    )
    features, hidden = 6 * stages.channels[-1], scaled(plan.hidden, width)
    pool = nn.Sequential(
        POOLS[2](1),
        nn.Flatten(),
        nn.Linear(features, hidden),
        make_activation("hard_swish"),
        nn.Dropout(plan.dropout),
    )
    conv_head = pointwise_unit(style, stages.channels[-1], features)
    head = Head(features, hidden, pool, conv_head)
    return Network(stem, stages, head, num_classes=num_classes, input_shape=shape)


def _norm(eps: float) -> Norm:
    return Norm("batch", eps=eps, momentum=0.01)


def _row(line: Line) -> Row:
    kernel_size, expanded, out_channels, squeeze, activation, stride = line
    return Row(
        out_channels,
        stride,
        kernel_size,
        expanded=expanded,
        residual=True,
        squeeze=squeeze,
        activation=activation,
    )
