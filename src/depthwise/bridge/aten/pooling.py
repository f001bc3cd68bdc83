"""Pooling, over windows of a given size and into a given number of them."""

from __future__ import annotations

import math

from depthwise.bridge.aten.call import AtenCall, Handler, Value
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


def _batched(call: AtenCall, rank: int) -> str:
    if len(call.shape()) == rank + 2:
        return call.tensor()
    return call.emit("Unsqueeze", [call.tensor(), call.vector(0)])


def _unbatched(call: AtenCall, result: str, rank: int) -> str:
    if len(call.shape()) == rank + 2:
        return result
    return call.emit("Squeeze", [result, call.vector(0)])


def _max(rank: int) -> Handler:
    """Take maxima; the places of them have no counterpart, and are not given out."""

    def handler(call: AtenCall) -> Value:
        attributes = _window(call, rank)
        dilations = call.integers("dilation", rank)
        if set(dilations) != {1}:
            attributes["dilations"] = dilations
        result = call.emit("MaxPool", [_batched(call, rank)], attributes)
        result = _unbatched(call, result, rank)
        return (result, "") if call.op.endswith("_with_indices") else result

    return handler


def _average(rank: int) -> Handler:
    def handler(call: AtenCall) -> str:
        attributes = _window(call, rank)
        divisor = call.plain("divisor_override") if rank > 1 else None
        if divisor and call.plain("ceil_mode"):
            raise call.unsupported("windows over the edge must divide by their taps")
        if "pads" in attributes and (divisor or call.plain("count_include_pad")):
            attributes["count_include_pad"] = 1
        result = call.emit("AveragePool", [_batched(call, rank)], attributes)
        if divisor:
            taps = math.prod(call.integers("kernel_size", rank))
            result = call.emit("Mul", [result, call.number(taps / divisor)])
        return _unbatched(call, result, rank)

    return handler


def _adaptive(kind: str, rank: int) -> Handler:
    """Pool to a given number of windows, of equal size where the sizes divide."""

    def handler(call: AtenCall) -> Value:
        inputs = tuple(call.size(axis - rank) for axis in range(rank))
        wanted = tuple(
            have if size is None else size
            for size, have in zip(_wanted(call, rank), inputs, strict=True)
        )
        x = _batched(call, rank)
        pairs = list(zip(inputs, wanted, strict=True))
        if set(wanted) == {1}:
            x = call.emit(f"Global{kind}Pool", [x])
        elif all(have % want == 0 for have, want in pairs):
            taps = tuple(have // want for have, want in pairs)
            window: dict[str, Attribute] = {"kernel_shape": taps, "strides": taps}
            x = x if wanted == inputs else call.emit(f"{kind}Pool", [x], window)
        else:
            for axis, (have, want) in enumerate(pairs):
                x = _uneven(call, kind, x, (axis + 2, have, want))
        result = _unbatched(call, x, rank)
        return (result, "") if kind == "Max" else result

    return handler


def _uneven(call: AtenCall, kind: str, x: str, axis: tuple[int, int, int]) -> str:
    """Pool one axis into windows whose sizes differ, one after the other."""
    where, have, want = axis
    if have == want:
        return x
    op = {"Average": "ReduceMean", "Max": "ReduceMax"}[kind]
    parts = []
    for index in range(want):
        start, end = index * have // want, -(-(index + 1) * have // want)
        bounds = [call.vector(v) for v in (start, end, where)]
        parts.append(call.emit(op, [call.emit("Slice", [x, *bounds]), bounds[2]]))
    return call.emit("Concat", parts, {"axis": where})


def _wanted(call: AtenCall, rank: int) -> tuple[int | None, ...]:
    row = call.plain("output_size")
    row = row if isinstance(row, tuple) else (row,)
    return row * rank if len(row) == 1 else row


_RANKS = (1, 2, 3)

HANDLERS: dict[str, Handler] = {
    **{f"max_pool{rank}d": _max(rank) for rank in _RANKS},
    **{f"max_pool{rank}d_with_indices": _max(rank) for rank in _RANKS},
    **{f"avg_pool{rank}d": _average(rank) for rank in _RANKS},
    **{f"adaptive_avg_pool{rank}d": _adaptive("Average", rank) for rank in _RANKS},
    **{f"_adaptive_avg_pool{rank}d": _adaptive("Average", rank) for rank in _RANKS},
    **{f"adaptive_max_pool{rank}d": _adaptive("Max", rank) for rank in _RANKS},
}
