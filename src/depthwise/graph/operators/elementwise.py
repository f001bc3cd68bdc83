"""Arithmetic with NumPy's broadcasting, and operators that pass a value on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from depthwise.graph.operators.operator import (
    Array,
    Call,
    Operator,
    Reference,
    same_type,
)
from depthwise.graph.shapes import TensorType, broadcast


def _infer(call: Call) -> tuple[TensorType, ...]:
    shapes = [kind.shape for kind in call.inputs if kind is not None]
    return (TensorType(call.type(0).dtype, broadcast(*shapes)),)


def _of(function: Callable[[Any, Any], Any]) -> Reference:
    def reference(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        return (np.asarray(function(arrays[0], arrays[1])),)

    return reference


def _divide(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    a, b = arrays
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = a // b if a.dtype.kind in "iu" else a / b
    return (np.asarray(quotient),)


def _pass_on(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    return (arrays[0],)


OPERATORS = (
    Operator("Add", _infer, _of(np.add), inputs=(2, 2)),
    Operator("Sub", _infer, _of(np.subtract), inputs=(2, 2)),
    Operator("Mul", _infer, _of(np.multiply), inputs=(2, 2)),
    Operator("Div", _infer, _divide, inputs=(2, 2)),
    Operator("Identity", same_type, _pass_on, moves_data=False),
    Operator(
        "Dropout",
        same_type,
        _pass_on,
        {"seed": None, "ratio": 0.5},
        inputs=(1, 3),
        moves_data=False,
    ),
)
