"""How the channels of a node's result depend on the channels of its operands."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from depthwise.graph import Call, Shape, concrete
from depthwise.graph.operators import activation, elementwise, unary
from depthwise.graph.operators.axes import axes_of, axis_of
from depthwise.graph.operators.padding import pads_of
from depthwise.graph.operators.resize import scaled_axes


class Link(StrEnum):
    """What one operand's channels are to the result's.

    Example:
        >>> Link("same") is Link.SAME
        True
    """

    SAME = "same"
    """Channel c of the result depends on channel c alone."""
    SPREAD = "spread"
    """The operand's one channel is in every channel of the result."""
    MIXED = "mixed"
    """Weights say which channels depend on which."""
    GROUPED = "grouped"
    """Weights within groups of channels."""
    REPEATED = "repeated"
    """Each channel lies in as many neighbouring ones of the result."""
    PLACED = "placed"
    """The operand's channels lie side by side from an offset on."""
    OPAQUE = "opaque"
    """Any channel may depend on any."""


@dataclass(frozen=True, slots=True)
class Tie:
    """A link, with the number that it needs.

    Args:
        link: What sort it is.
        number: Repeats, or the offset of what is placed.
    """

    link: Link
    number: int = 0


_SAME, _OPAQUE = Tie(Link.SAME), Tie(Link.OPAQUE)
Rule: TypeAlias = Callable[[Call, int], Tie]


def width_of(shape: Shape) -> int:
    """Count the channels of a value: the size of axis 1, or 1 where it has none.

    Args:
        shape: Its shape.

    Returns:
        The count.

    Example:
        >>> width_of((1, 3, 8)), width_of((4,))
        (3, 1)
    """
    return concrete(shape[1:2])[0] if len(shape) > 1 else 1


def tie_of(call: Call, place: int) -> Tie:
    """Find how the result's channels depend on those of one operand.

    Args:
        call: A call whose sizes are known, with outputs.
        place: Position of the operand.

    Returns:
        The tie; OPAQUE where no rule is known.

    Example:
        >>> from depthwise.graph import Node, TensorType, call_of
        >>> types = {name: TensorType("float32", (1, 4, 8)) for name in "xy"}
        >>> print(tie_of(call_of(Node("Relu", ("x",), ("y",)), types, {}), 0).link)
        same
    """
    rule = _RULES.get(call.operator.name)
    return _OPAQUE if rule is None else rule(call, place)


def _same(_call: Call, place: int) -> Tie:
    return _OPAQUE if place else _SAME


def _each(call: Call, place: int) -> Tie:
    """Element by element, axes aligned at the end."""
    rank = call.outputs[0].rank
    shape = call.shape(place)
    aligned = (1,) * (rank - len(shape)) + tuple(shape)
    if width_of(aligned) == width_of(call.outputs[0].shape):
        return _SAME
    return Tie(Link.SPREAD)


def _weighted(call: Call, place: int) -> Tie:
    if place or call.constant(1) is None:
        return _OPAQUE
    return Tie(Link.GROUPED if call.integer("group") > 1 else Link.MIXED)


def _matrix(call: Call, place: int) -> Tie:
    weight = call.constant(1)
    name = call.operator.name
    turned = name == "Gemm" and call.flag("transA")
    flat = call.type(0).rank == 2 and weight is not None and weight.ndim == 2
    return Tie(Link.MIXED) if flat and not place and not turned else _OPAQUE


def _flatten(call: Call, _place: int) -> Tie:
    if axis_of(call) != 1:
        return _OPAQUE
    return Tie(Link.REPEATED, math.prod(concrete(call.shape()[2:])))


def _reshape(call: Call, place: int) -> Tie:
    """Follow channels where the target leaves their number open."""
    before, after = call.shape(), call.outputs[0].shape
    target = call.content(1) or ()
    if place or len(target) < 2 or len(before) < 2 or before[0] != after[0]:
        return _OPAQUE
    if target[1] == 0 and before[1] == after[1]:
        return _SAME
    if target[1] == -1 and len(after) == 2:
        return Tie(Link.REPEATED, math.prod(concrete(before[2:])))
    return _OPAQUE


def _kept(call: Call, place: int) -> Tie:
    """Follow channels where samples and channels stay the first two axes."""
    same = call.shape()[:2] == call.outputs[0].shape[:2]
    return _SAME if same and not place and call.outputs[0].rank > 1 else _OPAQUE


def _transpose(call: Call, _place: int) -> Tie:
    order = call.integers("perm") or ()
    return _SAME if order[:2] == (0, 1) else _OPAQUE


def _pad(call: Call, place: int) -> Tie:
    return _OPAQUE if place or any(map(any, pads_of(call)[:2])) else _SAME


def _resize(call: Call, place: int) -> Tie:
    return _OPAQUE if place or {0, 1} & set(scaled_axes(call)) else _SAME


def _reduced(call: Call, place: int) -> Tie:
    named = axes_of(call, 1) or (0,)
    return _SAME if not place and min(named) > 1 else _OPAQUE


def _concat(call: Call, place: int) -> Tie:
    if axis_of(call) != 1:
        return _SAME
    widths = [width_of(call.shape(index)) for index in range(place)]
    return Tie(Link.PLACED, sum(widths))


def _slice(call: Call, place: int) -> Tie:
    axes = call.content(3) if call.has(3) else (0,)
    inner = axes and all(isinstance(a, int) and a > 1 for a in axes)
    return _SAME if inner and not place else _OPAQUE


_FAMILIES = (activation, elementwise, unary)
_POOLS = ("MaxPool", "AveragePool", "LpPool")
_GLOBAL = ("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
_NORMS = ("BatchNormalization", "InstanceNormalization")
_RULES: Mapping[str, Rule] = {
    **{entry.name: _each for family in _FAMILIES for entry in family.OPERATORS},
    **dict.fromkeys((*_POOLS, *_GLOBAL, *_NORMS, "Clip", "Cast", "Dropout"), _same),
    **dict.fromkeys(("Conv", "ConvTranspose"), _weighted),
    **dict.fromkeys(("Gemm", "MatMul"), _matrix),
    **dict.fromkeys(("ReduceMean", "ReduceMax", "ReduceMin", "ReduceSum"), _reduced),
    **dict.fromkeys(("Squeeze", "Unsqueeze"), _kept),
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Pad": _pad,
    "Resize": _resize,
    "Concat": _concat,
    "Slice": _slice,
}
