"""Arithmetic, comparison and logic with broadcasting; conversions."""

from __future__ import annotations

import math

import torch

from depthwise.bridge.aten.call import AtenCall, Handler
from depthwise.bridge.symbols import ONNX_TYPES, dtype_of


def operand(call: AtenCall, name: str, dtype: str = "") -> str:
    """Take an operand in a given element type.

    Args:
        call: The call.
        name: Argument: a tensor or a number.
        dtype: The element type; the result's unless it is said.

    Returns:
        The value's name; a Cast is added where torch would promote.
    """
    wanted = dtype or call.result_dtype
    if not call.is_tensor(name):
        return call.number(call.plain(name), wanted)
    return cast(call, call.tensor(name), dtype_of(call.fake(name).dtype), wanted)


def cast(call: AtenCall, value: str, have: str, wanted: str) -> str:
    """Append a Cast, where one is needed.

    Args:
        call: The call.
        value: What to convert.
        have: The element type that it has.
        wanted: The element type that it is to have.

    Returns:
        The value's name, or the Cast's.
    """
    if have == wanted:
        return value
    return call.emit("Cast", [value], {"to": ONNX_TYPES[wanted]})


_OF_TRUTH = {"Add": "Or", "Mul": "And", "Max": "Or", "Min": "And", "Sub": "Xor"}
"""What arithmetic is between truth values."""


def _binary(op: str) -> Handler:
    def handler(call: AtenCall) -> str:
        second = operand(call, "other")
        factor = call.plain("alpha") if "alpha" in call.arguments else 1
        if factor != 1:
            second = call.emit("Mul", [second, call.number(factor)])
        name = _OF_TRUTH[op] if call.result_dtype == "bool" else op
        return call.emit(name, [operand(call, "self"), second])

    return handler


def _reverse_subtract(call: AtenCall) -> str:
    first = operand(call, "self")
    factor = call.plain("alpha")
    if factor != 1:
        first = call.emit("Mul", [first, call.number(factor)])
    return call.emit("Sub", [operand(call, "other"), first])


def _divide(call: AtenCall) -> str:
    mode = call.plain("rounding_mode") if "rounding_mode" in call.arguments else None
    mode = "floor" if call.op == "floor_divide" else mode
    first, second = operand(call, "self"), operand(call, "other")
    whole = not call.result_dtype.startswith("float")
    if whole and mode == "floor":
        rest = call.emit("Mod", [first, second])
        first = call.emit("Sub", [first, rest])
    quotient = call.emit("Div", [first, second])
    if whole or mode is None:
        return quotient
    return call.emit("Floor", [quotient]) if mode == "floor" else _whole(call, quotient)


def _compare(op: str) -> Handler:
    def handler(call: AtenCall) -> str:
        kind = common_type(call)
        operands = [operand(call, name, kind) for name in ("self", "other")]
        if op == "NotEqual":
            return call.emit("Not", [call.emit("Equal", operands)])
        return call.emit(op, operands)

    return handler


def common_type(call: AtenCall) -> str:
    """Find the element type that torch compares two operands in.

    Args:
        call: A call with "self" and "other".

    Returns:
        Its name.
    """
    if not call.is_tensor("other"):
        number = call.plain("other")
        return dtype_of(torch.result_type(call.fake("self"), number))
    return dtype_of(torch.result_type(call.fake("self"), call.fake("other")))


def _logic(op: str) -> Handler:
    def handler(call: AtenCall) -> str:
        if dtype_of(call.fake("self").dtype) != "bool":
            raise call.unsupported("bitwise operators take truth values")
        return call.emit(op, [operand(call, "self"), operand(call, "other")])

    return handler


def _not(call: AtenCall) -> str:
    return call.emit("Not", [operand(call, "self", "bool")])


def _power(call: AtenCall) -> str:
    if not call.is_tensor("exponent") and call.plain("exponent") == 2:
        return call.emit("Mul", [operand(call, "self")] * 2)
    return call.emit("Pow", [operand(call, "self"), operand(call, "exponent")])


def _square(call: AtenCall) -> str:
    return call.emit("Mul", [operand(call, "self")] * 2)


def _remainder(call: AtenCall) -> str:
    operands = [operand(call, "self"), operand(call, "other")]
    if call.op == "fmod":
        return call.emit("Mod", operands, {"fmod": 1})
    if call.result_dtype.startswith("int"):
        return call.emit("Mod", operands)
    whole = call.emit("Floor", [call.emit("Div", operands)])
    return call.emit("Sub", [operands[0], call.emit("Mul", [whole, operands[1]])])


def _where(call: AtenCall) -> str:
    condition = operand(call, "condition", "bool")
    choices = [operand(call, "self"), operand(call, "other")]
    return call.emit("Where", [condition, *choices])


def _masked_fill(call: AtenCall) -> str:
    operands = [call.tensor("mask"), operand(call, "value"), operand(call, "self")]
    return call.emit("Where", operands)


def _scaled_sum(op: str) -> Handler:
    """Spell self + value * (tensor1 op tensor2)."""

    def handler(call: AtenCall) -> str:
        pair = [operand(call, "tensor1"), operand(call, "tensor2")]
        term = call.emit(op, pair)
        if call.plain("value") != 1:
            term = call.emit("Mul", [term, call.number(call.plain("value"))])
        return call.emit("Add", [operand(call, "self"), term])

    return handler


def _convert(call: AtenCall) -> str:
    return operand(call, "self")


def _scaled(op: str, factor: float) -> Handler:
    """Spell a function as another one, times a number."""

    def handler(call: AtenCall) -> str:
        found = call.emit(op, [operand(call, "self")])
        return call.emit("Mul", [found, call.number(factor)])

    return handler


def _log_one_plus(call: AtenCall) -> str:
    one = call.number(1)
    return call.emit("Log", [call.emit("Add", [operand(call, "self"), one])])


def _exp_minus_one(call: AtenCall) -> str:
    grown = call.emit("Exp", [operand(call, "self")])
    return call.emit("Sub", [grown, call.number(1)])


def _tangent(call: AtenCall) -> str:
    x = operand(call, "self")
    return call.emit("Div", [call.emit("Sin", [x]), call.emit("Cos", [x])])


def _towards_zero(call: AtenCall) -> str:
    """Spell trunc; with "frac", what it leaves over."""
    x = operand(call, "self")
    whole = _whole(call, x)
    return call.emit("Sub", [x, whole]) if call.op == "frac" else whole


def _whole(call: AtenCall, x: str) -> str:
    size = call.emit("Floor", [call.emit("Abs", [x])])
    return call.emit("Mul", [call.emit("Sign", [x]), size])


def _truth(op: str) -> Handler:
    def handler(call: AtenCall) -> str:
        return call.emit(op, [call.tensor()])

    return handler


def _unary(*ops: str) -> Handler:
    def handler(call: AtenCall) -> str:
        value = operand(call, "self")
        for op in ops:
            value = call.emit(op, [value])
        return value

    return handler


_CONVERSIONS = ("to", "_to_copy", "type_as", "float", "double")
_PASS = ("contiguous", "clone", "detach", "alias", "lift_fresh", "lift_fresh_copy")

HANDLERS: dict[str, Handler] = {
    "add": _binary("Add"),
    "sub": _binary("Sub"),
    "subtract": _binary("Sub"),
    "mul": _binary("Mul"),
    "multiply": _binary("Mul"),
    "rsub": _reverse_subtract,
    "div": _divide,
    "divide": _divide,
    "true_divide": _divide,
    "floor_divide": _divide,
    "remainder": _remainder,
    "fmod": _remainder,
    "maximum": _binary("Max"),
    "minimum": _binary("Min"),
    "pow": _power,
    "square": _square,
    "addcmul": _scaled_sum("Mul"),
    "addcdiv": _scaled_sum("Div"),
    "eq": _compare("Equal"),
    "ne": _compare("NotEqual"),
    "lt": _compare("Less"),
    "le": _compare("LessOrEqual"),
    "gt": _compare("Greater"),
    "ge": _compare("GreaterOrEqual"),
    "logical_and": _logic("And"),
    "logical_or": _logic("Or"),
    "logical_xor": _logic("Xor"),
    "bitwise_and": _logic("And"),
    "bitwise_or": _logic("Or"),
    "__and__": _logic("And"),
    "__or__": _logic("Or"),
    "logical_not": _not,
    "bitwise_not": _not,
    "where": _where,
    "masked_fill": _masked_fill,
    "neg": _unary("Neg"),
    "abs": _unary("Abs"),
    "sqrt": _unary("Sqrt"),
    "rsqrt": _unary("Sqrt", "Reciprocal"),
    "reciprocal": _unary("Reciprocal"),
    "exp": _unary("Exp"),
    "log": _unary("Log"),
    "sin": _unary("Sin"),
    "cos": _unary("Cos"),
    "erf": _unary("Erf"),
    "floor": _unary("Floor"),
    "ceil": _unary("Ceil"),
    "round": _unary("Round"),
    "sign": _unary("Sign"),
    "sgn": _unary("Sign"),
    "isnan": _truth("IsNaN"),
    "isinf": _truth("IsInf"),
    "log2": _scaled("Log", 1 / math.log(2)),
    "log10": _scaled("Log", 1 / math.log(10)),
    "log1p": _log_one_plus,
    "expm1": _exp_minus_one,
    "tan": _tangent,
    "trunc": _towards_zero,
    "fix": _towards_zero,
    "frac": _towards_zero,
    **dict.fromkeys((*_CONVERSIONS, *_PASS), _convert),
}
