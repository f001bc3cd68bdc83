"""Arithmetic, comparison and logic with broadcasting."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import torch

from depthwise.bridge.operators.function import Function, Tensors, binary
from depthwise.graph import Call


def _divide(call: Call, tensors: Tensors) -> Tensors:
    if call.type(0).dtype.startswith("float"):
        return (tensors[0] / tensors[1],)
    return (torch.div(tensors[0], tensors[1], rounding_mode="trunc"),)


def _over(function: Callable[[Any, Any], Any]) -> Function:
    def row(_call: Call, tensors: Tensors) -> Tensors:
        return (reduce(function, tensors),)

    return row


def _mean(_call: Call, tensors: Tensors) -> Tensors:
    return (reduce(operator.add, tensors) / len(tensors),)


def _power(call: Call, tensors: Tensors) -> Tensors:
    result = torch.pow(tensors[0], tensors[1])
    if call.type(0).dtype == call.type(1).dtype:
        return (result,)
    return (result.to(tensors[0].dtype),)


def _modulo(call: Call, tensors: Tensors) -> Tensors:
    function = torch.fmod if call.flag("fmod") else torch.remainder
    return (function(tensors[0], tensors[1]),)


def _where(_call: Call, tensors: Tensors) -> Tensors:
    return (torch.where(tensors[0], tensors[1], tensors[2]),)


FUNCTIONS: dict[str, Function] = {
    "Add": binary(operator.add),
    "Sub": binary(operator.sub),
    "Mul": binary(operator.mul),
    "Div": _divide,
    "Pow": _power,
    "Mod": _modulo,
    "Min": _over(torch.minimum),
    "Max": _over(torch.maximum),
    "Sum": _over(operator.add),
    "Mean": _mean,
    "Equal": binary(torch.eq),
    "Greater": binary(torch.gt),
    "GreaterOrEqual": binary(torch.ge),
    "Less": binary(torch.lt),
    "LessOrEqual": binary(torch.le),
    "And": binary(torch.logical_and),
    "Or": binary(torch.logical_or),
    "Xor": binary(torch.logical_xor),
    "Where": _where,
}
