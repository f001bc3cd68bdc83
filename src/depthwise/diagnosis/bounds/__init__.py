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

__all__ = ["Span", "spans_of"]

Array: TypeAlias = NDArray[Any]


def spans_of(
    graph: Graph, known: Mapping[str, Span] | None = None
) -> Mapping[str, Span]:
    """Bound every channel of every value, from weights alone.

    Intervals are carried from layer to layer: what comes out is sound for every
    finite input, and wider than need be where operands depend on one another.

    Args:
        graph: Any graph that verifies.
        known: Spans of values that are known better, such as what was observed on
            data, or the range of the input; they are taken as they are.

    Returns:
        A span of as many intervals as the value has channels (axis 1), for each value
        of floating type that nodes define.

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
            if name and call.outputs[index].dtype.startswith("float"):
                span = given.get(name) or _span(call, index, spans)
                spans[name] = span.over(channels_of(call.outputs[index].shape))
    return spans


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
    return Span.anything() if found is None else found


_BROADCAST = {"Add", "Sum", "Sub", "Mul", "Div", "Max", "Min", "PRelu"}


def _operand(call: Call, place: int, spans: Mapping[str, Span]) -> Span:
    """Bound an operand; one interval where its channels are not the result's."""
    kind, array = call.inputs[place], call.constants[place]
    if kind is None or not kind.dtype.startswith("float"):
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
