"""Upsampling and interpolation."""

from __future__ import annotations

import math

import numpy as np

from depthwise.bridge.aten.call import AtenCall, Handler
from depthwise.graph import Attribute


def _mode(call: AtenCall) -> dict[str, Attribute]:
    """Say in ONNX's words where torch looks for the old elements."""
    name = call.op.lstrip("_")
    if "nearest_exact" in name:
        return {"mode": "nearest", "nearest_mode": "round_prefer_ceil"}
    if "nearest" in name:
        place = "coordinate_transformation_mode"
        return {"mode": "nearest", "nearest_mode": "floor", place: "asymmetric"}
    found: dict[str, Attribute] = {"mode": "cubic" if "bicubic" in name else "linear"}
    if call.plain("align_corners"):
        found["coordinate_transformation_mode"] = "align_corners"
    if name.endswith("_aa"):
        found |= {"antialias": 1, "exclude_outside": 1}
        if "bicubic" in name:
            found["cubic_coeff_a"] = -0.5
    return found


def _scales(call: AtenCall, rank: int) -> tuple[float, ...] | None:
    """Read scales where torch computes with them, rather than with sizes."""
    if "align_corners" in call.arguments and call.plain("align_corners"):
        return None
    row = call.plain("scale_factors") if "scale_factors" in call.arguments else None
    names = _SCALE_NAMES[rank]
    if row is None and all(name in call.arguments for name in names):
        row = tuple(call.plain(name) for name in names)
    if not row or any(scale is None for scale in row):
        return None
    return tuple(float(scale) for scale in row)


def _rounded(scale: float, before: int, after: int) -> np.float32:
    """Write a scale in ONNX's float32 so that it gives the size that torch gives."""
    number = np.float32(scale)
    short = math.floor(before * float(number)) < after
    return np.nextafter(number, np.float32(np.inf)) if short else number


def _resize(rank: int) -> Handler:
    def handler(call: AtenCall) -> str:
        name = "self" if "self" in call.arguments else "input"
        axes = tuple(range(2, rank + 2))
        attributes: dict[str, Attribute] = {**_mode(call), "axes": axes}
        before = [call.size(axis, name) for axis in axes]
        after = [dim for dim in call.result_shape[2:] if isinstance(dim, int)]
        scales = _scales(call, rank)
        if scales is None:
            operands = [call.tensor(name), "", "", call.vector(*after)]
            return call.emit("Resize", operands, attributes)
        row = [_rounded(*axis) for axis in zip(scales, before, after, strict=True)]
        numbers = call.array(np.array(row, np.float32))
        return call.emit("Resize", [call.tensor(name), "", numbers], attributes)

    return handler


_SCALE_NAMES = {
    1: ("scales",),
    2: ("scales_h", "scales_w"),
    3: ("scales_d", "scales_h", "scales_w"),
}

HANDLERS: dict[str, Handler] = {
    "upsample_nearest1d": _resize(1),
    "upsample_nearest2d": _resize(2),
    "upsample_nearest3d": _resize(3),
    "_upsample_nearest_exact1d": _resize(1),
    "_upsample_nearest_exact2d": _resize(2),
    "_upsample_nearest_exact3d": _resize(3),
    "upsample_linear1d": _resize(1),
    "upsample_bilinear2d": _resize(2),
    "upsample_trilinear3d": _resize(3),
    "upsample_bicubic2d": _resize(2),
    "_upsample_bilinear2d_aa": _resize(2),
    "_upsample_bicubic2d_aa": _resize(2),
}
