"""The sizes of a convolution that its alternatives are computed from."""

from __future__ import annotations

import math
from dataclasses import dataclass

from depthwise.graph import Call, concrete
from depthwise.graph.operators.convolution import conv_windows
from depthwise.graph.operators.transposed import scatters_of


@dataclass(frozen=True, slots=True)
class ConvGeometry:
    """A convolution's sizes.

    Args:
        kernel_size: Taps an axis.
        stride: Step an axis; of the output's axis where it is transposed.
        dilation: Step between taps an axis.
        in_channels: Channels read.
        out_channels: Channels written.
        groups: Groups of channels that do not meet.
        positions: Positions that the kernel takes, samples included.
        input_positions: Positions of the input, samples included.
        output_positions: Positions of the output, samples included.
        transposed: Whether it is a transposed convolution.

    Example:
        >>> sizes = ConvGeometry((3, 3), (1, 1), (1, 1), 3, 256, 1, 36, 64, 36)
        >>> sizes.taps
        9
    """

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    in_channels: int
    out_channels: int
    groups: int
    positions: int
    input_positions: int
    output_positions: int
    transposed: bool = False

    @property
    def taps(self) -> int:
        """Taps of one kernel."""
        return math.prod(self.kernel_size)


def geometry_of(call: Call) -> ConvGeometry | None:
    """Read a convolution's sizes.

    Args:
        call: Any call, its sizes known.

    Returns:
        The sizes, or None for what is no convolution.
    """
    transposed = call.operator.name == "ConvTranspose"
    if call.operator.name == "Conv":
        windows = conv_windows(call)
    elif transposed:
        windows = tuple(scatter.window for scatter in scatters_of(call))
    else:
        return None
    batch, inputs, *before = concrete(call.shape(0))
    _, outputs, *after = concrete(call.outputs[0].shape)
    arriving, leaving = batch * math.prod(before), batch * math.prod(after)
    return ConvGeometry(
        kernel_size=tuple(window.kernel for window in windows),
        stride=tuple(window.stride for window in windows),
        dilation=tuple(window.dilation for window in windows),
        in_channels=inputs,
        out_channels=outputs,
        groups=call.integer("group"),
        positions=arriving if transposed else leaving,
        input_positions=arriving,
        output_positions=leaving,
        transposed=transposed,
    )
