"""Pooling over sliding windows, and over everything."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge.operators.function import DTYPES, Function, Tensors
from depthwise.bridge.operators.padding import torch_pads
from depthwise.graph import Call
from depthwise.graph.operators.pooling import pool_windows
from depthwise.graph.operators.window import Window

_MAX: tuple[Any, ...] = (F.max_pool1d, F.max_pool2d, F.max_pool3d)
_AVERAGE: tuple[Any, ...] = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)


def _pads(windows: Sequence[Window]) -> list[tuple[int, int]]:
    """Find the padding that makes every window whole."""
    pairs = []
    for w in windows:
        last = (w.outputs - 1) * w.stride + w.reach
        pairs.append((w.begin, last - w.size - w.begin))
    return pairs


def _symmetric(windows: Sequence[Window]) -> tuple[int, ...] | None:
    """Find padding that torch takes itself: equal at both ends, at most half."""
    fits = all(
        w.begin == w.end and 0 <= 2 * w.begin <= w.kernel and not w.ceil
        for w in windows
    )
    return tuple(w.begin for w in windows) if fits else None


def _settings(windows: Sequence[Window]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return tuple(w.kernel for w in windows), tuple(w.stride for w in windows)


def _max(call: Call, tensors: Tensors) -> Tensors:
    windows, (x,) = pool_windows(call), tensors
    taps, strides = _settings(windows)
    dilations = tuple(w.dilation for w in windows)
    function = _MAX[len(windows) - 1]
    pads = _symmetric(windows)
    wants_places = len(call.node.outputs) > 1
    if pads is None or wants_places:
        lowest = _lowest(call)
        x = F.pad(x, torch_pads(_pads(windows)), "constant", lowest)
        pads = (0,) * len(windows)
    if not wants_places:
        return (function(x, taps, strides, pads, dilations),)
    found = function(x, taps, strides, pads, dilations, return_indices=True)
    return (found[0], _places(call, windows, found[1]))


def _places(call: Call, windows: Sequence[Window], places: Any) -> Any:
    """Count places as ONNX does: without padding, and through the whole batch."""
    sizes = [w.size for w in windows]
    padded = [w.size + sum(p) for w, p in zip(windows, _pads(windows), strict=True)]
    column_major = call.flag("storage_order")
    total: Any = 0
    for axis, window in enumerate(windows):
        inner = math.prod(padded[axis + 1 :])
        along = torch.div(places, inner, rounding_mode="floor") % padded[axis]
        behind = sizes[:axis] if column_major else sizes[axis + 1 :]
        total = total + (along - window.begin) * math.prod(behind)
    planes = torch.flatten(torch.ones_like(places), 0, 1)
    order = torch.cumsum(planes, 0) - 1
    return total + order.reshape_as(places) * math.prod(sizes)


def _lowest(call: Call) -> float:
    kind = call.type(0).dtype
    return -math.inf if kind.startswith("float") else torch.iinfo(DTYPES[kind]).min


def _views(x: Any, windows: Sequence[Window]) -> Iterator[Any]:
    """Yield what each tap reads at every position, zeros in the padding."""
    padded = F.pad(x, torch_pads(_pads(windows)))
    for taps in itertools.product(*(range(w.kernel) for w in windows)):
        places = (w.tap(t) for w, t in zip(windows, taps, strict=True))
        yield padded[(slice(None), slice(None), *places)]


def _average(call: Call, tensors: Tensors) -> Tensors:
    windows, (x,) = pool_windows(call), tensors
    pads = _symmetric(windows)
    include = call.flag("count_include_pad")
    if pads is not None and all(w.dilation == 1 for w in windows):
        function = _AVERAGE[len(windows) - 1]
        taps, strides = _settings(windows)
        return (function(x, taps, strides, pads, False, include),)
    total = reduce(lambda a, b: a + b, _views(x, windows))
    counts = np.ones((), np.int64)
    for window in windows:
        counts = counts[..., None] * _counts(window, padding=include)
    return (total / torch.tensor(np.maximum(counts, 1), dtype=torch.float64).to(x),)


def _counts(window: Window, *, padding: bool) -> Any:
    first = np.arange(window.outputs) * window.stride - window.begin
    places = first[:, None] + np.arange(window.kernel) * window.dilation
    low = -window.begin if padding else 0
    high = window.size + (window.end if padding else 0)
    return np.asarray(((places >= low) & (places < high)).sum(1))


def _lp(call: Call, tensors: Tensors) -> Tensors:
    (x,), power = tensors, call.integer("p")
    views = (torch.abs(view) ** power for view in _views(x, pool_windows(call)))
    return (reduce(lambda a, b: a + b, views) ** (1 / power),)


def _global(function: Callable[..., Any]) -> Function:
    def row(call: Call, tensors: Tensors) -> Tensors:
        axes = tuple(range(2, call.type(0).rank))
        return (function(tensors[0], axes, keepdim=True),)

    return row


def _global_lp(call: Call, tensors: Tensors) -> Tensors:
    (x,), power = tensors, call.integer("p")
    axes = tuple(range(2, call.type(0).rank))
    return (torch.linalg.vector_norm(x, power, axes, keepdim=True),)


FUNCTIONS: dict[str, Function] = {
    "MaxPool": _max,
    "AveragePool": _average,
    "LpPool": _lp,
    "GlobalAveragePool": _global(torch.mean),
    "GlobalMaxPool": _global(torch.amax),
    "GlobalLpPool": _global_lp,
}
