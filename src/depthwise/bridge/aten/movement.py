"""Operators that move or rename elements; most of them are views in torch."""

from __future__ import annotations

from depthwise.bridge.aten.call import AtenCall, Handler, Inverse, Value, positive
from depthwise.graph import Shape


def _new_shape(call: AtenCall) -> str:
    """Give the elements another shape: nothing, Flatten, or Reshape."""
    before, after = call.shape(), call.result_shape
    if before == after:
        return call.tensor()
    if len(after) == 2 and len(before) > 2 and after[0] == before[0]:
        return call.emit("Flatten", [call.tensor()])
    return call.reshape(call.tensor(), after)


def _old_shape(call: AtenCall, _base: Value, changed: Value) -> str:
    return call.reshape(str(changed), call.shape())


def _order(call: AtenCall) -> tuple[int, ...]:
    rank = len(call.shape())
    if call.op == "permute":
        return tuple(positive(axis, rank) for axis in call.integers("dims"))
    order = list(range(rank))
    if call.op in {"t", "numpy_T"}:
        return tuple(reversed(order))
    a, b = (positive(call.integer(name), rank) for name in ("dim0", "dim1"))
    order[a], order[b] = order[b], order[a]
    return tuple(order)


def _permute(call: AtenCall) -> str:
    order = _order(call)
    if order == tuple(range(len(order))):
        return call.tensor()
    return call.emit("Transpose", [call.tensor()], {"perm": order})


def _permute_back(call: AtenCall, _base: Value, changed: Value) -> str:
    order = _order(call)
    back = tuple(order.index(axis) for axis in range(len(order)))
    return call.emit("Transpose", [str(changed)], {"perm": back})


def _concat(call: AtenCall) -> str:
    values = [
        name
        for name, shape in zip(call.tensors("tensors"), _shapes(call), strict=True)
        if shape != (0,)
    ]
    axis = positive(call.integer("dim"), len(call.result_shape))
    return call.emit("Concat", values, {"axis": axis})


def _shapes(call: AtenCall) -> list[Shape]:
    nodes = call.arguments["tensors"]
    return [tuple(node.meta["val"].shape) for node in nodes]


_RESHAPES = (
    "view",
    "reshape",
    "flatten",
    "unflatten",
    "squeeze",
    "unsqueeze",
    "_unsafe_view",
    "view_as",
    "reshape_as",
)
_PERMUTES = ("permute", "transpose", "swapaxes", "swapdims", "t", "numpy_T")

HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(_RESHAPES, _new_shape),
    **dict.fromkeys(_PERMUTES, _permute),
    "cat": _concat,
    "concat": _concat,
}

_SAME = (
    "contiguous",
    "detach",
    "alias",
    "lift_fresh",
    "lift_fresh_copy",
    "dropout",
    "feature_dropout",
    "alpha_dropout",
    "feature_alpha_dropout",
)

INVERSES: dict[str, Inverse] = {
    **dict.fromkeys(_RESHAPES, _old_shape),
    **dict.fromkeys(_PERMUTES, _permute_back),
    **dict.fromkeys(_SAME, lambda _call, _base, changed: changed),
}
