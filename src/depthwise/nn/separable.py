"""Depthwise separable convolution: filter each channel, then mix the channels.

With kernel Dk, M inputs and N outputs it costs 1 / N + 1 / Dk² of a dense one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

from torch import Tensor, nn

from depthwise.nn.depthwise import DEPTHWISE
from depthwise.nn.geometry import Axes, PaddingLike, positive
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


class SeparableConv(nn.Module):
    """Depthwise, then pointwise, along `rank` axes.

    The pointwise half never strides, pads or dilates.

    Use SeparableConv1d, SeparableConv2d or SeparableConv3d; this is what they share.

    Args:
        in_channels: Input channels C.
        out_channels: Output channels K.
        kernel_size: Taps of the depthwise half, one int or one an axis.
        stride: Its steps, likewise.
        padding: int, tuple, "same" (TensorFlow's rule), "valid", or "causal".
        dilation: Distance between its taps, likewise.
        depth_multiplier: Depthwise filters per input channel M.
        bias: Whether the pointwise half has a bias, as in Keras and timm.
        depthwise_bias: Whether the depthwise half has one too.
        norm: Normalisation after each half; a tuple names each of the two.
        activation: Activation after each half, likewise.
        between: Module on the C * M channels between the halves, such as
            squeeze-excite; after the first half's activation.
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
        depthwise_bias: bool = False,
        norm: NormHalves = None,
        activation: ActivationHalves = None,
        between: nn.Module | None = None,
        max_norm: float | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = positive("in_channels", in_channels)
        self.out_channels = positive("out_channels", out_channels)
        norms = each_half("norm", norm)
        activations = each_half("activation", activation)
        self.depthwise = DEPTHWISE[self.rank](
            in_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            depth_multiplier=depth_multiplier,
            bias=depthwise_bias,
            max_norm=max_norm,
            device=device,
            dtype=dtype,
        )
        add_after(self, ("depthwise", self.depthwise), norms[0], activations[0])
        if between is not None:
            self.between = between
        self.pointwise = POINTWISE[self.rank](
            self.depthwise.out_channels,
            out_channels,
            bias=bias,
            device=device,
            dtype=dtype,
        )
        add_after(self, ("pointwise", self.pointwise), norms[1], activations[1])

    def forward(self, x: Tensor) -> Tensor:
        """Filter, then mix, a batch x: [N, C, *sizes] to [N, K, *output sizes]."""
        return run_children(self, x)


@final
class SeparableConv1d(SeparableConv):
    """Filter every channel of a series, then mix them.

    Its arguments are those of `SeparableConv`.

    Example:
        >>> import torch
        >>> layer = SeparableConv1d(6, 8, 9, padding="same", norm="batch")
        >>> layer(torch.ones(2, 6, 50)).shape
        torch.Size([2, 8, 50])
    """

    rank = 1


@final
class SeparableConv2d(SeparableConv):
    """Filter every channel of an image, then mix them.

    Its arguments are those of `SeparableConv`.

    Source:
        Howard et al. 2017, arXiv:1704.04861, section 3.1.

    Example:
        >>> import torch
        >>> SeparableConv2d(3, 6, 3, padding=1)(torch.ones(1, 3, 8, 8)).shape
        torch.Size([1, 6, 8, 8])
    """

    rank = 2


@final
class SeparableConv3d(SeparableConv):
    """Filter every channel of a volume, then mix them.

    Its arguments are those of `SeparableConv`.

    Example:
        >>> import torch
        >>> SeparableConv3d(2, 4, 3, stride=2)(torch.ones(1, 2, 9, 9, 9)).shape
        torch.Size([1, 4, 4, 4, 4])
    """

    rank = 3


SEPARABLE = {1: SeparableConv1d, 2: SeparableConv2d, 3: SeparableConv3d}
