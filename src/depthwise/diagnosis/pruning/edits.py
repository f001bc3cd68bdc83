"""Turn a plan into edits: smaller arrays under the same names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.links import Link, tie_of
from depthwise.diagnosis.pruning.plan import Plan, fold_target
from depthwise.errors import GraphError
from depthwise.graph import Attribute, Call, Graph, call_of
from depthwise.graph.edits import ReplaceArrays

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class _Cut:
    """What one array loses and gains: masks by axis, and a vector to add first."""

    masks: dict[int, Array] = field(default_factory=dict)
    gains: list[Array] = field(default_factory=list)

    def lose(self, axis: int, mask: Array, name: str) -> None:
        if axis in self.masks and not np.array_equal(self.masks[axis], mask):
            raise GraphError(
                f"shared arrays lose the same channels; got two for {name}"
            )
        self.masks[axis] = mask

    def apply(self, array: Array) -> Array:
        total = array.astype(np.float64)
        for gain in self.gains:
            total = total + gain
        result = total.astype(array.dtype) if self.gains else array
        for axis, mask in self.masks.items():
            result = result.compress(mask, axis)
        return np.ascontiguousarray(result)


def edits_of(graph: Graph, plan: Plan) -> tuple[ReplaceArrays, ...]:
    """Write a plan as edits that a Graph and a torch module take alike.

    Args:
        graph: The graph that the plan is of.
        plan: What goes.

    Returns:
        One edit for each layer that changes, in order.

    Raises:
        GraphError: If two layers share an array and lose different channels.

    Example:
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8)))
        >>> edits_of(Graph("g", (x,), ("x",), ()), Plan({}, {}, {}, {}))
        ()
    """
    bound = graph.bind(1)
    cuts: dict[str, _Cut] = defaultdict(_Cut)
    groups: dict[str, int] = {}
    for node in bound.nodes:
        call = call_of(node, bound.types, bound.constants)
        for name, axis, mask in losses_of(call, plan):
            cuts[name].lose(axis, mask, name)
        for name, gain in gains_of(bound, call, plan):
            cuts[name].gains.append(gain)
        if node.inputs and tie_of(call, 0).link is Link.GROUPED:
            groups[node.outputs[0]] = _groups_left(call, plan)
    changed = {
        name: cut.apply(np.asarray(graph.constants[name])) for name, cut in cuts.items()
    }
    return tuple(written(graph, changed, groups))


def written(
    graph: Graph, changed: Mapping[str, Array], groups: Mapping[str, int]
) -> Iterator[ReplaceArrays]:
    """Write changed arrays as edits.

    Args:
        graph: The graph that reads them.
        changed: Arrays by name.
        groups: Groups that convolutions have now, by the name of their result.

    Yields:
        One edit for each layer that changes, in order.
    """
    done: set[str] = set()
    for node in graph.nodes:
        own = {n: changed[n] for n in node.inputs if n in changed and n not in done}
        if not own:
            continue
        done.update(own)
        attributes: dict[str, Attribute] = {}
        left = groups.get(node.outputs[0])
        if left is not None and left != node.attributes.get("group", 1):
            attributes["group"] = left
        yield ReplaceArrays(node.scope, own, attributes)


def losses_of(call: Call, plan: Plan) -> Iterator[tuple[str, int, Array]]:
    """List what a node's constants lose.

    Args:
        call: The node.
        plan: What goes.

    Yields:
        The array's name, its axis, and a mask of what stays.
    """
    node = call.node
    keep = plan.keep.get(node.outputs[0])
    before = plan.keep.get(node.inputs[0]) if node.inputs else None
    link = tie_of(call, 0).link if node.inputs else Link.OPAQUE
    if link in {Link.MIXED, Link.GROUPED}:
        yield from _of_weights(call, keep, before, grouped=link is Link.GROUPED)
    elif keep is not None:
        rank = call.outputs[0].rank
        flat = call.operator.name in _VECTORS
        for place, name in enumerate(node.inputs):
            array = call.constants[place]
            if array is None or not array.ndim:
                continue
            axis = 0 if flat else array.ndim - rank + 1
            if axis >= 0 and array.shape[axis : axis + 1] == keep.shape:
                yield name, axis, keep


_VECTORS = frozenset({"BatchNormalization", "InstanceNormalization"})


def _of_weights(
    call: Call, keep: Array | None, before: Array | None, *, grouped: bool
) -> Iterator[tuple[str, int, Array]]:
    """Cut a layer's weights: ``before`` is what stays of its input's channels."""
    weight = call.node.inputs[1]
    by_inputs = call.operator.name in {"ConvTranspose", "MatMul"} or (
        call.operator.name == "Gemm" and not call.flag("transB")
    )
    if grouped:
        masks = [(0, before if by_inputs else keep)]
    else:
        masks = [(0, before), (1, keep)] if by_inputs else [(0, keep), (1, before)]
    yield from ((weight, axis, mask) for axis, mask in masks if mask is not None)
    bias = call.constant(2)
    if keep is not None and bias is not None and bias.shape[-1:] == keep.shape:
        yield call.node.inputs[2], bias.ndim - 1, keep


def _groups_left(call: Call, plan: Plan) -> int:
    group = call.integer("group")
    keep = plan.keep.get(call.node.outputs[0])
    if keep is None:
        return group
    return int(keep.reshape(group, -1).any(axis=1).sum())


def gains_of(graph: Graph, call: Call, plan: Plan) -> Iterator[tuple[str, Array]]:
    """Find what a bias gains, or a norm's mean loses, for constants that go.

    Args:
        graph: The graph, its batch bound.
        call: One of its nodes.
        plan: What goes.

    Yields:
        The array's name, and what to add to it.
    """
    node = call.node
    before = plan.keep.get(node.inputs[0]) if node.inputs else None
    if before is None or tie_of(call, 0).link is not Link.MIXED:
        return
    numbers = np.where(before, 0.0, plan.constants[node.inputs[0]])
    target = fold_target(graph, node) if numbers.any() else None
    if target is not None:
        name, sign = target
        yield name, sign * _contribution(call, numbers)


def _contribution(call: Call, numbers: Array) -> Array:
    """Sum what constant channels add to each output, where nothing is padded."""
    weight = np.asarray(call.constant(1), np.float64)
    if call.operator.name in {"Gemm", "MatMul"}:
        turned = call.operator.name == "Gemm" and call.flag("transB")
        return np.asarray((weight if turned else weight.T) @ numbers)
    taps = weight.reshape(*weight.shape[:2], -1).sum(axis=2)
    return np.asarray(taps @ numbers)
