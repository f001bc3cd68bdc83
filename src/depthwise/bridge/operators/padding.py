"""Pad: a constant, a mirror, the edge repeated, or the other end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge.operators.function import Function, Tensors, optional
from depthwise.graph import Call
from depthwise.graph.operators.padding import pads_of

_MODES = {"reflect": "reflect", "edge": "replicate", "wrap": "circular"}


def torch_pads(pads: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Write padding as torch does: the last axis first.

    Args:
        pads: Before and after, an axis.

    Returns:
        The same numbers in one row.

    Example:
        >>> torch_pads([(1, 2), (3, 4)])
        (3, 4, 1, 2)
    """
    return tuple(size for pair in reversed(pads) for size in pair)


def crop(edges: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Write what to cut off as padding.

    Args:
        edges: Elements to cut before and after, an axis.

    Returns:
        Padding in torch's order.

    Example:
        >>> crop([(1, 2)])
        (-1, -2)
    """
    return tuple(-size for size in torch_pads(edges))


def _pad(call: Call, tensors: Tensors) -> Tensors:
    pairs, mode, x = pads_of(call), call.text("mode"), tensors[0]
    if mode == "constant":
        constant, value = call.constant(2), optional(tensors, 2)
        if constant is not None:
            value = constant.reshape(-1)[0].item()
        if value is None or isinstance(value, int | float):
            trimmed = _without_leading(pairs)
            return (F.pad(x, torch_pads(trimmed), "constant", value),)
        shifted = F.pad(x - value, torch_pads(pairs))
        return (shifted + value,)
    for axis, pair in enumerate(pairs):
        if pair != (0, 0):
            x = _pad_axis(call, x, axis, pair)
    return (x,)


def _without_leading(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    row = list(pairs)
    while row and row[0] == (0, 0):
        row.pop(0)
    return row


def _pad_axis(call: Call, x: Any, axis: int, pair: tuple[int, int]) -> Any:
    """Pad one axis at a time, by picking elements: torch pads images only."""
    size, mode = call.outputs[0].shape[axis], call.text("mode")
    before, after = pair
    total = size if isinstance(size, int) else 0
    inner = range(total - before - after)
    rank = call.type(0).rank
    if rank > 2 and axis >= 2 and min(pair) >= 0:
        row = [(0, 0)] * (rank - 2)
        row[axis - 2] = pair
        return F.pad(x, torch_pads(row), _MODES[mode])
    places = [_place(i - before, len(inner), mode) for i in range(total)]
    index = torch.tensor(places)
    return torch.index_select(x, axis, index)


def _place(index: int, size: int, mode: str) -> int:
    if mode == "wrap":
        return index % size
    if mode == "edge":
        return min(max(index, 0), size - 1)
    period = max(2 * (size - 1), 1)
    folded = index % period
    return min(folded, period - folded)


FUNCTIONS: dict[str, Function] = {"Pad": _pad}
