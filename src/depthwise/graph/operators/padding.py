"""Pad: a constant, a mirror, the edge repeated, or the other end."""

from __future__ import annotations

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.axes import axes_of
from depthwise.graph.operators.operator import Array, Call, Operator
from depthwise.graph.shapes import Batch, Dim, TensorType, concrete

_MODES = ("constant", "reflect", "edge", "wrap")


def pads_of(call: Call) -> tuple[tuple[int, int], ...]:
    """Read how much each axis of a pad grows; negative amounts crop.

    Args:
        call: A Pad.

    Returns:
        Elements before and after, an axis.

    Raises:
        GeometryError: If there is not one pair an axis.

    Example:
        >>> import numpy as np
        >>> from depthwise.graph import Node, call_of
        >>> from depthwise.graph.inference import type_of
        >>> constants = {"x": np.zeros((4, 5)), "p": np.array([0, 1, 0, 2])}
        >>> types = {name: type_of(array) for name, array in constants.items()}
        >>> pads_of(call_of(Node("Pad", ("x", "p"), ("y",)), types, constants))
        ((0, 0), (1, 2))
    """
    rank = call.type(0).rank
    axes = axes_of(call, 3)
    axes = tuple(range(rank)) if axes is None else axes
    flat = concrete(call.sizes(1))
    if len(flat) != 2 * len(axes):
        msg = f"pads need two numbers an axis; got {len(flat)} for {len(axes)} axes"
        raise GeometryError(msg)
    pairs = [(0, 0)] * rank
    for place, axis in enumerate(axes):
        pairs[axis] = (flat[place], flat[place + len(axes)])
    return tuple(pairs)


def _infer(call: Call) -> tuple[TensorType, ...]:
    mode = call.text("mode")
    pairs, x = pads_of(call), call.type(0)
    dims = (_padded(d, pair, mode) for d, pair in zip(x.shape, pairs, strict=True))
    return (TensorType(x.dtype, tuple(dims)),)


def _padded(dim: Dim, pair: tuple[int, int], mode: str) -> Dim:
    if pair == (0, 0):
        return dim
    if isinstance(dim, Batch):
        raise GeometryError(f"a pad must leave the batch alone; got {pair}")
    if dim + sum(pair) < 0:
        raise GeometryError(f"a pad cannot crop more than there is; got {pair}, {dim}")
    if mode == "reflect" and max(pair) >= max(dim, 1):
        raise GeometryError(
            f"a mirror must be smaller than the axis; got {pair}, {dim}"
        )
    return dim + sum(pair)


def _reference(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, pairs = arrays[0], pads_of(call)
    crop = tuple(
        slice(max(-begin, 0), size - max(-end, 0))
        for size, (begin, end) in zip(x.shape, pairs, strict=True)
    )
    grow = [(max(begin, 0), max(end, 0)) for begin, end in pairs]
    mode = call.text("mode")
    if mode != "constant":
        return (_grow(x[crop], grow, mode),)
    value = arrays[2] if len(arrays) > 2 and arrays[2] is not None else None
    fill = x.dtype.type(0) if value is None else value.reshape(-1)[0]
    return (np.pad(x[crop], grow, constant_values=fill),)


def _grow(x: Array, grow: list[tuple[int, int]], mode: str) -> Array:
    if mode == "reflect":
        return np.pad(x, grow, mode="reflect")
    return np.pad(x, grow, mode="edge") if mode == "edge" else np.pad(x, grow, "wrap")


OPERATORS = (
    Operator(
        "Pad",
        _infer,
        _reference,
        {"mode": "constant"},
        inputs=(2, 4),
        signature="TITI",
        kinds="fiub",
        static=(1, 3),
        choices={"mode": _MODES},
    ),
)
