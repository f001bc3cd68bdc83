"""What rows of a network are made of: units, squeeze-excite, inverted residuals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, final

from torch import Tensor, nn

from depthwise.errors import UnknownNameError
from depthwise.nn.activations import make_activation
from depthwise.nn.blueprint import BLUEPRINT
from depthwise.nn.dense import DENSE, DenseConv
from depthwise.nn.depthwise import DepthwiseConv
from depthwise.nn.geometry import Axes, PaddingLike, divides
from depthwise.nn.halves import run_children
from depthwise.nn.norms import BATCH, Norm, make_norm
from depthwise.nn.pointwise import POINTWISE, PointwiseConv
from depthwise.nn.separable import SEPARABLE

if TYPE_CHECKING:
    from collections.abc import Callable

Conv = Literal["separable", "dense", "blueprint"]
CONVS: Final = ("separable", "dense", "blueprint")
POOLS: Final[dict[int, Callable[[int], nn.Module]]] = {
    1: nn.AdaptiveAvgPool1d,
    2: nn.AdaptiveAvgPool2d,
    3: nn.AdaptiveAvgPool3d,
}


@dataclass(frozen=True)
class Style:
    """What all the rows of one network share.

    Args:
        rank: Spatial axes: 1, 2 or 3.
        conv: How inputs of a k×k convolution reach its outputs.
        activation: Name of the activation.
        norm: Normalisation after each convolution.
        padding: "symmetric" (k // 2 on both sides), "same" or "causal".

    Raises:
        UnknownNameError: If `conv` is none of the three.

    Example:
        >>> Style(rank=2, padding="symmetric").pad((5, 3), dilation=2)
        (4, 2)
    """

    rank: int
    conv: Conv = "separable"
    activation: str = "relu"
    norm: Norm = BATCH
    padding: str = "symmetric"

    def __post_init__(self) -> None:
        if self.conv not in CONVS:
            raise UnknownNameError.of("conv", self.conv, CONVS)

    def pad(self, kernel_size: Axes, dilation: int = 1) -> PaddingLike:
        """Give the padding for a layer.

        Args:
            kernel_size: Taps, one int or one an axis.
            dilation: Distance between taps.

        Returns:
            The name of a rule, or zeros on both sides of each axis.
        """
        if self.padding != "symmetric":
            return self.padding
        if isinstance(kernel_size, int):
            return dilation * (kernel_size - 1) // 2
        return tuple(dilation * (k - 1) // 2 for k in kernel_size)


@final
class ConvUnit(nn.Module):
    """One convolution with its normalisation and activation.

    Args:
        conv: The convolution, without bias if a normalisation follows.
        style: Rank and normalisation.
        activation: Name of the activation, or None for a linear unit.

    Example:
        >>> import torch
        >>> from depthwise.nn import PointwiseConv1d
        >>> unit = ConvUnit(PointwiseConv1d(6, 8), Style(rank=1), "relu")
        >>> unit(torch.ones(2, 6, 50)).shape
        torch.Size([2, 8, 50])
    """

    def __init__(
        self,
        conv: DenseConv | DepthwiseConv | PointwiseConv,
        style: Style,
        activation: str | None,
    ) -> None:
        super().__init__()
        self.conv = conv
        self.norm = make_norm(style.norm, style.rank, conv.out_channels)
        if activation is not None:
            self.activation = make_activation(activation)

    def forward(self, x: Tensor) -> Tensor:
        """Run a batch x through convolution, normalisation and activation."""
        return run_children(self, x)


@final
class SqueezeExcite(nn.Module):
    """Weigh each channel by what all positions say together.

    Args:
        rank: Spatial axes: 1, 2 or 3.
        channels: Channels that come and go.
        squeezed: Channels in between.
        gate: Name of the activation that makes the weight.

    Source:
        Hu et al. 2018, arXiv:1709.01507; hard gate: Howard et al. 2019,
        arXiv:1905.02244, section 5.3.

    Example:
        >>> import torch
        >>> SqueezeExcite(2, channels=16, squeezed=8)(torch.ones(1, 16, 4, 4)).shape
        torch.Size([1, 16, 4, 4])
    """

    def __init__(
        self, rank: int, channels: int, squeezed: int, gate: str = "hard_sigmoid"
    ) -> None:
        super().__init__()
        self.pool = POOLS[rank](1)
        self.reduce = POINTWISE[rank](channels, squeezed)
        self.activation = nn.ReLU()
        self.expand = POINTWISE[rank](squeezed, channels)
        self.gate = make_activation(gate)

    def forward(self, x: Tensor) -> Tensor:
        """Scale each channel of a batch x [N, C, *sizes] by a number of its own."""
        return x * run_children(self, x)


def conv_unit(
    style: Style,
    in_channels: int,
    out_channels: int,
    kernel_size: Axes,
    stride: Axes = 1,
    *,
    dilation: int = 1,
    linear: bool = False,
    between: nn.Module | None = None,
) -> nn.Module:
    """Lead inputs to outputs through a k×k window, in the style's own way.

    Args:
        style: Dense, separable or blueprint, and what all rows share.
        in_channels: Channels in.
        out_channels: Channels out.
        kernel_size: Taps, one int or one an axis.
        stride: Steps, likewise.
        dilation: Distance between taps.
        linear: Whether the last activation is left out.
        between: Module on the channels that the window sees: between the halves of a
            separable unit, before the others, so that twins share its size.

    Returns:
        SeparableConv (normalised after both halves), BlueprintConv (after the second
        alone, as in BSConv-U) or ConvUnit.

    Example:
        >>> unit = conv_unit(Style(rank=2), 32, 64, 3, stride=2)
        >>> sorted(name for name, _ in unit.named_children())[:2]
        ['depthwise', 'depthwise_activation']
    """
    last = None if linear else style.activation
    padding = style.pad(kernel_size, dilation)
    channels = (in_channels, out_channels)
    if style.conv == "separable":
        return SEPARABLE[style.rank](
            *channels,
            kernel_size,
            stride,
            padding,
            dilation,
            bias=False,
            norm=style.norm,
            activation=(style.activation, last),
            between=between,
        )
    if style.conv == "blueprint":
        unit: nn.Module = BLUEPRINT[style.rank](
            *channels,
            kernel_size,
            stride,
            padding,
            dilation,
            bias=False,
            norm=(None, style.norm),
            activation=(None, last),
        )
    else:
        dense = DENSE[style.rank]
        conv = dense(*channels, kernel_size, stride, padding, dilation, bias=False)
        unit = ConvUnit(conv, style, last)
    return unit if between is None else nn.Sequential(between, unit)


def pointwise_unit(
    style: Style,
    in_channels: int,
    out_channels: int,
    *,
    groups: int = 1,
    linear: bool = False,
) -> ConvUnit:
    """Mix channels, normalise, activate.

    Args:
        style: What all rows share.
        in_channels: Channels in.
        out_channels: Channels out.
        groups: Parts within which channels mix.
        linear: Whether the activation is left out.

    Returns:
        The unit.

    Example:
        >>> pointwise_unit(Style(rank=1), 8, 16).conv.out_channels
        16
    """
    divides(groups, in_channels=in_channels, out_channels=out_channels)
    mix = POINTWISE[style.rank]
    conv = mix(in_channels, out_channels, groups=groups, bias=False)
    return ConvUnit(conv, style, None if linear else style.activation)


def dense_unit(
    style: Style,
    in_channels: int,
    out_channels: int,
    kernel_size: Axes,
    stride: Axes = 1,
) -> ConvUnit:
    """Convolve densely whatever the style's own way is: the stem of most networks.

    Args:
        style: What all rows share.
        in_channels: Channels in.
        out_channels: Channels out.
        kernel_size: Taps, one int or one an axis.
        stride: Steps, likewise.

    Returns:
        The unit.

    Example:
        >>> dense_unit(Style(rank=2), 3, 32, kernel_size=3, stride=2).conv.groups
        1
    """
    padding = style.pad(kernel_size)
    dense = DENSE[style.rank]
    conv = dense(in_channels, out_channels, kernel_size, stride, padding, bias=False)
    return ConvUnit(conv, style, style.activation)


@final
class Residual(nn.Module):
    """Expand the channels if asked to, run a unit, add the input if it fits.

    Args:
        unit: What leads from the expanded channels to the outputs.
        expand: What leads from the inputs to the expanded channels, or None.
        is_added: Whether the input is added to the output.

    Source:
        Sandler et al. 2018, arXiv:1801.04381, section 3.3.

    Example:
        >>> import torch
        >>> style = Style(rank=2)
        >>> expand = pointwise_unit(style, 8, 48)
        >>> unit = conv_unit(style, 48, 8, 3, linear=True)
        >>> Residual(unit, expand, is_added=True)(torch.ones(1, 8, 4, 4)).shape
        torch.Size([1, 8, 4, 4])
    """

    def __init__(
        self, unit: nn.Module, expand: nn.Module | None = None, *, is_added: bool
    ) -> None:
        super().__init__()
        self.is_added = is_added
        if expand is not None:
            self.expand = expand
        self.unit = unit

    def forward(self, x: Tensor) -> Tensor:
        """Run a batch x through the block."""
        y = run_children(self, x)
        return x + y if self.is_added else y

    def extra_repr(self) -> str:
        """Say for print(model) whether the input is added."""
        return f"is_added={self.is_added}"
