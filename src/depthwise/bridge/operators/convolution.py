"""Convolutions."""

from __future__ import annotations

from typing import Any

from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge.operators.function import Function, Tensors, operand
from depthwise.graph import Call
from depthwise.graph.operators.convolution import conv_windows

_CONVOLUTIONS: tuple[Any, ...] = (F.conv1d, F.conv2d, F.conv3d)


def _conv(call: Call, tensors: Tensors) -> Tensors:
    windows = conv_windows(call)
    x, weight, bias = tensors[0], tensors[1], operand(tensors, 2)
    begins = tuple(w.begin for w in windows)
    if begins != tuple(w.end for w in windows) or min(begins) < 0:
        x = F.pad(x, torch_pads([(w.begin, w.end) for w in windows]))
        begins = (0,) * len(windows)
    strides = tuple(w.stride for w in windows)
    dilations = tuple(w.dilation for w in windows)
    function = _CONVOLUTIONS[len(windows) - 1]
    group = call.integer("group")
    return (function(x, weight, bias, strides, begins, dilations, group),)


def torch_pads(pads: list[tuple[int, int]]) -> tuple[int, ...]:
    """Write padding as torch does: the last axis first.

    Args:
        pads: Before and after, an axis.

    Returns:
        The same numbers in one row.

    Example:
        >>> torch_pads([(1, 2), (3, 4)])
        (3, 4, 1, 2)
    """
    return tuple(size for pair in reversed(pads) for size in pair)


FUNCTIONS: dict[str, Function] = {"Conv": _conv}
