"""Reductions over axes, running sums, and the softmax family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.axes import axes_of, axis_of, normalise_axis
from depthwise.graph.operators.operator import (
    Array,
    Call,
    Operator,
    Reference,
    same_type,
)
from depthwise.graph.shapes import Shape, TensorType


def _axes(call: Call) -> tuple[int, ...]:
    named = axes_of(call, 1)
    if named:
        return named
    nothing = call.flag("noop_with_empty_axes")
    return () if nothing else tuple(range(call.type(0).rank))


def _reduced(shape: Shape, axes: tuple[int, ...], *, keep: bool) -> Shape:
    if keep:
        return tuple(1 if i in axes else d for i, d in enumerate(shape))
    return tuple(d for i, d in enumerate(shape) if i not in axes)


def _infer(call: Call) -> tuple[TensorType, ...]:
    x = call.type(0)
    shape = _reduced(x.shape, _axes(call), keep=call.flag("keepdims"))
    return (TensorType(x.dtype, shape),)


def _of(function: Callable[..., Any]) -> Reference:
    def reference(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        x, axes, keep = arrays[0], _axes(call), call.flag("keepdims")
        with np.errstate(divide="ignore", invalid="ignore"):
            result = function(x, axis=axes, keepdims=keep)
        return (np.asarray(result, x.dtype),)

    return reference


def _greatest(x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
    lowest = _bound(x, -1)
    return np.asarray(np.max(x, axis=axis, keepdims=keepdims, initial=lowest))


def _least(x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
    return np.asarray(np.min(x, axis=axis, keepdims=keepdims, initial=_bound(x, 1)))


def _bound(x: Array, sign: int) -> float | int:
    if x.dtype.kind == "f":
        return sign * float("inf")
    if x.dtype.kind == "b":
        return sign > 0
    return int(np.iinfo(x.dtype).max if sign > 0 else np.iinfo(x.dtype).min)


def _norm1(x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
    return np.asarray(np.sum(np.abs(x), axis=axis, keepdims=keepdims))


def _norm2(x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
    return np.asarray(np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims)))


def _squares(x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
    return np.asarray(np.sum(x * x, axis=axis, keepdims=keepdims))


def _log_sum(x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
    return np.asarray(np.log(np.sum(x, axis=axis, keepdims=keepdims)))


def _log_sum_exp(x: Array, *, axis: tuple[int, ...], keepdims: bool) -> Array:
    top = _greatest(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    total = np.sum(np.exp(x - top), axis=axis, keepdims=keepdims)
    return np.asarray(np.log(total) + top.reshape(np.shape(total)))


def _infer_arg(call: Call) -> tuple[TensorType, ...]:
    x, axis = call.type(0), axis_of(call)
    shape = _reduced(x.shape, (axis,), keep=call.flag("keepdims"))
    return (TensorType("int64", shape),)


def _arg(function: Callable[..., Any]) -> Reference:
    def reference(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        x, axis, keep = arrays[0], axis_of(call), call.flag("keepdims")
        if not call.flag("select_last_index"):
            return (np.asarray(function(x, axis=axis, keepdims=keep), np.int64),)
        from_end = function(np.flip(x, axis), axis=axis, keepdims=keep)
        return (np.asarray(x.shape[axis] - 1 - from_end, np.int64),)

    return reference


def _infer_running(call: Call) -> tuple[TensorType, ...]:
    axes = call.content(1)
    if axes is not None and isinstance(axes[0], int):
        normalise_axis(axes[0], call.type(0).rank)
    return same_type(call)


def _running_sum(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, axis = arrays[0], int(arrays[1].reshape(-1)[0])
    flipped = np.flip(x, axis) if call.flag("reverse") else x
    total = np.cumsum(flipped, axis, dtype=x.dtype)
    if call.flag("exclusive"):
        total = total - flipped
    return (np.flip(total, axis) if call.flag("reverse") else total,)


def _infer_along(call: Call) -> tuple[TensorType, ...]:
    axis_of(call)
    return same_type(call)


def _shifted(call: Call, x: Array) -> tuple[Array, int]:
    axis = call.integer("axis")
    if x.shape[axis] == 0:
        raise GeometryError(f"softmax needs elements; got shape {x.shape}")
    return x - x.max(axis, keepdims=True), axis


def _softmax(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    shifted, axis = _shifted(call, arrays[0])
    powers = np.exp(shifted)
    return (powers / powers.sum(axis, keepdims=True),)


def _log_softmax(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    shifted, axis = _shifted(call, arrays[0])
    return (shifted - np.log(np.exp(shifted).sum(axis, keepdims=True)),)


def _hardmax(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    axis = call.integer("axis")
    result = np.zeros_like(x)
    np.put_along_axis(result, np.argmax(x, axis, keepdims=True), 1, axis)
    return (result,)


_REDUCE = {"keepdims": 1, "noop_with_empty_axes": 0}
_ARG = {"axis": 0, "keepdims": 1, "select_last_index": 0}


def _entry(name: str, function: Callable[..., Any], kinds: str = "fiu") -> Operator:
    return Operator(
        name,
        _infer,
        _of(function),
        _REDUCE,
        inputs=(1, 2),
        signature="TI",
        kinds=kinds,
        static=(1,),
        symbolic=name == "ReduceProd",
    )


OPERATORS = (
    _entry("ReduceMean", np.mean),
    _entry("ReduceSum", np.sum),
    _entry("ReduceMax", _greatest, "fiub"),
    _entry("ReduceMin", _least, "fiub"),
    _entry("ReduceProd", np.prod),
    _entry("ReduceL1", _norm1),
    _entry("ReduceL2", _norm2),
    _entry("ReduceSumSquare", _squares),
    _entry("ReduceLogSum", _log_sum),
    _entry("ReduceLogSumExp", _log_sum_exp),
    Operator("ArgMax", _infer_arg, _arg(np.argmax), _ARG, kinds="fiu"),
    Operator("ArgMin", _infer_arg, _arg(np.argmin), _ARG, kinds="fiu"),
    Operator(
        "CumSum",
        _infer_running,
        _running_sum,
        {"exclusive": 0, "reverse": 0},
        inputs=(2, 2),
        signature="TI",
        kinds="fiu",
    ),
    Operator("Softmax", _infer_along, _softmax, {"axis": -1}),
    Operator("LogSoftmax", _infer_along, _log_softmax, {"axis": -1}),
    Operator("Hardmax", _infer_along, _hardmax, {"axis": -1}),
)
