"""Arithmetic, comparison and logic with NumPy's broadcasting."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from depthwise.errors import GraphError
from depthwise.graph.operators.operator import Array, Call, Operator, Reference
from depthwise.graph.shapes import Batch, Dim, TensorType, broadcast

_ANY = 2**31


def _infer(call: Call) -> tuple[TensorType, ...]:
    shapes = [kind.shape for kind in call.inputs if kind is not None]
    return (TensorType(call.type(0).dtype, broadcast(*shapes)),)


def _infer_bool(call: Call) -> tuple[TensorType, ...]:
    shapes = [kind.shape for kind in call.inputs if kind is not None]
    return (TensorType("bool", broadcast(*shapes)),)


def _infer_where(call: Call) -> tuple[TensorType, ...]:
    shapes = [kind.shape for kind in call.inputs if kind is not None]
    return (TensorType(call.type(1).dtype, broadcast(*shapes)),)


def _of(function: Callable[[Any, Any], Any]) -> Reference:
    def reference(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        with np.errstate(divide="ignore", invalid="ignore"):
            return (np.asarray(function(arrays[0], arrays[1])),)

    return reference


def _over(function: Callable[[Any, Any], Any]) -> Reference:
    def reference(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        return (np.asarray(reduce(function, arrays)),)

    return reference


def _divide(a: Array, b: Array) -> Array:
    """Divide; integers towards zero, as ONNX does and NumPy does not."""
    if a.dtype.kind == "f":
        return np.asarray(a / b)
    if a.dtype.kind != "i":
        return np.asarray(a // b)
    floor = a // b
    rounded_down = (floor < 0) & (floor * b != a)
    return np.asarray(floor + rounded_down.astype(a.dtype))


def _power(a: Array, b: Array) -> Array:
    result = np.power(a, b) if b.dtype.kind == "f" or a.dtype.kind == "f" else a**b
    return np.asarray(result).astype(a.dtype, copy=False)


def _equal(a: Array, b: Array) -> Array:
    """Compare; a multiple of the batch differs from what no batch can be."""
    if "O" not in a.dtype.char + b.dtype.char:
        return np.asarray(np.equal(a, b))
    return np.asarray(np.frompyfunc(_is_same, 2, 1)(a, b)).astype(np.bool_)


def _is_same(one: Dim, other: Dim) -> bool:
    numbers = [size for size in (one, other) if not isinstance(size, Batch)]
    if len(numbers) == 1 and numbers[0] > 0:
        raise GraphError(f"whether {one} is {other} must be known before it runs")
    return one == other


def _modulo(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    function = np.fmod if call.flag("fmod") else np.mod
    with np.errstate(divide="ignore", invalid="ignore"):
        return (np.asarray(function(arrays[0], arrays[1])),)


def _mean(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    total = np.asarray(reduce(np.add, arrays))
    return (total / np.asarray(len(arrays), total.dtype),)


def _where(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    return (np.where(arrays[0], arrays[1], arrays[2]),)


def _pair(
    name: str, function: Callable[[Any, Any], Any], *, symbolic: bool = False
) -> Operator:
    return Operator(
        name, _infer, _of(function), inputs=(2, 2), kinds="fiu", symbolic=symbolic
    )


def _compare(
    name: str,
    function: Callable[[Any, Any], Any],
    kinds: str,
    *,
    symbolic: bool = False,
) -> Operator:
    reference = _of(function)
    return Operator(
        name, _infer_bool, reference, inputs=(2, 2), kinds=kinds, symbolic=symbolic
    )


def _many(name: str, function: Callable[[Any, Any], Any], kinds: str) -> Operator:
    return Operator(name, _infer, _over(function), inputs=(1, _ANY), kinds=kinds)


OPERATORS = (
    _pair("Add", np.add, symbolic=True),
    _pair("Sub", np.subtract),
    _pair("Mul", np.multiply, symbolic=True),
    _pair("Div", _divide, symbolic=True),
    Operator("Pow", _infer, _of(_power), inputs=(2, 2), signature="TA", kinds="fi"),
    Operator("Mod", _infer, _modulo, {"fmod": 0}, inputs=(2, 2), kinds="fiu"),
    _many("Min", np.minimum, "fiu"),
    _many("Max", np.maximum, "fiu"),
    _many("Sum", np.add, "f"),
    Operator("Mean", _infer, _mean, inputs=(1, _ANY)),
    _compare("Equal", _equal, "fiubU", symbolic=True),
    _compare("Greater", np.greater, "fiu"),
    _compare("GreaterOrEqual", np.greater_equal, "fiu"),
    _compare("Less", np.less, "fiu"),
    _compare("LessOrEqual", np.less_equal, "fiu"),
    _compare("And", np.logical_and, "b"),
    _compare("Or", np.logical_or, "b"),
    _compare("Xor", np.logical_xor, "b"),
    Operator(
        "Where",
        _infer_where,
        _where,
        inputs=(3, 3),
        signature="BT",
        kinds="fiubU",
        symbolic=True,
    ),
)
