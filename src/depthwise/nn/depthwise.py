"""Depthwise convolution: every channel has its own filters and meets no other.

The same numbers as a grouped convolution with as many groups as input channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

from torch import Tensor, nn

from depthwise.nn.constraints import positive_norm, renorm_
from depthwise.nn.convolve import convolve, new_bias, new_weight
from depthwise.nn.geometry import Axes, PaddingLike, positive, window

if TYPE_CHECKING:
    import torch


class DepthwiseConv(nn.Module):
    """Filter each channel on its own, along `rank` axes.

    Use DepthwiseConv1d, DepthwiseConv2d or DepthwiseConv3d; this is what they share.
    There is no out_channels, which C and M decide: the kernel comes second.

    Args:
        in_channels: Input channels C.
        kernel_size: Taps, one int or one an axis.
        stride: Steps, likewise; axes may differ, with dilation too.
        padding: int, tuple, "same" (TensorFlow's rule), "valid", or "causal" in 1-D.
        dilation: Distance between taps, likewise.
        depth_multiplier: Filters per input channel M; output c * M + m is filter m
            of channel c.
        bias: Whether each output has a bias.
        max_norm: Largest length of one filter, kept by `constrain_`; None is free.
        device: Where the weights live.
        dtype: Floating-point type of the weights.

    Raises:
        GeometryError: If a count, an axis or the padding does not fit.
    """

    rank: ClassVar[int]

    def __init__(
        self,
        in_channels: int,
        kernel_size: Axes,
        stride: Axes = 1,
        padding: PaddingLike = 0,
        dilation: Axes = 1,
        *,
        depth_multiplier: int = 1,
        bias: bool = True,
        max_norm: float | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = positive("in_channels", in_channels)
        self.depth_multiplier = positive("depth_multiplier", depth_multiplier)
        self.out_channels = self.in_channels * self.depth_multiplier
        self.groups = self.in_channels
        self.max_norm = positive_norm(max_norm)
        self.window = window(self.rank, kernel_size, stride, padding, dilation)
        shape = (self.out_channels, 1, *self.window.kernel_size)
        self.weight = new_weight(shape, device, dtype)
        self.bias = new_bias(self.weight, self.out_channels) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Filter a batch x: [N, C, *sizes] to [N, C * M, *output sizes]."""
        return convolve(x, self.weight, self.bias, self.window, self.groups)

    def constrain_(self) -> None:
        """Shrink, in place, every filter that is longer than `max_norm`."""
        renorm_(self.weight, self.max_norm)

    def extra_repr(self) -> str:
        """Spell the geometry for print(model)."""
        text = f"{self.in_channels}, {self.window}"
        if self.depth_multiplier > 1:
            text += f", depth_multiplier={self.depth_multiplier}"
        text += ", bias=False" if self.bias is None else ""
        return text if self.max_norm is None else f"{text}, max_norm={self.max_norm}"


@final
class DepthwiseConv1d(DepthwiseConv):
    """Filter each channel of a series on its own.

    Its arguments are those of `DepthwiseConv`.

    Example:
        >>> import torch
        >>> layer = DepthwiseConv1d(6, 9, padding="causal", depth_multiplier=4)
        >>> layer(torch.ones(2, 6, 128)).shape
        torch.Size([2, 24, 128])
    """

    rank = 1


@final
class DepthwiseConv2d(DepthwiseConv):
    """Filter each channel of an image on its own.

    Its arguments are those of `DepthwiseConv`.

    Example:
        >>> import torch
        >>> layer = DepthwiseConv2d(3, 3, stride=(1, 2), padding="same", dilation=2)
        >>> layer(torch.ones(1, 3, 8, 8)).shape
        torch.Size([1, 3, 8, 4])
    """

    rank = 2


@final
class DepthwiseConv3d(DepthwiseConv):
    """Filter each channel of a volume on its own.

    Its arguments are those of `DepthwiseConv`.

    Example:
        >>> import torch
        >>> DepthwiseConv3d(2, 3)(torch.ones(1, 2, 8, 8, 8)).shape
        torch.Size([1, 2, 6, 6, 6])
    """

    rank = 3


DEPTHWISE = {1: DepthwiseConv1d, 2: DepthwiseConv2d, 3: DepthwiseConv3d}
