"""Reductions over axes, running sums, and the softmax family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge.operators.function import Function, Tensors, size_of, sizes
from depthwise.graph import Call


def _axes(call: Call, tensors: Tensors) -> tuple[int, ...]:
    named = sizes(call, tensors, 1) if call.has(1) else ()
    if named:
        return named
    every = tuple(range(call.type(0).rank))
    return () if call.flag("noop_with_empty_axes") else every


def _of(function: Callable[..., Any]) -> Function:
    def row(call: Call, tensors: Tensors) -> Tensors:
        axes, keep = _axes(call, tensors), call.flag("keepdims")
        if not axes and call.type(0).rank:
            # Over no axis at all, where torch would take all: over one of its own.
            return (function(tensors[0].unsqueeze(-1), (-1,), keepdim=False),)
        return (function(tensors[0], axes, keepdim=keep),)

    return row


def _mean(x: Any, axes: tuple[int, ...], *, keepdim: bool) -> Any:
    return torch.mean(x, axes, keepdim=keepdim)


def _product(x: Any, axes: tuple[int, ...], *, keepdim: bool) -> Any:
    for axis in sorted(axes, reverse=True):
        x = torch.prod(x, axis, keepdim=keepdim)
    return x


def _sum_of_squares(x: Any, axes: tuple[int, ...], *, keepdim: bool) -> Any:
    return torch.sum(x * x, axes, keepdim=keepdim)


def _norm1(x: Any, axes: tuple[int, ...], *, keepdim: bool) -> Any:
    return torch.sum(torch.abs(x), axes, keepdim=keepdim)


def _norm2(x: Any, axes: tuple[int, ...], *, keepdim: bool) -> Any:
    return torch.sqrt(torch.sum(x * x, axes, keepdim=keepdim))


def _log_sum(x: Any, axes: tuple[int, ...], *, keepdim: bool) -> Any:
    return torch.log(torch.sum(x, axes, keepdim=keepdim))


def _exact(function: Function) -> Function:
    """Keep integers integers, where torch would widen them."""

    def row(call: Call, tensors: Tensors) -> Tensors:
        (result,) = function(call, tensors)
        if call.type(0).dtype.startswith("float"):
            return (result,)
        return (result.to(tensors[0].dtype),)

    return row


def _arg(function: Callable[..., Any]) -> Function:
    def row(call: Call, tensors: Tensors) -> Tensors:
        (x,), axis, keep = tensors, call.integer("axis"), call.flag("keepdims")
        if not call.flag("select_last_index"):
            return (function(x, axis, keep),)
        last = size_of(call, axis) - 1
        return (last - function(torch.flip(x, (axis,)), axis, keep),)

    return row


def _running_sum(call: Call, tensors: Tensors) -> Tensors:
    x, (axis,) = tensors[0], sizes(call, tensors, 1)
    backwards = call.flag("reverse")
    turned = torch.flip(x, (axis,)) if backwards else x
    total = torch.cumsum(turned, axis, dtype=None)
    total = total - turned if call.flag("exclusive") else total
    return (torch.flip(total, (axis,)) if backwards else total,)


def _along(function: Callable[..., Any]) -> Function:
    def row(call: Call, tensors: Tensors) -> Tensors:
        return (function(tensors[0], call.integer("axis")),)

    return row


def _hardmax(call: Call, tensors: Tensors) -> Tensors:
    (x,), axis = tensors, call.integer("axis")
    best = torch.argmax(x, axis, keepdim=True)
    return (torch.zeros_like(x).scatter(axis, best, 1.0),)


FUNCTIONS: dict[str, Function] = {
    "ReduceMean": _of(_mean),
    "ReduceSum": _exact(_of(torch.sum)),
    "ReduceMax": _of(torch.amax),
    "ReduceMin": _of(torch.amin),
    "ReduceProd": _exact(_of(_product)),
    "ReduceL1": _exact(_of(_norm1)),
    "ReduceL2": _of(_norm2),
    "ReduceSumSquare": _exact(_of(_sum_of_squares)),
    "ReduceLogSum": _of(_log_sum),
    "ReduceLogSumExp": _of(torch.logsumexp),
    "ArgMax": _arg(torch.argmax),
    "ArgMin": _arg(torch.argmin),
    "CumSum": _exact(_running_sum),
    "Softmax": _along(torch.softmax),
    "LogSoftmax": _along(F.log_softmax),
    "Hardmax": _hardmax,
}
