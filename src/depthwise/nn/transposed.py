"""Transposed depthwise convolution: every channel is spread out by its own filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from depthwise.errors import GeometryError
from depthwise.nn.convolve import new_bias, new_weight, require_input
from depthwise.nn.geometry import Axes, PaddingLike, Window, axes, positive, window

if TYPE_CHECKING:
    from depthwise.nn.geometry import Pair

_TRANSPOSED: Final = {
    1: functional.conv_transpose1d,
    2: functional.conv_transpose2d,
    3: functional.conv_transpose3d,
}


class DepthwiseConvTranspose(nn.Module):
    """Spread each channel on its own, along `rank` axes.

    Use DepthwiseConvTranspose1d, DepthwiseConvTranspose2d or
    DepthwiseConvTranspose3d; this is what they share.

    Args:
        in_channels: Input channels C.
        kernel_size: Taps, one int or one an axis.
        stride: Output steps per input step, likewise.
        padding: What is cut off the output: int, tuple, "valid" (nothing), or "same"
            (n * stride samples stay, as in TensorFlow).
        output_padding: Samples added at the end of each axis; below stride or
            dilation, and 0 with "same".
        dilation: Distance between taps, likewise.
        depth_multiplier: Filters per input channel M; output c * M + m is filter m
            of channel c.
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
        kernel_size: Axes,
        stride: Axes = 1,
        padding: PaddingLike = 0,
        output_padding: Axes = 0,
        *,
        dilation: Axes = 1,
        depth_multiplier: int = 1,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = positive("in_channels", in_channels)
        self.depth_multiplier = positive("depth_multiplier", depth_multiplier)
        self.out_channels = self.in_channels * self.depth_multiplier
        self.groups = self.in_channels
        self.window = window(self.rank, kernel_size, stride, padding, dilation)
        extra = axes(self.rank, "output_padding", output_padding, least=0)
        self.output_padding = _checked(self.window, extra)
        shape = (self.groups, self.depth_multiplier, *self.window.kernel_size)
        self.weight = new_weight(shape, device, dtype)
        self.bias = new_bias(self.weight, self.out_channels) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Spread a batch x: [N, C, *sizes] to [N, C * M, *larger sizes]."""
        require_input(x, self.rank, self.in_channels)
        crops, extra = _crops(self.window, self.output_padding)
        _require_output(x, self.window, crops, extra)
        y: Tensor = _TRANSPOSED[self.rank](
            x,
            self.weight,
            self.bias,
            self.window.stride,
            [min(crop) for crop in crops],
            extra,
            self.groups,
            self.window.dilation,
        )
        for axis, (before, after) in enumerate(crops, start=2):
            if before != after:
                start, end = max(before - after, 0), max(after - before, 0)
                y = y.narrow(axis, start, y.shape[axis] - start - end)
        return y

    def extra_repr(self) -> str:
        """Spell the geometry for print(model)."""
        text = f"{self.in_channels}, {self.window}"
        if any(self.output_padding):
            text += f", output_padding={self.output_padding}"
        if self.depth_multiplier > 1:
            text += f", depth_multiplier={self.depth_multiplier}"
        return text if self.bias is not None else f"{text}, bias=False"


def _checked(spec: Window, extra: tuple[int, ...]) -> tuple[int, ...]:
    if spec.padding == "causal":
        rule = "padding of a transposed convolution must be numbers, 'same' or 'valid'"
        raise GeometryError(f"{rule}; got 'causal'")
    if spec.padding == "same" and any(extra):
        rule = "output_padding must be 0 with padding 'same'"
        raise GeometryError(f"{rule}; got {extra}")
    limits = [max(pair) for pair in zip(spec.stride, spec.dilation, strict=True)]
    if any(e >= limit for e, limit in zip(extra, limits, strict=True)):
        rule = "output_padding must be below the larger of stride and dilation"
        raise GeometryError(f"{rule}; got {extra}, limits {tuple(limits)}")
    return extra


def _require_output(
    x: Tensor, spec: Window, crops: tuple[Pair, ...], extra: tuple[int, ...]
) -> None:
    if torch.compiler.is_compiling():
        return
    axes_of_space = zip(
        x.shape[2:], spec.extent, spec.stride, crops, extra, strict=True
    )
    for size, extent, stride, crop, more in axes_of_space:
        spread = (size - 1) * stride + extent + more
        if size < 1 or sum(crop) >= spread:
            rule = "padding must leave some of the output"
            got = (
                f"got {size} samples spread over {max(spread, 0)}, {sum(crop)} cut off"
            )
            raise GeometryError(f"{rule}; {got}")


def _crops(
    spec: Window, extra: tuple[int, ...]
) -> tuple[tuple[Pair, ...], tuple[int, ...]]:
    """Samples cut (before, after) each axis, and samples added at its end."""
    if isinstance(spec.padding, tuple):
        return spec.padding, extra
    spare = [e - s for e, s in zip(spec.extent, spec.stride, strict=True)]
    cut = [max(total, 0) for total in spare]
    crops = tuple((total // 2, total - total // 2) for total in cut)
    return crops, tuple(max(-total, 0) for total in spare)


@final
class DepthwiseConvTranspose1d(DepthwiseConvTranspose):
    """Spread each channel of a series.

    Its arguments are those of `DepthwiseConvTranspose`.

    Example:
        >>> import torch
        >>> layer = DepthwiseConvTranspose1d(6, 4, stride=2, padding="same")
        >>> layer(torch.ones(2, 6, 50)).shape
        torch.Size([2, 6, 100])
    """

    rank = 1


@final
class DepthwiseConvTranspose2d(DepthwiseConvTranspose):
    """Spread each channel of an image.

    Its arguments are those of `DepthwiseConvTranspose`.

    Example:
        >>> import torch
        >>> layer = DepthwiseConvTranspose2d(3, 3, 2, 1, 1, depth_multiplier=2)
        >>> layer(torch.ones(1, 3, 8, 8)).shape
        torch.Size([1, 6, 16, 16])
    """

    rank = 2


@final
class DepthwiseConvTranspose3d(DepthwiseConvTranspose):
    """Spread each channel of a volume.

    Its arguments are those of `DepthwiseConvTranspose`.

    Example:
        >>> import torch
        >>> DepthwiseConvTranspose3d(2, 2, 2)(torch.ones(1, 2, 4, 4, 4)).shape
        torch.Size([1, 2, 8, 8, 8])
    """

    rank = 3


DEPTHWISE_TRANSPOSED = {
    1: DepthwiseConvTranspose1d,
    2: DepthwiseConvTranspose2d,
    3: DepthwiseConvTranspose3d,
}
