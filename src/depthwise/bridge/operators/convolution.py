"""Convolution and transposed convolution."""

from __future__ import annotations

from typing import Any

from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge.operators.function import Function, Tensors, optional
from depthwise.bridge.operators.padding import crop, torch_pads
from depthwise.graph import Call
from depthwise.graph.operators.convolution import conv_windows
from depthwise.graph.operators.transposed import scatters_of

_CONVOLUTIONS: tuple[Any, ...] = (F.conv1d, F.conv2d, F.conv3d)
_TRANSPOSED: tuple[Any, ...] = (
    F.conv_transpose1d,
    F.conv_transpose2d,
    F.conv_transpose3d,
)


def _conv(call: Call, tensors: Tensors) -> Tensors:
    windows = conv_windows(call)
    x, weight, bias = tensors[0], tensors[1], optional(tensors, 2)
    begins = tuple(w.begin for w in windows)
    if begins != tuple(w.end for w in windows) or min(begins) < 0:
        x = F.pad(x, torch_pads([(w.begin, w.end) for w in windows]))
        begins = (0,) * len(windows)
    strides = tuple(w.stride for w in windows)
    dilations = tuple(w.dilation for w in windows)
    function = _CONVOLUTIONS[len(windows) - 1]
    group = call.integer("group")
    return (function(x, weight, bias, strides, begins, dilations, group),)


def _conv_transpose(call: Call, tensors: Tensors) -> Tensors:
    """Scatter everything, then crop where torch cannot crop by itself."""
    scatters = scatters_of(call)
    windows = [s.window for s in scatters]
    x, weight, bias = tensors[0], tensors[1], optional(tensors, 2)
    strides = tuple(w.stride for w in windows)
    dilations = tuple(w.dilation for w in windows)
    group = call.integer("group")
    function = _TRANSPOSED[len(windows) - 1]
    begins = tuple(w.begin for w in windows)
    plain = [w.stride * (w.size - 1) + w.reach - 2 * w.begin for w in windows]
    extra = tuple(s.outputs - size for s, size in zip(scatters, plain, strict=True))
    fits = [
        begin >= 0 and 0 <= more < max(w.stride, w.dilation)
        for begin, more, w in zip(begins, extra, windows, strict=True)
    ]
    if all(fits):
        settings = (strides, begins, extra, group, dilations)
        return (function(x, weight, bias, *settings),)
    full = function(x, weight, bias, strides, 0, 0, group, dilations)
    ends = [w.stride * (w.size - 1) + w.reach for w in windows]
    edges = [
        (s.window.begin, end - s.window.begin - s.outputs)
        for s, end in zip(scatters, ends, strict=True)
    ]
    return (_grow(call, full, bias, crop(edges)),)


def _grow(call: Call, full: Any, bias: Any, pads: tuple[int, ...]) -> Any:
    """Crop or extend; what no input reaches holds the bias alone."""
    if min(pads) <= 0 and max(pads) <= 0:
        return F.pad(full, pads)
    if bias is None:
        return F.pad(full, pads)
    along = (1, -1, *(1,) * (call.type(0).rank - 2))
    shift = bias.reshape(along)
    return F.pad(full - shift, pads) + shift


FUNCTIONS: dict[str, Function] = {
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
}
