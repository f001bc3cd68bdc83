"""Dense and grouped convolution with the paddings that torch's own layers lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

from torch import Tensor, nn

from depthwise.nn.convolve import convolve, new_bias, new_weight
from depthwise.nn.geometry import Axes, PaddingLike, divides, positive, window

if TYPE_CHECKING:
    import torch


class DenseConv(nn.Module):
    """Let every output see every channel of its group, along `rank` axes.

    Use DenseConv1d, DenseConv2d or DenseConv3d; this is what they share.

    Args:
        in_channels: Input channels C.
        out_channels: Output channels K.
        kernel_size: Taps, one int or one an axis.
        stride: Steps, likewise.
        padding: int, tuple, "same" (TensorFlow's rule), "valid", or "causal".
        dilation: Distance between taps, likewise.
        groups: Parts that C and K are split into; 1 is dense.
        bias: Whether each output has a bias.
        device: Where the weights live.
        dtype: Floating-point type of the weights.

    Raises:
        GeometryError: If a count, an axis or the padding does not fit.
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
        self.window = window(self.rank, kernel_size, stride, padding, dilation)
        each = self.in_channels // self.groups
        shape = (self.out_channels, each, *self.window.kernel_size)
        self.weight = new_weight(shape, device, dtype)
        self.bias = new_bias(self.weight, self.out_channels) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Convolve a batch x: [N, C, *sizes] to [N, K, *output sizes]."""
        return convolve(x, self.weight, self.bias, self.window, self.groups)

    def extra_repr(self) -> str:
        """Spell the geometry for print(model)."""
        groups = f", groups={self.groups}" if self.groups > 1 else ""
        bias = "" if self.bias is not None else ", bias=False"
        return f"{self.in_channels}, {self.out_channels}, {self.window}{groups}{bias}"


@final
class DenseConv1d(DenseConv):
    """Convolve a series, all channels at once.

    Its arguments are those of `DenseConv`.

    Example:
        >>> import torch
        >>> DenseConv1d(6, 8, 3, padding="causal")(torch.ones(2, 6, 50)).shape
        torch.Size([2, 8, 50])
    """

    rank = 1


@final
class DenseConv2d(DenseConv):
    """Convolve an image, all channels at once.

    Its arguments are those of `DenseConv`.

    Example:
        >>> import torch
        >>> DenseConv2d(3, 8, 3, 2, "same")(torch.ones(1, 3, 9, 8)).shape
        torch.Size([1, 8, 5, 4])
    """

    rank = 2


@final
class DenseConv3d(DenseConv):
    """Convolve a volume, all channels at once.

    Its arguments are those of `DenseConv`.

    Example:
        >>> import torch
        >>> DenseConv3d(2, 4, 3, padding=1, groups=2)(torch.ones(1, 2, 4, 4, 4)).shape
        torch.Size([1, 4, 4, 4, 4])
    """

    rank = 3


DENSE = {1: DenseConv1d, 2: DenseConv2d, 3: DenseConv3d}
