"""One padded convolution for every rank, and the weights that it starts from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from depthwise.errors import GeometryError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depthwise.nn.geometry import Pair, Window

CONVOLUTIONS: Final = {
    1: functional.conv1d,
    2: functional.conv2d,
    3: functional.conv3d,
}


def convolve(
    x: Tensor, weight: Tensor, bias: Tensor | None, window: Window, groups: int = 1
) -> Tensor:
    """Convolve, with padding that may be asymmetric or depend on the input size.

    Args:
        x: Input [N, C, *sizes].
        weight: Kernels [K, C / groups, *kernel_size].
        bias: One number an output channel [K], or None.
        window: Stride, dilation and padding.
        groups: Parts that input and output channels are split into.

    Returns:
        Output [N, K, *output sizes].

    Raises:
        GeometryError: If the input has other axes or channels, or is too small.

    Example:
        >>> from depthwise.nn.geometry import window
        >>> x, weight = torch.ones(1, 2, 8), torch.ones(2, 1, 3)
        >>> convolve(x, weight, None, window(1, 3, 2, "same"), groups=2).shape
        torch.Size([1, 2, 4])
    """
    require_input(x, len(window.kernel_size), weight.shape[1] * groups)
    pads = window.pads(x.shape[2:])
    _require_size(x, window, pads)
    padding = [before for before, _ in pads]
    # Exported with open sizes, both ends are expressions, which must not be compared.
    if any(not isinstance(end, int) for pair in pads for end in pair) or any(
        before != after for before, after in pads
    ):
        flat = [zeros for pair in reversed(pads) for zeros in pair]
        x = functional.pad(x, flat)
        padding = [0] * len(pads)
    run = CONVOLUTIONS[len(pads)]
    return run(x, weight, bias, window.stride, padding, window.dilation, groups)


def require_input(x: Tensor, rank: int, channels: int) -> None:
    """Check the axes and channels of a layer's input.

    Args:
        x: What the layer was given.
        rank: Spatial axes that it works on.
        channels: Channels that it works on.

    Raises:
        GeometryError: If axes or channels differ.

    Example:
        >>> require_input(torch.ones(1, 3, 8, 8), rank=2, channels=3)
    """
    if x.ndim != rank + 2:
        rule = f"input must have {rank + 2} axes (batch, channels, {rank} of space)"
        raise GeometryError(f"{rule}; got shape {tuple(x.shape)}")
    if x.shape[1] != channels:
        rule = "input must have the layer's channels on axis 1"
        raise GeometryError(f"{rule}; got {x.shape[1]}, layer has {channels}")


def _require_size(x: Tensor, window: Window, pads: tuple[Pair, ...]) -> None:
    if torch.compiler.is_compiling():
        return
    for size, extent, pad in zip(x.shape[2:], window.extent, pads, strict=True):
        if size + sum(pad) < extent:
            rule = "padded input must hold the dilated kernel"
            got = f"got {size} samples + {sum(pad)} zeros, kernel spans {extent}"
            raise GeometryError(f"{rule}; {got}")


def new_weight(
    shape: tuple[int, ...], device: torch.device | str | None, dtype: torch.dtype | None
) -> nn.Parameter:
    """Draw a kernel as torch's own convolutions do.

    Args:
        shape: [outputs, inputs per group, *kernel_size].
        device: Where it lives.
        dtype: Its floating-point type.

    Returns:
        Uniform numbers within 1 / sqrt(taps per output) of zero.

    Example:
        >>> bool(new_weight((4, 1, 9), None, None).abs().max() <= 1 / 3)
        True
    """
    weight = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
    return _uniform(weight, shape[1:])


def new_bias(weight: nn.Parameter, channels: int) -> nn.Parameter:
    """Draw the bias that goes with a kernel.

    Args:
        weight: The kernel, whose device, type and fan-in are taken over.
        channels: Output channels.

    Returns:
        Uniform numbers [channels], within the same bound as the kernel.

    Example:
        >>> new_bias(new_weight((4, 1, 9), None, None), 4).shape
        torch.Size([4])
    """
    bias = nn.Parameter(weight.new_empty(channels))
    return _uniform(bias, weight.shape[1:])


def _uniform(parameter: nn.Parameter, taps: Iterable[int]) -> nn.Parameter:
    bound = 1 / math.sqrt(math.prod(taps))
    nn.init.uniform_(parameter, -bound, bound)
    return parameter
