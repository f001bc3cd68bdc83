"""Reductions over axes."""

from __future__ import annotations

from depthwise.bridge.aten.call import AtenCall, Handler, positive


def axes_of(call: AtenCall) -> tuple[int, ...]:
    """Read the argument "dim" of a reduction.

    Args:
        call: The call.

    Returns:
        Axes from the front, in order; all of them where none is named.
    """
    rank = len(call.shape())
    named = call.plain("dim") if "dim" in call.arguments else None
    if named is None or named == ():
        return tuple(range(rank))
    row = named if isinstance(named, tuple) else (named,)
    return tuple(sorted(positive(axis, rank) for axis in row))


def _mean(call: AtenCall) -> str:
    """Average; over all spatial axes it is a global average pool."""
    axes, rank = axes_of(call), len(call.shape())
    keep = bool(call.plain("keepdim"))
    if rank > 2 and axes == tuple(range(2, rank)):
        pooled = call.emit("GlobalAveragePool", [call.tensor()])
        return pooled if keep else call.emit("Flatten", [pooled])
    return _reduce(call, "ReduceMean", axes, keep=keep)


def _reduce(call: AtenCall, op: str, axes: tuple[int, ...], *, keep: bool) -> str:
    attributes = {} if keep else {"keepdims": 0}
    return call.emit(op, [call.tensor(), call.vector(*axes)], attributes)


def _of(op: str) -> Handler:
    def handler(call: AtenCall) -> str:
        return _reduce(call, op, axes_of(call), keep=bool(call.plain("keepdim")))

    return handler


HANDLERS: dict[str, Handler] = {
    "mean": _mean,
    "sum": _of("ReduceSum"),
    "amax": _of("ReduceMax"),
}
