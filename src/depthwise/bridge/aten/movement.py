"""Operators that rename axes or repeat elements; most of them are views in torch."""

from __future__ import annotations

import math

import numpy as np

from depthwise.bridge.aten.call import AtenCall, Handler, Inverse, Value, positive
from depthwise.bridge.aten.elementwise import operand
from depthwise.graph import Attribute, Batch, Shape
from depthwise.graph.shapes import concrete


def _new_shape(call: AtenCall) -> str:
    """Give the elements another shape: nothing, Flatten, or Reshape."""
    before, after = call.shape(), call.result_shape
    if before == after:
        return call.tensor()
    if len(after) == 2 and len(before) > 2 and after[0] == before[0]:
        return call.emit("Flatten", [call.tensor()])
    return call.reshape(call.tensor(), after)


def _old_shape(call: AtenCall, _base: Value, changed: Value) -> str:
    return call.reshape(str(changed), call.shape())


def order_of(call: AtenCall) -> tuple[int, ...]:
    """Read the order that an operator puts axes in.

    Args:
        call: A permutation, in any of torch's spellings.

    Returns:
        For each axis of the result, the axis of the operand.
    """
    rank = len(call.shape())
    if call.op == "permute":
        return tuple(positive(axis, rank) for axis in call.integers("dims"))
    order = list(range(rank))
    if call.op in {"t", "numpy_T"}:
        return tuple(reversed(order))
    if call.op == "mT":
        return (*order[:-2], rank - 1, rank - 2)
    names = ("dim0", "dim1") if "dim0" in call.arguments else ("axis0", "axis1")
    a, b = (positive(call.integer(name), rank) for name in names)
    order[a], order[b] = order[b], order[a]
    return tuple(order)


def _permute(call: AtenCall) -> str:
    order = order_of(call)
    if order == tuple(range(len(order))):
        return call.tensor()
    return call.emit("Transpose", [call.tensor()], {"perm": order})


def _permute_back(call: AtenCall, _base: Value, changed: Value) -> str:
    order = order_of(call)
    back = tuple(order.index(axis) for axis in range(len(order)))
    return call.emit("Transpose", [str(changed)], {"perm": back})


def expand(call: AtenCall, value: str, have: Shape, wanted: Shape) -> str:
    """Append an Expand, where one is needed.

    Args:
        call: The call.
        value: What to repeat.
        have: The shape that it has.
        wanted: The shape that it is to have.

    Returns:
        The value's name, or the Expand's.
    """
    if have == wanted:
        return value
    kept = (1,) * (len(wanted) - len(have)) + have
    axes = zip(kept, wanted, strict=True)
    # An axis that stays is written 1: it broadcasts, whatever the batch is.
    target = tuple(1 if old == new else new for old, new in axes)
    return call.emit("Expand", [value, call.shape_vector(target)])


def _expand(call: AtenCall) -> str:
    return expand(call, call.tensor(), call.shape(), call.result_shape)


def _copy(call: AtenCall) -> str:
    source = operand(call, "src")
    return expand(call, source, call.shape("src"), call.result_shape)


def _fill(call: AtenCall) -> str:
    value = operand(call, "value") if "value" in call.arguments else call.number(0)
    return expand(call, value, (), call.result_shape)


def _created(call: AtenCall) -> str:
    """Make a tensor of one number, whose shape holds the batch."""
    fixed = {"zeros": 0, "ones": 1, "empty": 0}
    kind = call.op.removeprefix("new_").removesuffix("_like")
    number = fixed[kind] if kind in fixed else call.plain("fill_value")
    return expand(call, call.number(number), (), call.result_shape)


def _repeat(call: AtenCall) -> str:
    name = "repeats" if "repeats" in call.arguments else "dims"
    times = call.plain(name)
    shape = call.shape()
    value = call.tensor()
    if len(times) > len(shape):
        shape = (1,) * (len(times) - len(shape)) + shape
        value = call.reshape(value, shape)
    times = (1,) * (len(shape) - len(times)) + times
    if all(count == 1 for count in times):
        return value
    return call.emit("Tile", [value, call.shape_vector(times)])


def _repeat_each(call: AtenCall) -> str:
    """Repeat each element in place: a new axis, expanded and merged."""
    if call.plain("dim") is None or call.is_tensor("repeats"):
        raise call.unsupported("repeat_interleave needs one number and an axis")
    shape, times = call.shape(), call.integer("repeats")
    axis = positive(call.integer("dim"), len(shape)) + 1
    split: Shape = (*shape[:axis], 1, *shape[axis:])
    wide: Shape = (*shape[:axis], times, *shape[axis:])
    value = expand(call, call.reshape(call.tensor(), split), split, wide)
    return call.reshape(value, call.result_shape)


def _spread(call: AtenCall) -> str:
    """Move blocks of channels into space."""
    attributes: dict[str, Attribute] = {"mode": "CRD"}
    attributes["blocksize"] = call.integer("upscale_factor")
    return call.emit("DepthToSpace", [call.tensor()], attributes)


def _gather_space(call: AtenCall) -> str:
    """Move blocks of space into channels, channel by channel as torch does."""
    factor = call.integer("downscale_factor")
    batch, channels, _rows, _columns = call.shape()
    high, wide = call.size(-2) // factor, call.size(-1) // factor
    split: Shape = (batch, channels, high, factor, wide, factor)
    value = call.reshape(call.tensor(), split)
    value = call.emit("Transpose", [value], {"perm": (0, 1, 3, 5, 2, 4)})
    return call.reshape(value, call.result_shape)


def _shuffle(call: AtenCall) -> str:
    groups, shape = call.integer("groups"), call.shape()
    channels = call.size(1)
    split: Shape = (shape[0], groups, channels // groups, *shape[2:])
    order = (0, 2, 1, *range(3, len(split)))
    value = call.emit(
        "Transpose", [call.reshape(call.tensor(), split)], {"perm": order}
    )
    return call.reshape(value, shape)


def _flip(call: AtenCall) -> str:
    axes = call.integers("dims")
    rows = ((-1,) * len(axes), (-(2**63) + 1,) * len(axes), axes, (-1,) * len(axes))
    return call.emit("Slice", [call.tensor(), *(call.vector(*row) for row in rows)])


def _roll(call: AtenCall) -> str:
    value, axes = call.tensor(), call.integers("dims")
    if not axes:
        return _roll_all(call)
    for axis, shift in zip(axes, call.integers("shifts"), strict=True):
        size = call.size(axis)
        cut = (size - shift) % size
        where = call.vector(positive(axis, len(call.shape())))
        edges = [call.vector(v) for v in (0, cut, size)]
        tail = call.emit("Slice", [value, edges[1], edges[2], where])
        head = call.emit("Slice", [value, edges[0], edges[1], where])
        along = positive(axis, len(call.shape()))
        value = call.emit("Concat", [tail, head], {"axis": along}) if cut else value
    return value


def _roll_all(call: AtenCall) -> str:
    """Roll the elements of all axes as one row."""
    if any(isinstance(size, Batch) for size in call.shape()):
        raise call.unsupported("a roll without axes moves elements between samples")
    size = math.prod(concrete(call.shape()))
    (shift,) = call.integers("shifts")
    order = np.roll(np.arange(size), shift)
    flat = call.reshape(call.tensor(), (size,))
    return call.reshape(call.emit("Gather", [flat, call.array(order)]), call.shape())


_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}
_MODES |= {"circular": "wrap"}


def _pad(call: AtenCall) -> str:
    mode = str(call.plain("mode")) if "mode" in call.arguments else "constant"
    if call.op.startswith(("reflection", "replication")):
        mode = "reflect" if call.op.startswith("reflection") else "replicate"
    row = call.integers("padding" if "padding" in call.arguments else "pad")
    pairs = [row[i : i + 2] for i in range(0, len(row), 2)][::-1]
    axes = tuple(range(len(call.shape()) - len(pairs), len(call.shape())))
    widths = (*(begin for begin, _ in pairs), *(end for _, end in pairs))
    value = call.plain("value") if "value" in call.arguments else None
    fill = "" if mode != "constant" else call.number(value or 0)
    operands = [call.tensor(), call.vector(*widths), fill, call.vector(*axes)]
    kept = {"mode": _MODES[mode]} if mode != "constant" else {}
    return call.emit("Pad", operands, kept)


def _triangle(call: AtenCall) -> str:
    upper = {} if call.op == "triu" else {"upper": 0}
    operands = [call.tensor(), call.scalar(call.integer("diagonal"))]
    return call.emit("Trilu", operands, upper)


RESHAPES = (
    "view",
    "reshape",
    "flatten",
    "unflatten",
    "squeeze",
    "unsqueeze",
    "_unsafe_view",
    "view_as",
    "reshape_as",
)
PERMUTES = ("permute", "transpose", "swapaxes", "swapdims", "t", "numpy_T", "mT")
_CREATED = tuple(
    f"{before}{kind}{after}"
    for kind in ("zeros", "ones", "full", "empty")
    for before, after in (("", ""), ("new_", ""), ("", "_like"))
)
_PADS = tuple(
    f"{kind}_pad{rank}d" for kind in ("reflection", "replication") for rank in (1, 2, 3)
)
_SAME = (
    "contiguous",
    "detach",
    "alias",
    "to",
    "type_as",
    "lift_fresh",
    "lift_fresh_copy",
    "dropout",
    "feature_dropout",
    "alpha_dropout",
    "feature_alpha_dropout",
)

HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(RESHAPES, _new_shape),
    **dict.fromkeys(PERMUTES, _permute),
    **dict.fromkeys(_CREATED, _created),
    **dict.fromkeys(("pad", "constant_pad_nd", *_PADS), _pad),
    "expand": _expand,
    "expand_as": _expand,
    "broadcast_to": _expand,
    "copy": _copy,
    "fill": _fill,
    "zero": _fill,
    "repeat": _repeat,
    "tile": _repeat,
    "repeat_interleave": _repeat_each,
    "pixel_shuffle": _spread,
    "pixel_unshuffle": _gather_space,
    "channel_shuffle": _shuffle,
    "flip": _flip,
    "roll": _roll,
    "tril": _triangle,
    "triu": _triangle,
}

INVERSES: dict[str, Inverse] = {
    **dict.fromkeys(RESHAPES, _old_shape),
    **dict.fromkeys(PERMUTES, _permute_back),
    **dict.fromkeys(_SAME, lambda _call, _base, changed: changed),
}
