"""EfficientNet-Lite0: MobileNet V2's blocks with 5×5 kernels, and no squeeze-excite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from depthwise.nn.blocks import Style, dense_unit, pointwise_unit
from depthwise.nn.network import Network, head_of
from depthwise.nn.norms import Norm
from depthwise.nn.registry import register_model
from depthwise.nn.table import Row, build_stages, scaled_size

if TYPE_CHECKING:
    from depthwise.nn.blocks import Conv
    from depthwise.nn.geometry import Axes

LITE0_ROWS: Final = (
    Row(16, residual=True),
    Row(24, stride=2, repeat=2, expand_ratio=6, residual=True),
    Row(40, stride=2, kernel_size=5, repeat=2, expand_ratio=6, residual=True),
    Row(80, stride=2, repeat=3, expand_ratio=6, residual=True),
    Row(112, kernel_size=5, repeat=3, expand_ratio=6, residual=True),
    Row(192, stride=2, kernel_size=5, repeat=4, expand_ratio=6, residual=True),
    Row(320, expand_ratio=6, residual=True),
)


@register_model
def efficientnet_lite0(
    *,
    num_classes: int = 1000,
    in_chans: int = 3,
    input_size: Axes = 224,
    conv: Conv = "separable",
    width_multiplier: float = 1.0,
    dropout: float = 0.2,
    activation: str = "relu6",
    padding: str = "same",
    norm_eps: float = 1e-3,
) -> Network:
    """Build EfficientNet-Lite0 as TensorFlow does: SAME padding, ReLU6, no SE.

    Args:
        num_classes: Scores out; 0 leaves the classifier out.
        in_chans: Input channels, any number.
        input_size: Rows and columns of the usual input, pixels.
        conv: How expanded channels reach the outputs: depthwise and project
            ("separable"), one k×k convolution ("dense"), or "blueprint".
        width_multiplier: Factor on every row's channels; stem and last convolution
            keep theirs, as the Lite family fixes them.
        dropout: Share set to zero before the classifier in training.
        activation: Name of the activation.
        padding: "same", asymmetric at stride 2, or "symmetric".
        norm_eps: Added to variances; weights trained in torch may want 1e-5.

    Returns:
        4,652,008 parameters.

    Source:
        Tan and Le 2019, arXiv:1905.11946, Table 1, in the Lite variant of the
        authors' published code.

    Example:
        >>> len(efficientnet_lite0().feature_info)
        5
    """
    norm = Norm("batch", eps=norm_eps, momentum=0.01)
    style = Style(2, conv, activation, norm, padding)
    stem = dense_unit(style, in_chans, 32, 3, stride=2)
    stages = build_stages(
        style, LITE0_ROWS, 32, width_multiplier=width_multiplier, reduction=2
    )
    conv_head = pointwise_unit(style, stages.channels[-1], 1280)
    head = head_of(2, 1280, conv=conv_head, dropout=dropout)
    shape = (in_chans, *scaled_size(2, input_size))
    return Network(stem, stages, head, num_classes=num_classes, input_shape=shape)
