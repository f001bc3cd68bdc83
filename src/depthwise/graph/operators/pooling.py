"""Pooling over sliding windows, and over everything."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.operator import Array, Call, Default, Operator
from depthwise.graph.operators.window import (
    AUTO_PADS,
    Window,
    pad_windows,
    windows_of,
)
from depthwise.graph.shapes import TensorType


def pool_windows(call: Call) -> tuple[Window, ...]:
    """Find the windows of a pooling.

    Args:
        call: A pooling over ``[N, C, *spatial]``.

    Returns:
        One window a spatial axis.

    Raises:
        GeometryError: If attributes and axes do not fit.
    """
    kernel = call.integers("kernel_shape")
    if kernel is None or len(call.shape()) < 3:
        msg = f"{call.operator.name} needs kernel_shape and 3 axes or more"
        raise GeometryError(msg)
    return windows_of(call, kernel)


def _infer(call: Call) -> tuple[TensorType, ...]:
    x = call.type(0)
    sizes = tuple(window.outputs for window in pool_windows(call))
    shape = (*x.shape[:2], *sizes)
    return (TensorType(x.dtype, shape), TensorType("int64", shape))


def _views(
    x: Array, windows: tuple[Window, ...], value: float
) -> Iterator[tuple[tuple[int, ...], Array]]:
    """Yield each tap with what it reads at every position."""
    padded = pad_windows(x, windows, value)
    for taps in itertools.product(*(range(w.kernel) for w in windows)):
        places = tuple(w.tap(t) for w, t in zip(windows, taps, strict=True))
        yield taps, padded[(slice(None), slice(None), *places)]


def _max_pool(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    windows = pool_windows(call)
    low = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    if len(call.node.outputs) == 1:
        views = [view for _, view in _views(x, windows, low)]
        result = views[0].copy()
        for view in views[1:]:
            np.maximum(result, view, out=result)
        return (result,)
    best, where = None, None
    steps = _steps(call, x.shape[2:])
    for taps, view in _views(x, windows, low):
        place = _place(windows, taps, steps)
        if best is None or where is None:
            best, where = view.copy(), np.broadcast_to(place, view.shape).copy()
            continue
        better = (view > best) | (np.isnan(view) & ~np.isnan(best))
        best, where = np.where(better, view, best), np.where(better, place, where)
    if best is None or where is None:
        raise GeometryError("a window must hold one tap or more; got none")
    plane = int(np.prod(x.shape[2:]))
    first = np.arange(x.shape[0] * x.shape[1]).reshape(*x.shape[:2], *(1,) * len(steps))
    return (best, (where + first * plane).astype(np.int64))


def _steps(call: Call, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """How far apart neighbours of each axis are in the flattened plane."""
    order = sizes if call.flag("storage_order") else sizes[::-1]
    steps = [1]
    for size in order[:-1]:
        steps.append(steps[-1] * size)
    return tuple(steps if call.flag("storage_order") else steps[::-1])


def _place(
    windows: tuple[Window, ...], taps: tuple[int, ...], steps: tuple[int, ...]
) -> Array:
    total = np.zeros((1,) * len(windows), np.int64)
    for axis, (window, tap) in enumerate(zip(windows, taps, strict=True)):
        shift = tap * window.dilation - window.begin
        along = np.arange(window.outputs) * window.stride + shift
        shape = [1] * len(windows)
        shape[axis] = -1
        total = total + along.reshape(shape) * steps[axis]
    return total


def _average_pool(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    windows = pool_windows(call)
    padding = call.flag("count_include_pad")
    total = np.zeros((), x.dtype)
    for _, view in _views(x, windows, 0.0):
        total = total + view
    counts = np.ones((), np.int64)
    for window in windows:
        counts = counts[..., None] * _counts(window, padding=padding)
    return (total / np.maximum(counts, 1).astype(x.dtype),)


def _counts(window: Window, *, padding: bool) -> Array:
    """Taps at each position that an average divides by."""
    first = np.arange(window.outputs) * window.stride - window.begin
    places = first[:, None] + np.arange(window.kernel) * window.dilation
    low = -window.begin if padding else 0
    high = window.size + (window.end if padding else 0)
    return np.asarray(((places >= low) & (places < high)).sum(1))


def _lp_pool(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    power = call.integer("p")
    total = np.zeros((), x.dtype)
    for _, view in _views(x, pool_windows(call), 0.0):
        total = total + np.abs(view) ** power
    return (total ** np.asarray(1 / power, x.dtype),)


def _infer_global(call: Call) -> tuple[TensorType, ...]:
    x = call.type(0)
    if x.rank < 3:
        raise GeometryError(f"global pooling takes 3 axes or more; got {x.rank}")
    ones = (1,) * (x.rank - 2)
    return (TensorType(x.dtype, (*x.shape[:2], *ones)),)


def _global_average(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    axes = tuple(range(2, arrays[0].ndim))
    return (np.asarray(arrays[0].mean(axes, keepdims=True)),)


def _global_max(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    axes = tuple(range(2, arrays[0].ndim))
    return (np.asarray(arrays[0].max(axes, keepdims=True)),)


def _global_lp(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    power = call.integer("p")
    axes = tuple(range(2, x.ndim))
    total = (np.abs(x) ** power).sum(axes, keepdims=True)
    return (np.asarray(total ** np.asarray(1 / power, x.dtype)),)


_WINDOW: dict[str, Default] = {
    "auto_pad": "NOTSET",
    "ceil_mode": 0,
    "dilations": None,
    "kernel_shape": None,
    "pads": None,
    "strides": None,
}
_CHOICES = {"auto_pad": AUTO_PADS}

OPERATORS = (
    Operator(
        "MaxPool",
        _infer,
        _max_pool,
        {**_WINDOW, "storage_order": 0},
        outputs=(1, 2),
        kinds="fiu",
        choices=_CHOICES,
    ),
    Operator(
        "AveragePool",
        _infer,
        _average_pool,
        {**_WINDOW, "count_include_pad": 0},
        choices=_CHOICES,
    ),
    Operator("LpPool", _infer, _lp_pool, {**_WINDOW, "p": 2}, choices=_CHOICES),
    Operator("GlobalAveragePool", _infer_global, _global_average),
    Operator("GlobalMaxPool", _infer_global, _global_max),
    Operator("GlobalLpPool", _infer_global, _global_lp, {"p": 2}),
)
