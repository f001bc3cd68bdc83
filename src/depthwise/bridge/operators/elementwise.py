"""Arithmetic with broadcasting, and operators that pass a value on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from depthwise.bridge.operators.function import Function, Tensors
from depthwise.graph import Call


def _binary(function: Callable[[Any, Any], Any]) -> Function:
    def row(_call: Call, tensors: Tensors) -> Tensors:
        return (function(tensors[0], tensors[1]),)

    return row


def _divide(call: Call, tensors: Tensors) -> Tensors:
    if call.type(0).dtype.startswith("float"):
        return (tensors[0] / tensors[1],)
    return (tensors[0] // tensors[1],)


def _pass_on(_call: Call, tensors: Tensors) -> Tensors:
    return (tensors[0],)


FUNCTIONS: dict[str, Function] = {
    "Add": _binary(lambda a, b: a + b),
    "Sub": _binary(lambda a, b: a - b),
    "Mul": _binary(lambda a, b: a * b),
    "Div": _divide,
    "Identity": _pass_on,
}
