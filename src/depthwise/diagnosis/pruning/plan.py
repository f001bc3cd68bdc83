"""Which channels can go without changing what a network computes, and which cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.bounds import Span, spans_of
from depthwise.diagnosis.links import Link, tie_of
from depthwise.diagnosis.need import needed_channels, reads_of
from depthwise.diagnosis.pruning.classes import Classes, classes_of
from depthwise.graph import Call, Graph, Node, call_of

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Plan:
    """What pruning would remove.

    Args:
        keep: For every value that loses channels ``[C]`` of bool: those that stay.
        constants: For every value ``[C]``, the number that a channel always is; 0
            where it is not constant, or where nothing depends on it.
        removed: Channels that go, by the name of the layer that computes them.
        kept: Channels that carry nothing but must stay, with the reason: some because
            they are added to others, or lie in a group with them.

    Example:
        >>> Plan({}, {}, {}, {}).removed
        {}
    """

    keep: Mapping[str, Array]
    constants: Mapping[str, Array]
    removed: Mapping[str, tuple[int, ...]]
    kept: Mapping[str, Mapping[int, str]]


def plan_pruning(graph: Graph, known: Mapping[str, Span] | None = None) -> Plan:
    """Find channels that are constant, or that nothing depends on, and can go.

    Args:
        graph: Any graph that verifies.
        known: Spans of values that are known better than from weights, such as from
            data; with them the plan holds for such data only.

    Returns:
        The plan. Channels that stand and fall together go together or not at all;
        every value keeps at least one channel.

    Example:
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8)))
        >>> plan_pruning(Graph("g", (x,), ("x",), ())).removed
        {}
    """
    bound = graph.bind(1)
    spans = spans_of(bound, known)
    classes = classes_of(bound)
    first = _State(bound, spans, needed_channels(bound, spans), classes)
    state, chosen = first, _choose(first)
    while True:
        keep = _staying(classes, chosen.going)
        gone = {name: ~mask for name, mask in keep.items()}
        state = replace(state, need=needed_channels(bound, spans, gone))
        fewer = _choose(state)
        if fewer.going >= chosen.going:
            break
        chosen = replace(fewer, going=fewer.going & chosen.going)
    idle = first.idle()
    reasons = dict.fromkeys(idle, "what stays is computed from it")
    reasons |= chosen.reasons
    return Plan(
        keep={name: mask for name, mask in keep.items() if not mask.all()},
        constants={name: state.constant(name) for name in classes.labels},
        removed=dict(_removed(bound, keep)),
        kept=dict(_kept(first, chosen.going, reasons)),
    )


@dataclass(frozen=True, eq=False)
class _Choice:
    """Classes that go, and why others stay that carry nothing."""

    going: set[int]
    reasons: Mapping[int, str]


def _choose(state: _State) -> _Choice:
    reasons = dict(state.classes.blocked)
    for label, why in state.obstacles():
        reasons.setdefault(label, why)
    going = {label for label in state.idle() if label not in reasons}
    _keep_one(state.classes, going, reasons)
    return _Choice(going, reasons)


def _staying(classes: Classes, going: set[int]) -> Mapping[str, Array]:
    gone = np.array(sorted(going), int)
    return {name: ~np.isin(v, gone) for name, v in classes.labels.items()}


@dataclass(frozen=True, eq=False)
class _State:
    graph: Graph
    spans: Mapping[str, Span]
    need: Mapping[str, Array]
    classes: Classes

    def fixed(self, name: str) -> Array:
        if name not in self.spans:
            return np.zeros(len(self.classes.labels[name]), bool)
        return self.spans[name].over(len(self.classes.labels[name])).fixed

    def constant(self, name: str) -> Array:
        """The number that a channel is where it matters and is always the same."""
        matters = self.need[name] & self.fixed(name)
        width = len(self.classes.labels[name])
        low = (
            self.spans[name].over(width).low if name in self.spans else np.zeros(width)
        )
        return np.where(matters, low, 0.0)

    def idle(self) -> set[int]:
        """Classes in which every channel is constant, or nothing depends on it."""
        busy: set[int] = set()
        every: set[int] = set()
        for name, labels in self.classes.labels.items():
            every.update(labels.tolist())
            busy.update(labels[self.need[name] & ~self.fixed(name)].tolist())
        return every - busy

    def obstacles(self) -> Iterator[tuple[int, str]]:
        """Classes with a constant that no layer behind it can take over."""
        for node in self.graph.nodes:
            call = call_of(node, self.graph.types, self.graph.constants)
            name = node.inputs[0] if node.inputs else ""
            if name in self.classes.labels and tie_of(call, 0).link is Link.MIXED:
                yield from self._unfoldable(call, name)

    def _unfoldable(self, call: Call, name: str) -> Iterator[tuple[int, str]]:
        why = _why_unfoldable(self.graph, call)
        if not why:
            return
        wanted = self.need[call.node.outputs[0]]
        read = reads_of(call)[wanted].any(axis=0)
        heavy = (self.constant(name) != 0) & read
        for label in self.classes.labels[name][heavy].tolist():
            yield label, why


def _why_unfoldable(graph: Graph, call: Call) -> str:
    """Say why a layer cannot take a constant input over; empty if it can."""
    who = call.node.name or call.node.outputs[0]
    if call.operator.name == "ConvTranspose":
        return f"the constant is spread unevenly by {who}"
    padded = any(call.integers("pads") or ()) if call.operator.name == "Conv" else False
    automatic = call.operator.name == "Conv" and call.text("auto_pad")[:4] == "SAME"
    if padded or automatic:
        return f"the constant meets zero padding at {who}"
    return "" if fold_target(graph, call.node) else f"{who} has no bias to take it over"


def fold_target(graph: Graph, node: Node) -> tuple[str, float] | None:
    """Find the array that can take a constant over: a bias, or a norm's mean.

    Args:
        graph: The graph.
        node: A Conv, Gemm or MatMul.

    Returns:
        The constant's name and the sign to add with, or None.
    """
    if len(node.inputs) > 2 and node.inputs[2] in graph.constants:
        name, sign = node.inputs[2], 1.0
    else:
        readers = graph.consumers.get(node.outputs[0], ())
        lone = len(readers) == 1 and node.outputs[0] not in graph.outputs
        if not lone or readers[0].op != "BatchNormalization":
            return None
        name, sign = readers[0].inputs[3], -1.0
    return (name, sign) if len(graph.consumers[name]) == 1 else None


def _keep_one(classes: Classes, going: set[int], reasons: dict[int, str]) -> None:
    """Let every value keep a channel: the last class that would go stays."""
    for name, labels in classes.labels.items():
        here = list(dict.fromkeys(labels.tolist()))
        if len(labels) > 0 and all(label in going for label in here):
            going.discard(here[-1])
            reasons[here[-1]] = f"{name} must keep a channel"


_LAYERS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})


def _removed(
    graph: Graph, keep: Mapping[str, Array]
) -> Iterator[tuple[str, tuple[int, ...]]]:
    for node in graph.nodes:
        gone = np.flatnonzero(~keep[node.outputs[0]])
        if node.op in _LAYERS and gone.size:
            yield node.name or node.outputs[0], tuple(gone.tolist())


def _kept(
    state: _State, going: set[int], reasons: Mapping[int, str]
) -> Iterator[tuple[str, Mapping[int, str]]]:
    for node in state.graph.nodes:
        name = node.outputs[0]
        if node.op in _LAYERS:
            labels = state.classes.labels[name]
            nothing = state.fixed(name) | ~state.need[name]
            held = {
                channel: reasons.get(int(labels[channel]), _TIED)
                for channel in np.flatnonzero(nothing).tolist()
                if labels[channel] not in going
            }
            if held:
                yield node.name or name, held


_TIED = "it goes with channels that carry something"
