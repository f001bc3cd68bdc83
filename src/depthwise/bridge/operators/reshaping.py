"""Operators that rename or repeat axes and compute nothing."""

from __future__ import annotations

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge.operators.function import Function, Tensors, sizes
from depthwise.graph import Batch, Call


def _reshape(call: Call, tensors: Tensors) -> Tensors:
    shape = call.outputs[0].shape
    row = tuple(-1 if isinstance(dim, Batch) else dim for dim in shape)
    return (torch.reshape(tensors[0], row),)


def _flatten(call: Call, tensors: Tensors) -> Tensors:
    if call.integer("axis") == 1 and call.type(0).rank > 1:
        return (torch.flatten(tensors[0], 1),)
    return _reshape(call, tensors)


def _transpose(call: Call, tensors: Tensors) -> Tensors:
    order = call.integers("perm") or tuple(reversed(range(call.type(0).rank)))
    return (torch.permute(tensors[0], order),)


def _expand(call: Call, tensors: Tensors) -> Tensors:
    wanted = sizes(call, tensors, 1)
    shape = call.shape()
    wanted = (1,) * (len(shape) - len(wanted)) + wanted
    have = (1,) * (len(wanted) - len(shape)) + shape
    # A target of 1 keeps the axis that is there: torch writes that -1.
    row = (
        -1 if isinstance(new, int) and new == 1 and old != 1 else new
        for old, new in zip(have, wanted, strict=True)
    )
    return (tensors[0].expand(tuple(row)),)


def _tile(call: Call, tensors: Tensors) -> Tensors:
    return (tensors[0].repeat(sizes(call, tensors, 1)),)


def _to_space(call: Call, tensors: Tensors) -> Tensors:
    (x,), factor = tensors, call.integer("blocksize")
    if call.text("mode") == "CRD":
        return (F.pixel_shuffle(x, factor),)
    channels, rows, columns = (d for d in call.shape()[1:] if isinstance(d, int))
    kept = channels // factor**2
    blocks = torch.reshape(x, (-1, factor, factor, kept, rows, columns))
    blocks = torch.permute(blocks, (0, 3, 4, 1, 5, 2))
    return _reshape(call, (blocks,))


def _to_depth(call: Call, tensors: Tensors) -> Tensors:
    (x,), factor = tensors, call.integer("blocksize")
    channels, rows, columns = (d for d in call.shape()[1:] if isinstance(d, int))
    split = (-1, channels, rows // factor, factor, columns // factor, factor)
    blocks = torch.permute(torch.reshape(x, split), (0, 3, 5, 1, 2, 4))
    return _reshape(call, (blocks,))


FUNCTIONS: dict[str, Function] = {
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Squeeze": _reshape,
    "Unsqueeze": _reshape,
    "Transpose": _transpose,
    "Expand": _expand,
    "Tile": _tile,
    "DepthToSpace": _to_space,
    "SpaceToDepth": _to_depth,
}
