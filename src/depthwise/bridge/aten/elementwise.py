"""Arithmetic with broadcasting, and operators that pass a value on."""

from __future__ import annotations

from depthwise.bridge.aten.call import AtenCall, Handler
from depthwise.bridge.symbols import dtype_of


def operand(call: AtenCall, name: str) -> str:
    """Take an operand in the element type of the result.

    Args:
        call: The call.
        name: Argument: a tensor or a number.

    Returns:
        The value's name; a Cast is added where torch would promote.
    """
    if not call.is_tensor(name):
        return call.number(call.plain(name))
    return cast(call, call.tensor(name), dtype_of(call.fake(name).dtype))


def cast(call: AtenCall, value: str, dtype: str) -> str:
    """Append a Cast to the result's element type, where one is needed.

    Args:
        call: The call.
        value: What to convert.
        dtype: The element type that it has.

    Returns:
        The value's name, or the Cast's.
    """
    if dtype == call.result_dtype:
        return value
    return call.emit("Cast", [value], {"to": ONNX_TYPES[call.result_dtype]})


ONNX_TYPES = {
    "float32": 1,
    "uint8": 2,
    "int8": 3,
    "int16": 5,
    "int32": 6,
    "int64": 7,
    "bool": 9,
    "float16": 10,
    "float64": 11,
}
"""ONNX's numbers of element types."""


def _binary(op: str) -> Handler:
    def handler(call: AtenCall) -> str:
        second = operand(call, "other")
        factor = call.plain("alpha") if "alpha" in call.arguments else 1
        if factor != 1:
            second = call.emit("Mul", [second, call.number(factor)])
        return call.emit(op, [operand(call, "self"), second])

    return handler


def _reverse_subtract(call: AtenCall) -> str:
    return call.emit("Sub", [operand(call, "other"), operand(call, "self")])


def _pass_on(call: AtenCall) -> str:
    return call.tensor()


_PASS = (
    "contiguous",
    "clone",
    "detach",
    "alias",
    "lift_fresh",
    "lift_fresh_copy",
)

HANDLERS: dict[str, Handler] = {
    "add": _binary("Add"),
    "sub": _binary("Sub"),
    "mul": _binary("Mul"),
    "div": _binary("Div"),
    "rsub": _reverse_subtract,
    **dict.fromkeys(_PASS, _pass_on),
}
