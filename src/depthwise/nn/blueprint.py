"""Blueprint separable convolution: mix the channels, then filter each of them.

The order that follows trained kernels, which look alike up to a factor within one
filter: each output has one blueprint and a weight for every input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

from torch import Tensor, nn

from depthwise.nn.depthwise import DEPTHWISE
from depthwise.nn.geometry import Axes, PaddingLike, divides, positive
from depthwise.nn.halves import (
    ActivationHalves,
    NormHalves,
    add_after,
    each_half,
    run_children,
)
from depthwise.nn.pointwise import POINTWISE

if TYPE_CHECKING:
    import torch


class BlueprintConv(nn.Module):
    """Pointwise, then depthwise, along `rank` axes.

    The pointwise half never strides, pads or dilates.

    Use BlueprintConv1d, BlueprintConv2d or BlueprintConv3d; this is what they share.

    Args:
        in_channels: Input channels C.
        out_channels: Output channels K, a multiple of the depth multiplier.
        kernel_size: Taps of the depthwise half, one int or one an axis.
        stride: Its steps, likewise.
        padding: int, tuple, "same" (TensorFlow's rule), "valid", or "causal".
        dilation: Distance between its taps, likewise.
        depth_multiplier: Filters per mixed channel M; K / M channels are mixed.
        bias: Whether the depthwise half has a bias.
        pointwise_bias: Whether the pointwise half has one too.
        norm: Normalisation after each half; a tuple names each of the two.
        activation: Activation after each half, likewise.
        max_norm: Largest length of a depthwise filter, kept by `constrain_`.
        device: Where the weights live.
        dtype: Floating-point type of the weights.

    Raises:
        GeometryError: If a count, an axis or the padding does not fit.
        UnknownNameError: If there is no such norm, activation or padding.
    """

    rank: ClassVar[int]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Axes,
        stride: Axes = 1,
        padding: PaddingLike = 0,
        dilation: Axes = 1,
        *,
        depth_multiplier: int = 1,
        bias: bool = True,
        pointwise_bias: bool = False,
        norm: NormHalves = None,
        activation: ActivationHalves = None,
        max_norm: float | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = positive("in_channels", in_channels)
        self.out_channels = positive("out_channels", out_channels)
        multiplier = positive("depth_multiplier", depth_multiplier)
        divides(multiplier, name="depth_multiplier", out_channels=out_channels)
        mixed = self.out_channels // multiplier
        norms = each_half("norm", norm)
        activations = each_half("activation", activation)
        self.pointwise = POINTWISE[self.rank](
            in_channels,
            mixed,
            bias=pointwise_bias,
            device=device,
            dtype=dtype,
        )
        add_after(self, ("pointwise", self.pointwise), norms[0], activations[0])
        self.depthwise = DEPTHWISE[self.rank](
            mixed,
            kernel_size,
            stride,
            padding,
            dilation,
            depth_multiplier=multiplier,
            bias=bias,
            max_norm=max_norm,
            device=device,
            dtype=dtype,
        )
        add_after(self, ("depthwise", self.depthwise), norms[1], activations[1])

    def forward(self, x: Tensor) -> Tensor:
        """Mix, then filter, a batch x: [N, C, *sizes] to [N, K, *output sizes]."""
        return run_children(self, x)


@final
class BlueprintConv1d(BlueprintConv):
    """Mix the channels of a series, then filter each.

    Its arguments are those of `BlueprintConv`.

    Example:
        >>> import torch
        >>> BlueprintConv1d(6, 8, 9, padding="same")(torch.ones(2, 6, 50)).shape
        torch.Size([2, 8, 50])
    """

    rank = 1


@final
class BlueprintConv2d(BlueprintConv):
    """Mix the channels of an image, then filter each.

    Its arguments are those of `BlueprintConv`.

    Source:
        Haase and Amthor 2020, arXiv:2003.13549, section 3.2 (BSConv-U).

    Example:
        >>> import torch
        >>> BlueprintConv2d(3, 6, 3, padding=1)(torch.ones(1, 3, 8, 8)).shape
        torch.Size([1, 6, 8, 8])
    """

    rank = 2


@final
class BlueprintConv3d(BlueprintConv):
    """Mix the channels of a volume, then filter each.

    Its arguments are those of `BlueprintConv`.

    Example:
        >>> import torch
        >>> BlueprintConv3d(2, 4, 3, stride=2)(torch.ones(1, 2, 9, 9, 9)).shape
        torch.Size([1, 4, 4, 4, 4])
    """

    rank = 3


BLUEPRINT = {1: BlueprintConv1d, 2: BlueprintConv2d, 3: BlueprintConv3d}
