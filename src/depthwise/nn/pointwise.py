"""Pointwise convolution: mixes channels at each position, and sees no neighbour.

It has no kernel size, stride, padding or dilation to get wrong: those belong to the
depthwise half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

from torch import Tensor, nn

from depthwise.nn.convolve import convolve, new_bias, new_weight
from depthwise.nn.geometry import divides, positive, window

if TYPE_CHECKING:
    import torch


class PointwiseConv(nn.Module):
    """Mix channels at each position of `rank` axes.

    Use PointwiseConv1d, PointwiseConv2d or PointwiseConv3d; this is what they share.

    Args:
        in_channels: Input channels C.
        out_channels: Output channels K.
        groups: Parts that C and K are split into; only channels of a part mix.
        bias: Whether each output has a bias.
        device: Where the weights live.
        dtype: Floating-point type of the weights.

    Raises:
        GeometryError: If a count is below 1 or groups do not divide it.
    """

    rank: ClassVar[int]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        groups: int = 1,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = positive("in_channels", in_channels)
        self.out_channels = positive("out_channels", out_channels)
        divides(groups, in_channels=in_channels, out_channels=out_channels)
        self.groups = positive("groups", groups)
        self.window = window(self.rank, 1)
        each = self.in_channels // self.groups
        shape = (self.out_channels, each, *self.window.kernel_size)
        self.weight = new_weight(shape, device, dtype)
        self.bias = new_bias(self.weight, self.out_channels) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Mix a batch x: [N, C, *sizes] to [N, K, *sizes]."""
        return convolve(x, self.weight, self.bias, self.window, self.groups)

    def extra_repr(self) -> str:
        """Spell the geometry for print(model)."""
        groups = f", groups={self.groups}" if self.groups > 1 else ""
        bias = "" if self.bias is not None else ", bias=False"
        return f"{self.in_channels}, {self.out_channels}{groups}{bias}"


@final
class PointwiseConv1d(PointwiseConv):
    """Mix the channels of a series at each moment.

    Its arguments are those of `PointwiseConv`.

    Example:
        >>> import torch
        >>> PointwiseConv1d(6, 8)(torch.ones(2, 6, 50)).shape
        torch.Size([2, 8, 50])
    """

    rank = 1


@final
class PointwiseConv2d(PointwiseConv):
    """Mix the channels of an image at each pixel.

    Its arguments are those of `PointwiseConv`.

    Example:
        >>> import torch
        >>> PointwiseConv2d(3, 8, bias=False)(torch.ones(1, 3, 4, 4)).shape
        torch.Size([1, 8, 4, 4])
    """

    rank = 2


@final
class PointwiseConv3d(PointwiseConv):
    """Mix the channels of a volume at each point.

    Its arguments are those of `PointwiseConv`.

    Example:
        >>> import torch
        >>> PointwiseConv3d(2, 4, groups=2)(torch.ones(1, 2, 3, 3, 3)).shape
        torch.Size([1, 4, 3, 3, 3])
    """

    rank = 3


POINTWISE = {1: PointwiseConv1d, 2: PointwiseConv2d, 3: PointwiseConv3d}
