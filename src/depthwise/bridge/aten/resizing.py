"""Upsampling and interpolation."""

from __future__ import annotations

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
        found["antialias"] = 1
        if "bicubic" in name:
            found["cubic_coeff_a"] = -0.5
    return found


def _scales(call: AtenCall, rank: int) -> tuple[float, ...] | None:
    """Read scales where torch computes with them, rather than with sizes."""
    row = call.plain("scale_factors") if "scale_factors" in call.arguments else None
    names = {1: ("scales",), 2: ("scales_h", "scales_w")}
    names[3] = ("scales_d", "scales_h", "scales_w")
    if row is None and all(name in call.arguments for name in names[rank]):
        row = tuple(call.plain(name) for name in names[rank])
    if not row or any(scale is None for scale in row):
        return None
    return tuple(float(scale) for scale in row)


def _resize(rank: int) -> Handler:
    def handler(call: AtenCall) -> str:
        name = "self" if "self" in call.arguments else "input"
        axes = tuple(range(2, rank + 2))
        attributes: dict[str, Attribute] = {**_mode(call), "axes": axes}
        scales = _scales(call, rank)
        if scales is not None:
            numbers = call.array(np.array(scales, np.float32))
            exact = all(float(np.float32(scale)) == scale for scale in scales)
            if exact:
                return call.emit("Resize", [call.tensor(name), "", numbers], attributes)
        after = call.result_shape[2:]
        sizes = call.vector(*(dim for dim in after if isinstance(dim, int)))
        return call.emit("Resize", [call.tensor(name), "", "", sizes], attributes)

    return handler


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
