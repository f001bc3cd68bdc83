"""Sorting, and writing to places that indices name."""

from __future__ import annotations

from depthwise.bridge.aten.call import AtenCall, Handler, Value, positive
from depthwise.bridge.aten.elementwise import operand
from depthwise.bridge.aten.movement import expand
from depthwise.graph import Attribute


def _axis(call: AtenCall) -> int:
    return positive(call.integer("dim"), len(call.shape()))


def _top(call: AtenCall, count: int, *, largest: bool) -> tuple[str, ...]:
    attributes: dict[str, Attribute] = {"axis": _axis(call), "largest": int(largest)}
    return call.emit_many("TopK", [call.tensor(), call.vector(count)], 2, attributes)


def _top_k(call: AtenCall) -> Value:
    return _top(call, call.integer("k"), largest=bool(call.plain("largest")))


def _sort(call: AtenCall) -> Value:
    """Sort a whole axis; equal elements keep their order, as with stable=True."""
    values = _top(call, call.size(_axis(call)), largest=bool(call.plain("descending")))
    return values[1] if call.op == "argsort" else values


def _scatter(call: AtenCall) -> str:
    """Write a tensor, or one number, to the places of an index."""
    attributes: dict[str, Attribute] = {"axis": _axis(call)}
    if call.op == "scatter_add":
        attributes["reduction"] = "add"
    if call.arguments.get("reduce") is not None:
        raise call.unsupported("scatter with a reduction has no counterpart")
    if "value" in call.arguments:
        shape = call.shape("index")
        source = expand(call, call.number(call.plain("value")), (), shape)
    elif call.shape("src") == call.shape("index"):
        source = operand(call, "src")
    else:
        raise call.unsupported("what is scattered must be as large as its index")
    operands = [call.tensor(), call.tensor("index"), source]
    return call.emit("ScatterElements", operands, attributes)


HANDLERS: dict[str, Handler] = {
    "topk": _top_k,
    "sort": _sort,
    "argsort": _sort,
    "scatter": _scatter,
    "scatter_add": _scatter,
}
