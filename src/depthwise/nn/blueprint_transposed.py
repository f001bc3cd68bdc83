"""Transposed blueprint convolution: mix the channels, then spread each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

from torch import Tensor, nn

from depthwise.nn.geometry import Axes, PaddingLike, divides, positive
from depthwise.nn.halves import (
    ActivationHalves,
    NormHalves,
    add_after,
    each_half,
    run_children,
)
from depthwise.nn.pointwise import POINTWISE
from depthwise.nn.transposed import DEPTHWISE_TRANSPOSED

if TYPE_CHECKING:
    import torch


class BlueprintConvTranspose(nn.Module):
    """Pointwise, then transposed depthwise, along `rank` axes.

    The pointwise half never strides, pads or dilates.

    Use the kinds that end in 1d, 2d or 3d; this is what they share.

    Args:
        in_channels: Input channels C.
        out_channels: Output channels K, a multiple of the depth multiplier.
        kernel_size: Taps of the depthwise half, one int or one an axis.
        stride: Its output steps per input step, likewise.
        padding: What is cut off its output: int, tuple, "valid" (nothing) or "same".
        output_padding: Samples added at the end of each axis, 0 with "same".
        dilation: Distance between its taps, likewise.
        depth_multiplier: Filters per mixed channel M; K / M channels are mixed.
        bias: Whether the depthwise half has a bias.
        pointwise_bias: Whether the pointwise half has one too.
        norm: Normalisation after each half; a tuple names each of the two.
        activation: Activation after each half, likewise.
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
        output_padding: Axes = 0,
        *,
        dilation: Axes = 1,
        depth_multiplier: int = 1,
        bias: bool = True,
        pointwise_bias: bool = False,
        norm: NormHalves = None,
        activation: ActivationHalves = None,
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
        self.depthwise = DEPTHWISE_TRANSPOSED[self.rank](
            mixed,
            kernel_size,
            stride,
            padding,
            output_padding,
            dilation=dilation,
            depth_multiplier=multiplier,
            bias=bias,
            device=device,
            dtype=dtype,
        )
        add_after(self, ("depthwise", self.depthwise), norms[1], activations[1])

    def forward(self, x: Tensor) -> Tensor:
        """Mix, then filter, a batch x: [N, C, *sizes] to [N, K, *output sizes]."""
        return run_children(self, x)


@final
class BlueprintConvTranspose1d(BlueprintConvTranspose):
    """Mix the channels of a series, then spread each.

    Its arguments are those of `BlueprintConvTranspose`.

    Example:
        >>> import torch
        >>> layer = BlueprintConvTranspose1d(6, 8, 9, 2, "same", norm="batch")
        >>> layer(torch.ones(2, 6, 50)).shape
        torch.Size([2, 8, 100])
    """

    rank = 1


@final
class BlueprintConvTranspose2d(BlueprintConvTranspose):
    """Mix the channels of an image, then spread each.

    Its arguments are those of `BlueprintConvTranspose`.

    Example:
        >>> import torch
        >>> BlueprintConvTranspose2d(3, 6, 2, stride=2)(torch.ones(1, 3, 8, 8)).shape
        torch.Size([1, 6, 16, 16])
    """

    rank = 2


@final
class BlueprintConvTranspose3d(BlueprintConvTranspose):
    """Mix the channels of a volume, then spread each.

    Its arguments are those of `BlueprintConvTranspose`.

    Example:
        >>> import torch
        >>> BlueprintConvTranspose3d(2, 4, 2, 2)(torch.ones(1, 2, 3, 3, 3)).shape
        torch.Size([1, 4, 6, 6, 6])
    """

    rank = 3
