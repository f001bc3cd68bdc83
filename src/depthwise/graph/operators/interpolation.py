"""Interpolation along one axis: where outputs lie, and the weights of elements."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from depthwise.graph.operators.operator import Array, Call

PLACES = (
    "half_pixel",
    "half_pixel_symmetric",
    "pytorch_half_pixel",
    "align_corners",
    "asymmetric",
    "tf_crop_and_resize",
)
"""What the attribute coordinate_transformation_mode may say."""

ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
"""What the attribute nearest_mode may say."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """One axis of a resize.

    Args:
        size: Elements before.
        outputs: Elements after.
        scale: Outputs an element; the ratio of sizes unless the scale was given.
        low: Where the region of interest begins, as a share of the axis.
        high: Where it ends.

    Example:
        >>> Scaled(4, 8, 2.0).outputs
        8
    """

    size: int
    outputs: int
    scale: float
    low: float = 0.0
    high: float = 1.0


def positions(axis: Scaled, mode: str) -> Array:
    """Find where on the old axis every element of the new one lies.

    Args:
        axis: The axis.
        mode: One of PLACES.

    Returns:
        Float64 positions, one an output.

    Example:
        >>> positions(Scaled(2, 4, 2.0), "half_pixel")
        array([-0.25,  0.25,  0.75,  1.25])
    """
    new = np.arange(axis.outputs, dtype=np.float64)
    half = (new + 0.5) / axis.scale - 0.5
    alone, last = axis.outputs <= 1, axis.size - 1
    match mode:
        case "half_pixel":
            return half
        case "half_pixel_symmetric":
            adjusted = axis.outputs / (axis.size * axis.scale)
            return axis.size / 2 * (1 - adjusted) + half
        case "pytorch_half_pixel":
            return new if alone else half
        case "align_corners":
            return new if alone else new * last / (axis.scale * axis.size - 1)
        case "asymmetric":
            return new / axis.scale
        case _:
            return _cropped(axis, new)


def _cropped(axis: Scaled, new: Array) -> Array:
    last = axis.size - 1
    if axis.outputs <= 1:
        return new + 0.5 * (axis.low + axis.high) * last
    step = (axis.high - axis.low) * last / (axis.outputs - 1)
    return axis.low * last + new * step


def nearest(places: Array, mode: str) -> Array:
    """Round positions to elements.

    Args:
        places: Positions.
        mode: One of ROUNDINGS.

    Returns:
        Integers, not yet clamped to the axis.

    Example:
        >>> nearest(np.array([0.5, 1.5]), "round_prefer_floor")
        array([0, 1])
    """
    match mode:
        case "round_prefer_floor":
            rounded = np.ceil(places - 0.5)
        case "round_prefer_ceil":
            rounded = np.floor(places + 0.5)
        case "floor":
            rounded = np.floor(places)
        case _:
            rounded = np.ceil(places)
    return rounded.astype(np.int64)


def weights(call: Call, axis: Scaled) -> Array:
    """Build the matrix that interpolates one axis.

    Args:
        call: A linear or cubic Resize.
        axis: The axis.

    Returns:
        Float64 ``[outputs, size]``; every row sums to 1 unless it is all outside.
    """
    cubic = call.text("mode") == "cubic"
    places = positions(axis, call.text("coordinate_transformation_mode"))
    squeeze = min(axis.scale, 1.0) if call.flag("antialias") else 1.0
    reach = math.ceil((2 if cubic else 1) / squeeze)
    taps = np.floor(places)[:, None] + np.arange(1 - reach, reach + 1)
    distance = np.abs(taps - places[:, None]) * squeeze
    if cubic:
        values = _cubic(distance, call.real("cubic_coeff_a"))
    else:
        values = np.maximum(1 - distance, 0)
    if call.flag("exclude_outside"):
        values = np.where((taps >= 0) & (taps < axis.size), values, 0)
    total = values.sum(1, keepdims=True)
    values = values / np.where(total == 0, 1, total)
    matrix = np.zeros((axis.outputs, axis.size))
    columns = np.clip(taps, 0, axis.size - 1).astype(np.int64)
    np.add.at(matrix, (np.arange(axis.outputs)[:, None], columns), values)
    return matrix


def _cubic(distance: Array, a: float) -> Array:
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0))
