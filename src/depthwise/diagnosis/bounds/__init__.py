"""What every channel of every value can be, for every possible input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.bounds.activations import activated
from depthwise.diagnosis.bounds.rules import RULES, channels_of
from depthwise.diagnosis.bounds.span import Span
from depthwise.graph import Call, Graph, call_of
from depthwise.graph.operators import activation, elementwise, unary

__all__ = ["Span", "spans_of"]

Array: TypeAlias = NDArray[Any]


def spans_of(
    graph: Graph, known: Mapping[str, Span] | None = None
) -> Mapping[str, Span]:
    """Bound every channel of every value, from weights alone.

    Intervals are carried from layer to layer: what comes out is sound for every
    finite input, and wider than need be where operands depend on one another. Where
    weights are not finite, neither need the result be: it can be anything.

    Args:
        graph: Any graph that verifies.
        known: Spans of values that are known better, such as what was observed on
            data, or the range of the input; they are taken as they are.

    Returns:
        A span of as many intervals as the value has channels (axis 1), for each value
        of floating type, or true and false as 1 and 0, that nodes define.

    Source:
        Moore, Kearfott, Cloud 2009, "Introduction to interval analysis", chapter 6.

    Example:
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8)))
        >>> nodes = Node("Relu", ("x",), ("y",)), Node("Tanh", ("y",), ("z",))
        >>> spans_of(Graph("g", (x,), ("z",), nodes))["z"].high.tolist()
        [1.0, 1.0, 1.0]
    """
    bound = graph.bind(1)
    given = known or {}
    spans = {i.name: given.get(i.name, Span.anything()) for i in bound.inputs}
    for node in bound.nodes:
        call = call_of(node, bound.types, bound.constants)
        for index, name in enumerate(node.outputs):
            if name and _is_bounded(call.outputs[index].dtype):
                with np.errstate(invalid="ignore"):
                    span = given.get(name) or _span(call, index, spans).sound
                spans[name] = span.over(channels_of(call.outputs[index].shape))
    return spans


def _is_bounded(dtype: str) -> bool:
    return dtype.startswith("float") or dtype == "bool"


def _span(call: Call, index: int, spans: Mapping[str, Span]) -> Span:
    """Bound one output; anything at all where nothing is known."""
    name = call.operator.name
    operands = [_operand(call, place, spans) for place in range(len(call.inputs))]
    if name == "Split":
        return operands[0].uniform
    if index or not operands:
        return Span.anything()
    found = activated(call, operands[0])
    if found is None and name in RULES:
        found = RULES[name](call, operands)
    return _where_still(call, operands, Span.anything() if found is None else found)


def _where_still(call: Call, operands: list[Span], found: Span) -> Span:
    """Evaluate what is worked out element by element, where all operands are known."""
    width = channels_of(call.outputs[0].shape)
    if call.operator.name not in _POINTWISE:
        return found
    wide, whole = [operand.over(width) for operand in operands], found.over(width)
    still = np.logical_and.reduce([operand.fixed for operand in wide]) & ~whole.fixed
    if call.outputs[0].dtype == "bool":
        still &= _apart(wide)
    if not still.any():
        return found
    kinds = [kind.dtype for kind in call.inputs if kind is not None]
    numbers = tuple(
        np.where(still, operand.low, 1).astype("bool" if kind == "bool" else "float64")
        for operand, kind in zip(wide, kinds, strict=False)
    )
    with np.errstate(all="ignore"):
        (value,) = call.operator.reference(call, numbers)
    known = np.asarray(value, np.float64)
    ends = (np.where(still, known, end) for end in (whole.low, whole.high))
    return Span(*ends)


def _apart(operands: list[Span]) -> Array:
    """Where no rounding turns a comparison of two numbers round."""
    first, *others = (operand.low for operand in operands)
    if not others:
        return np.full(len(first), fill_value=True)
    with np.errstate(invalid="ignore"):
        gap = np.abs(first - others[0])
    return np.asarray(gap > _ROUNDED * np.maximum(np.abs(first), np.abs(others[0])))


_ROUNDED = 1e-5
_FAMILIES = (activation, elementwise, unary)
_POINTWISE = frozenset(entry.name for f in _FAMILIES for entry in f.OPERATORS)
_BROADCAST = {"Add", "Sum", "Sub", "Mul", "Div", "Max", "Min", "PRelu"}


def _operand(call: Call, place: int, spans: Mapping[str, Span]) -> Span:
    """Bound an operand; one interval where its channels are not the result's."""
    kind, array = call.inputs[place], call.constants[place]
    if kind is None or not _is_bounded(kind.dtype):
        return Span.anything()
    aligns = call.operator.name in _BROADCAST
    rank = call.outputs[0].rank if aligns else kind.rank
    if array is not None:
        return _of_constant(array.astype(np.float64), rank)
    span = spans.get(call.node.inputs[place], Span.anything())
    return span if kind.rank == rank else span.uniform


def _of_constant(array: Array, rank: int) -> Span:
    """Bound a constant, channel by channel where it has the result's axis 1."""
    wide = array.reshape((1,) * max(rank - array.ndim, 0) + array.shape)
    if wide.ndim < 2 or not wide.size:
        return Span.of(wide.min(initial=np.inf), wide.max(initial=-np.inf))
    others = tuple(axis for axis in range(wide.ndim) if axis != 1)
    return Span(wide.min(axis=others), wide.max(axis=others))
