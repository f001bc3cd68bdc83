"""Convolutions."""

from __future__ import annotations

from depthwise.bridge.aten.call import AtenCall, Handler
from depthwise.graph import Attribute


def _pads(call: AtenCall, rank: int) -> tuple[int, ...]:
    """Read padding: numbers, or torch's word, which pads even kernels at the end."""
    word = call.plain("padding")
    if not isinstance(word, str):
        return call.integers("padding", rank) * 2
    if word == "valid":
        return (0,) * (2 * rank)
    taps = [call.size(axis + 2, "weight") for axis in range(rank)]
    steps = call.integers("dilation", rank)
    totals = [step * (tap - 1) for tap, step in zip(taps, steps, strict=True)]
    begins = [total // 2 for total in totals]
    ends = [total - begin for total, begin in zip(totals, begins, strict=True)]
    return (*begins, *ends)


def _attributes(call: AtenCall, rank: int) -> dict[str, Attribute]:
    taps = tuple(call.size(axis + 2, "weight") for axis in range(rank))
    found: dict[str, Attribute] = {"kernel_shape": taps}
    strides = call.integers("stride", rank)
    dilations = call.integers("dilation", rank)
    if set(strides) != {1}:
        found["strides"] = strides
    if set(dilations) != {1}:
        found["dilations"] = dilations
    if call.integer("groups") != 1:
        found["group"] = call.integer("groups")
    return found


def _batched(call: AtenCall, rank: int) -> str:
    if len(call.shape("input")) == rank + 2:
        return call.tensor("input")
    return call.emit("Unsqueeze", [call.tensor("input"), call.vector(0)])


def _unbatched(call: AtenCall, result: str, rank: int) -> str:
    if len(call.shape("input")) == rank + 2:
        return result
    return call.emit("Squeeze", [result, call.vector(0)])


def _conv(call: AtenCall) -> str:
    rank = len(call.shape("weight")) - 2
    attributes = _attributes(call, rank)
    pads = _pads(call, rank)
    if any(pads):
        attributes["pads"] = pads
    operands = [_batched(call, rank), call.tensor("weight"), call.tensor("bias")]
    return _unbatched(call, call.emit("Conv", operands, attributes), rank)


def _conv_transpose(call: AtenCall) -> str:
    rank = len(call.shape("weight")) - 2
    attributes = _attributes(call, rank)
    pads = call.integers("padding", rank) * 2
    extra = call.integers("output_padding", rank)
    if any(pads):
        attributes["pads"] = pads
    if any(extra):
        attributes["output_padding"] = extra
    operands = [_batched(call, rank), call.tensor("weight"), call.tensor("bias")]
    result = call.emit("ConvTranspose", operands, attributes)
    return _unbatched(call, result, rank)


def _either(call: AtenCall) -> str:
    """Convert the one operator that torch lowers all of these to."""
    return _conv_transpose(call) if call.plain("transposed") else _conv(call)


HANDLERS: dict[str, Handler] = {
    "convolution": _either,
    "conv1d": _conv,
    "conv2d": _conv,
    "conv3d": _conv,
    "conv_transpose1d": _conv_transpose,
    "conv_transpose2d": _conv_transpose,
    "conv_transpose3d": _conv_transpose,
}
