"""Windows as axes of their own, diagonals, and windows added up again."""

from __future__ import annotations

import numpy as np

from depthwise.bridge.aten.call import AtenCall, Handler, positive
from depthwise.graph import Attribute


def _unfold(call: AtenCall) -> str:
    """Cut an axis into windows, and put the places within them last."""
    rank = len(call.shape())
    axis = positive(call.integer("dimension"), rank)
    taps, step = call.integer("size"), call.integer("step")
    count = (call.size(axis) - taps) // step + 1
    places = np.arange(count)[:, None] * step + np.arange(taps)
    found = call.emit("Gather", [call.tensor(), call.array(places)], {"axis": axis})
    order = (*range(axis + 1), *range(axis + 2, rank + 1), axis + 1)
    if order == tuple(range(rank + 1)):
        return found
    return call.emit("Transpose", [found], {"perm": order})


def _diagonal(call: AtenCall) -> str:
    """Take a diagonal of two axes, which becomes the last axis."""
    shape = call.shape()
    pair = [positive(call.integer(n), len(shape)) for n in ("dim1", "dim2")]
    rows, columns = (call.size(axis) for axis in pair)
    rest = [axis for axis in range(len(shape)) if axis not in pair]
    value = call.emit("Transpose", [call.tensor()], {"perm": (*rest, *pair)})
    flat = call.reshape(value, (*(shape[axis] for axis in rest), rows * columns))
    places = np.arange(rows * columns).reshape(rows, columns)
    chosen = call.array(places.diagonal(call.integer("offset")).copy())
    return call.emit("Gather", [flat, chosen], {"axis": len(rest)})


def _fold(call: AtenCall) -> str:
    """Add windows up: a transposed convolution that puts every tap in its place."""
    size, taps = call.integers("output_size"), call.integers("kernel_size", 2)
    strides, dilations = call.integers("stride", 2), call.integers("dilation", 2)
    pads = call.integers("padding", 2)
    area = taps[0] * taps[1]
    reach = [d * (k - 1) + 1 for d, k in zip(dilations, taps, strict=True)]
    wide = [s + 2 * p for s, p in zip(size, pads, strict=True)]
    pairs = list(zip(wide, reach, strides, strict=True))
    counts = [(w - r) // s + 1 for w, r, s in pairs]
    left = [w - (n - 1) * s - r for (w, r, s), n in zip(pairs, counts, strict=True)]
    row = call.size(-2)
    kernels = np.eye(area, dtype=call.result_dtype).reshape(area, 1, *taps)
    planes = call.reshape(call.tensor(), (*call.result_shape[:-3], row, *counts))
    weight = call.array(np.tile(kernels, (row // area, 1, 1, 1)))
    attributes: dict[str, Attribute] = {
        "group": row // area,
        "strides": strides,
        "dilations": dilations,
        "pads": pads * 2,
        "output_padding": tuple(left),
    }
    return call.emit("ConvTranspose", [planes, weight], attributes)


HANDLERS: dict[str, Handler] = {
    "unfold": _unfold,
    "diagonal": _diagonal,
    "col2im": _fold,
}
