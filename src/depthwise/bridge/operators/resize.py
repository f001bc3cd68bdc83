"""Resize: torch's own interpolation where it is the same, else an axis at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge.operators.function import Function, Tensors
from depthwise.graph import Call
from depthwise.graph.operators.interpolation import (
    Scaled,
    nearest,
    positions,
    weights,
)
from depthwise.graph.operators.resize import scaled_axes

_LINEAR = {3: "linear", 4: "bilinear", 5: "trilinear"}


def _resize(call: Call, tensors: Tensors) -> Tensors:
    axes = scaled_axes(call)
    own = _torch_mode(call, axes)
    if own:
        corners = {"align_corners": _places(call) == "align_corners"}
        kept = corners if own in {*_LINEAR.values(), "bicubic"} else {}
        return (F.interpolate(tensors[0], **_sizes(call, axes), mode=own, **kept),)
    x = tensors[0]
    for axis, scaled in axes.items():
        x = _axis(call, x, axis, scaled)
    return (x,)


def _places(call: Call) -> str:
    return call.text("coordinate_transformation_mode")


def _torch_mode(call: Call, axes: dict[int, Scaled]) -> str:
    """Find torch's word for the same thing; empty where it has none."""
    rank = call.type(0).rank
    if rank not in _LINEAR or not axes or min(axes) < 2 or call.flag("antialias"):
        return ""
    places, mode = _places(call), call.text("mode")
    if mode == "nearest":
        words = {("asymmetric", "floor"): "nearest"}
        words |= {("half_pixel", "round_prefer_ceil"): "nearest-exact"}
        return words.get((places, call.text("nearest_mode")), "")
    if places not in {"half_pixel", "align_corners"} or call.flag("exclude_outside"):
        return ""
    uneven = any(one.scale != one.outputs / one.size for one in axes.values())
    if places == "align_corners" and uneven:
        return ""
    if mode == "linear":
        return _LINEAR[rank]
    plain = rank == 4 and call.real("cubic_coeff_a") == -0.75
    return "bicubic" if plain else ""


def _sizes(call: Call, axes: dict[int, Scaled]) -> dict[str, Any]:
    """Give torch sizes, or scales where the ratio of sizes is another number."""
    rank = call.type(0).rank
    shape = call.outputs[0].shape[2:]
    free = {axis: Scaled(1, 1, 1.0) for axis in range(2, rank)}
    every = [{**free, **axes}[axis] for axis in range(2, rank)]
    if _places(call) == "align_corners":
        return {"size": tuple(shape)}
    exact = all(one.scale == one.outputs / one.size for one in every)
    if exact:
        return {"size": tuple(shape)}
    return {"scale_factor": tuple(one.scale for one in every)}


def _axis(call: Call, x: Any, axis: int, scaled: Scaled) -> Any:
    places = positions(scaled, _places(call))
    if call.text("mode") == "nearest":
        picked = nearest(places, call.text("nearest_mode"))
        index = torch.tensor(np.clip(picked, 0, scaled.size - 1))
        result = torch.index_select(x, axis, index)
    else:
        matrix = torch.tensor(weights(call, scaled).T)
        product = torch.matmul(torch.movedim(x, axis, -1), matrix.to(x))
        result = torch.movedim(product, -1, axis)
    if _places(call) != "tf_crop_and_resize":
        return result
    shape = [1] * call.type(0).rank
    shape[axis] = -1
    inside = torch.tensor((places >= 0) & (places <= scaled.size - 1)).reshape(shape)
    value = call.real("extrapolation_value")
    return torch.where(inside, result, torch.full_like(result, value))


FUNCTIONS: dict[str, Function] = {"Resize": _resize}
