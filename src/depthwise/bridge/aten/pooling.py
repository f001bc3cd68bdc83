"""Pooling."""

from __future__ import annotations

from depthwise.bridge.aten.call import AtenCall, Handler
from depthwise.graph import Attribute


def _window(call: AtenCall, rank: int) -> dict[str, Attribute]:
    taps = call.integers("kernel_size", rank)
    strides = call.integers("stride", rank) if call.plain("stride") else taps
    found: dict[str, Attribute] = {"kernel_shape": taps, "strides": strides}
    pads = call.integers("padding", rank) * 2
    if any(pads):
        found["pads"] = pads
    if call.plain("ceil_mode"):
        found["ceil_mode"] = 1
    return found


def _max(rank: int) -> Handler:
    def handler(call: AtenCall) -> str:
        attributes = _window(call, rank)
        dilations = call.integers("dilation", rank)
        if set(dilations) != {1}:
            attributes["dilations"] = dilations
        return call.emit("MaxPool", [call.tensor()], attributes)

    return handler


def _average(rank: int) -> Handler:
    def handler(call: AtenCall) -> str:
        if call.plain("divisor_override"):
            raise call.unsupported("an average divides by its own number of taps")
        attributes = _window(call, rank)
        if call.plain("count_include_pad") and "pads" in attributes:
            attributes["count_include_pad"] = 1
        return call.emit("AveragePool", [call.tensor()], attributes)

    return handler


def _adaptive(kind: str, rank: int) -> Handler:
    """Pool to a given size: exact windows where the sizes divide."""

    def handler(call: AtenCall) -> str:
        inputs = tuple(call.size(axis - rank) for axis in range(rank))
        wanted = tuple(
            size if size is not None else have
            for size, have in zip(_wanted(call, rank), inputs, strict=True)
        )
        if wanted == inputs:
            return call.emit("Identity", [call.tensor()])
        if set(wanted) == {1}:
            return call.emit(f"Global{kind}Pool", [call.tensor()])
        if any(have % want for have, want in zip(inputs, wanted, strict=True)):
            why = f"adaptive sizes must divide the input; got {inputs} -> {wanted}"
            raise call.unsupported(why)
        taps = tuple(h // w for h, w in zip(inputs, wanted, strict=True))
        attributes: dict[str, Attribute] = {"kernel_shape": taps, "strides": taps}
        return call.emit(f"{kind}Pool", [call.tensor()], attributes)

    return handler


def _wanted(call: AtenCall, rank: int) -> tuple[int | None, ...]:
    row = call.plain("output_size")
    row = row if isinstance(row, tuple) else (row,)
    return row * rank if len(row) == 1 else row


HANDLERS: dict[str, Handler] = {
    **{f"max_pool{rank}d": _max(rank) for rank in (1, 2, 3)},
    **{f"avg_pool{rank}d": _average(rank) for rank in (1, 2, 3)},
    **{f"adaptive_avg_pool{rank}d": _adaptive("Average", rank) for rank in (1, 2, 3)},
    **{f"adaptive_max_pool{rank}d": _adaptive("Max", rank) for rank in (1, 2, 3)},
}
