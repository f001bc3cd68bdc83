"""Functions of one operand, element by element, that are no activations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.activation import error_function
from depthwise.graph.operators.operator import Array, Call, Operator, same_type
from depthwise.graph.shapes import TensorType


def _entry(name: str, function: Callable[[Array], Array], kinds: str = "f") -> Operator:
    def reference(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        with np.errstate(divide="ignore", invalid="ignore"):
            return (np.asarray(function(arrays[0]), arrays[0].dtype),)

    return Operator(name, same_type, reference, kinds=kinds)


def _reciprocal(x: Array) -> Array:
    return np.asarray(np.ones((), x.dtype) / x)


def _infer_bool(call: Call) -> tuple[TensorType, ...]:
    return (TensorType("bool", call.shape()),)


def _is_nan(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    return (np.isnan(arrays[0]),)


def _is_infinite(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    up = np.isposinf(x) & call.flag("detect_positive")
    down = np.isneginf(x) & call.flag("detect_negative")
    return (np.asarray(up | down),)


def _pass_on(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    return (arrays[0],)


def _infer_dropout(call: Call) -> tuple[TensorType, ...]:
    mode = call.constant(2)
    if call.has(2) and (mode is None or bool(mode.any())):
        raise GeometryError("dropout must be in inference mode; got training_mode")
    return (*same_type(call), TensorType("bool", call.shape()))


def _dropout(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    return (arrays[0], np.ones(arrays[0].shape, np.bool_))


OPERATORS = (
    _entry("Neg", np.negative, "fi"),
    _entry("Abs", np.abs, "fiu"),
    _entry("Sqrt", np.sqrt),
    _entry("Exp", np.exp),
    _entry("Log", np.log),
    _entry("Erf", error_function),
    _entry("Reciprocal", _reciprocal),
    _entry("Floor", np.floor),
    _entry("Ceil", np.ceil),
    _entry("Round", np.rint),
    _entry("Sign", np.sign, "fiu"),
    _entry("Sin", np.sin),
    _entry("Cos", np.cos),
    _entry("Not", np.logical_not, "b"),
    Operator("IsNaN", _infer_bool, _is_nan),
    Operator(
        "IsInf",
        _infer_bool,
        _is_infinite,
        {"detect_negative": 1, "detect_positive": 1},
    ),
    Operator(
        "Identity",
        same_type,
        _pass_on,
        kinds="fiubU",
        symbolic=True,
        moves_data=False,
    ),
    Operator(
        "Dropout",
        _infer_dropout,
        _dropout,
        {"seed": None},
        inputs=(1, 3),
        outputs=(1, 2),
        signature="TFB",
        moves_data=False,
    ),
)
