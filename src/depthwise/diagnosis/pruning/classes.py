"""Channels that can only be removed together, across additions, gates and joins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.links import Link, Tie, tie_of, width_of
from depthwise.graph import Call, Graph, call_of

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Classes:
    """Which channels stand and fall together.

    Args:
        labels: For each value ``[C]``, the class that each of its channels is in.
        blocked: Classes that must stay, and why.

    Example:
        >>> Classes({"x": np.array([0, 1])}, {0: "an input"}).blocked[0]
        'an input'
    """

    labels: Mapping[str, Array]
    blocked: Mapping[int, str]


@dataclass
class _Union:
    """Union-find over channels, with the reasons why some of them must stay."""

    parents: list[int] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)

    def fresh(self, count: int) -> Array:
        start = len(self.parents)
        self.parents.extend(range(start, start + count))
        return np.arange(start, start + count)

    def find(self, label: int) -> int:
        while self.parents[label] != label:
            self.parents[label] = self.parents[self.parents[label]]
            label = self.parents[label]
        return label

    def join(self, first: Array, second: Array) -> None:
        for a, b in zip(first.tolist(), second.tolist(), strict=True):
            low, high = sorted((self.find(a), self.find(b)))
            self.parents[high] = low

    def block(self, labels: Array, reason: str) -> None:
        for label in labels.tolist():
            self.reasons.setdefault(label, reason)


def classes_of(graph: Graph) -> Classes:
    """Sort the channels of every value into classes that stand and fall together.

    Args:
        graph: A graph whose batch is bound.

    Returns:
        The classes.

    Example:
        >>> from depthwise.graph import Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (1, 2, 8)))
        >>> graph = Graph("g", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> classes_of(graph).labels["y"].tolist()
        [0, 1]
    """
    union = _Union()
    labels: dict[str, Array] = {}
    for given in graph.inputs:
        labels[given.name] = union.fresh(width_of(given.type.shape))
        union.block(labels[given.name], "it belongs to the network's input")
    for node in graph.nodes:
        call = call_of(node, graph.types, graph.constants)
        for name in filter(None, node.outputs):
            labels[name] = union.fresh(width_of(graph.types[name].shape))
        for place, name in enumerate(node.inputs):
            if name in labels:
                _tie(union, call, place, labels)
    for name in graph.outputs:
        if name in labels:
            union.block(labels[name], "it belongs to the network's result")
    found = {
        n: np.array([union.find(i) for i in v.tolist()]) for n, v in labels.items()
    }
    reasons = {union.find(label): why for label, why in union.reasons.items()}
    return Classes(found, reasons)


def _tie(union: _Union, call: Call, place: int, labels: Mapping[str, Array]) -> None:
    """Join the classes of one operand with those of the result."""
    operand, result = labels[call.node.inputs[place]], labels[call.node.outputs[0]]
    tie = tie_of(call, place)
    several = sum(map(bool, call.node.outputs)) > 1
    if tie.link is Link.OPAQUE or several:
        who = f"{call.operator.name} {call.node.name or call.node.outputs[0]}"
        union.block(operand, f"{who} may mix or count it")
        for name in filter(None, call.node.outputs):
            union.block(labels[name], f"{who} may mix or count it")
    elif tie.link is Link.GROUPED:
        _tie_groups(union, call, operand, result)
    else:
        _tie_evenly(union, tie, operand, result)


def _tie_evenly(union: _Union, tie: Tie, operand: Array, result: Array) -> None:
    if tie.link is Link.SAME:
        union.join(operand, result)
    elif tie.link is Link.REPEATED:
        union.join(np.repeat(operand, tie.number), result)
    elif tie.link is Link.PLACED:
        union.join(operand, result[tie.number : tie.number + len(operand)])


def _tie_groups(union: _Union, call: Call, operand: Array, result: Array) -> None:
    """A group goes as a whole: its inputs and its outputs."""
    group = call.integer("group")
    for inner, outer in zip(
        operand.reshape(group, -1), result.reshape(group, -1), strict=True
    ):
        members = np.concatenate([inner, outer])
        union.join(np.full(len(members), members[0]), members)
