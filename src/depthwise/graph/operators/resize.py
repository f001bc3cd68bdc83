"""Resize: nearest, linear and cubic, one matrix an axis."""

from __future__ import annotations

import math

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.axes import normalise_axes
from depthwise.graph.operators.interpolation import (
    PLACES,
    ROUNDINGS,
    Scaled,
    nearest,
    positions,
    weights,
)
from depthwise.graph.operators.operator import Array, Call, Default, Operator
from depthwise.graph.shapes import Batch, Content, Dim, TensorType, concrete

_ROI, _SCALES, _SIZES = 1, 2, 3


def scaled_axes(call: Call) -> dict[int, Scaled]:
    """Find what a resize does to each axis that it changes.

    Args:
        call: A Resize.

    Returns:
        Axis to its sizes and scale; axes with scale 1 are left out.

    Raises:
        GeometryError: If neither scales nor sizes are known, or both are given.
    """
    shape = call.shape()
    named = call.integers("axes")
    axes = normalise_axes(range(len(shape)) if named is None else named, len(shape))
    by_scale, wanted = _wanted(call)
    if len(wanted) != len(axes):
        msg = f"a resize needs a number an axis; got {len(wanted)} for {len(axes)}"
        raise GeometryError(msg)
    roi = _region(call, len(axes))
    if not by_scale:
        wanted = _kept_aspect(call, [shape[a] for a in axes], wanted)
    result = {}
    for place, axis in enumerate(axes):
        before, number = shape[axis], wanted[place]
        if isinstance(before, Batch) or isinstance(number, Batch):
            if number not in {1, before}:
                raise GeometryError(f"a resize must keep the batch; got {number}")
            continue
        edges = (roi[place], roi[place + len(axes)])
        found = _scaled(before, number, edges, by_scale=by_scale)
        if found.outputs != before or found.scale != 1 or edges != (0, 1):
            result[axis] = found
    return result


def _wanted(call: Call) -> tuple[bool, Content]:
    """Tell whether scales are given rather than sizes, and the numbers."""
    scales, sizes = _numbers(call, _SCALES), _numbers(call, _SIZES)
    if bool(scales) == bool(sizes):
        raise GeometryError("a resize needs either scales or sizes, known beforehand")
    return bool(scales), scales or sizes


def _numbers(call: Call, index: int) -> Content:
    if not call.has(index):
        return ()
    constant = call.constant(index)
    if constant is not None:
        return tuple(constant.reshape(-1).tolist())
    return call.type(index).content or ()


def _region(call: Call, axes: int) -> tuple[float, ...]:
    given = _numbers(call, _ROI) if _crops(call) else ()
    plain = tuple(float(e) for e in given if not isinstance(e, Batch))
    return plain if len(plain) == 2 * axes else (0.0,) * axes + (1.0,) * axes


def _scaled(
    size: int,
    number: float,
    edges: tuple[float, float],
    *,
    by_scale: bool,
) -> Scaled:
    low, high = edges
    if not by_scale:
        return Scaled(size, int(number), number / size, low, high)
    if number <= 0:
        raise GeometryError(f"the scales of a resize must be positive; got {number}")
    outputs = math.floor(size * number * (high - low))
    return Scaled(size, outputs, number, low, high)


def _crops(call: Call) -> bool:
    return call.text("coordinate_transformation_mode") == "tf_crop_and_resize"


def _kept_aspect(call: Call, before: list[Dim], wanted: Content) -> Content:
    policy = call.text("keep_aspect_ratio_policy")
    if policy == "stretch":
        return wanted
    known = concrete(tuple(before))
    numbers = [float(w) for w in wanted if not isinstance(w, Batch)]
    ratios = [w / b for w, b in zip(numbers, known, strict=True)]
    scale = max(ratios) if policy == "not_smaller" else min(ratios)
    return tuple(math.floor(scale * b + 0.5) for b in known)


def _infer(call: Call) -> tuple[TensorType, ...]:
    x = call.type(0)
    axes = scaled_axes(call)
    dims = (axes[i].outputs if i in axes else d for i, d in enumerate(x.shape))
    return (TensorType(x.dtype, tuple(dims)),)


def _reference(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x = arrays[0]
    result = x
    outside: list[tuple[int, Array]] = []
    mode = call.text("coordinate_transformation_mode")
    for axis, scaled in scaled_axes(call).items():
        places = positions(scaled, mode)
        if call.text("mode") == "nearest":
            picked = nearest(places, call.text("nearest_mode"))
            result = result.take(np.clip(picked, 0, scaled.size - 1), axis)
        else:
            matrix = weights(call, scaled).astype(x.dtype)
            result = np.moveaxis(np.moveaxis(result, axis, -1) @ matrix.T, -1, axis)
        outside.append((axis, (places < 0) | (places > scaled.size - 1)))
    if mode == "tf_crop_and_resize":
        result = _extrapolated(result, outside, call.real("extrapolation_value"))
    return (np.asarray(result, x.dtype),)


def _extrapolated(x: Array, outside: list[tuple[int, Array]], value: float) -> Array:
    result = x.copy()
    for axis, places in outside:
        selected: list[Array | slice] = [slice(None)] * x.ndim
        selected[axis] = places
        result[tuple(selected)] = value
    return result


_ATTRIBUTES: dict[str, Default] = {
    "antialias": 0,
    "axes": None,
    "coordinate_transformation_mode": "half_pixel",
    "cubic_coeff_a": -0.75,
    "exclude_outside": 0,
    "extrapolation_value": 0.0,
    "keep_aspect_ratio_policy": "stretch",
    "mode": "nearest",
    "nearest_mode": "round_prefer_floor",
}

OPERATORS = (
    Operator(
        "Resize",
        _infer,
        _reference,
        _ATTRIBUTES,
        inputs=(1, 4),
        signature="TFFI",
        kinds="fiu",
        static=(_ROI, _SCALES, _SIZES),
        choices={
            "coordinate_transformation_mode": PLACES,
            "keep_aspect_ratio_policy": ("stretch", "not_larger", "not_smaller"),
            "mode": ("nearest", "linear", "cubic"),
            "nearest_mode": ROUNDINGS,
        },
    ),
)
