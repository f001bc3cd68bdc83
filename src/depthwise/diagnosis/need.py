"""Which channels anything depends on: from the results back to the inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.bounds import Span
from depthwise.diagnosis.links import Link, tie_of, width_of
from depthwise.graph import Call, Graph, call_of

Array: TypeAlias = NDArray[Any]


def needed_channels(
    graph: Graph,
    spans: Mapping[str, Span],
    going: Mapping[str, Array] | None = None,
) -> Mapping[str, Array]:
    """Find the channels that a result can depend on.

    A channel that can be one number only needs nothing before it; weights that are
    zero carry nothing.

    Args:
        graph: A graph whose batch is bound.
        spans: What its values can be, from ``spans_of``.
        going: For each value ``[C]``, the channels that go, if it matters: one that
            stays is computed even where it can be one number only, and needs what
            that number comes from.

    Returns:
        ``[C]`` of bool for every value.

    Example:
        >>> from depthwise.graph import Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (1, 3, 8)))
        >>> graph = Graph("g", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> needed_channels(graph, {})["x"].tolist()
        [True, True, True]
    """
    need = {
        name: np.full(width_of(kind.shape), name in graph.outputs)
        for name, kind in graph.types.items()
    }
    for node in reversed(graph.nodes):
        call = call_of(node, graph.types, graph.constants)
        wanted = [need[name] for name in node.outputs if name]
        first = need[node.outputs[0]]
        if node.outputs[0] in spans:
            still = spans[node.outputs[0]].fixed
            if going is not None:
                still = still & going[node.outputs[0]]
            first = first & ~still
        for place, name in enumerate(node.inputs):
            if not name or name in graph.constants:
                continue
            several = len(wanted) > 1
            mask = (
                any(w.any() for w in wanted) if several else _before(call, place, first)
            )
            need[name] = need[name] | mask
    return need


def _before(call: Call, place: int, wanted: Array) -> Array:
    """Tell which channels of an operand the wanted ones of the result depend on."""
    tie = tie_of(call, place)
    width = width_of(call.shape(place))
    if tie.link is Link.SAME:
        return wanted
    if tie.link is Link.REPEATED:
        return np.asarray(wanted.reshape(width, -1).any(axis=1))
    if tie.link is Link.PLACED:
        return wanted[tie.number : tie.number + width]
    if tie.link in {Link.MIXED, Link.GROUPED}:
        return np.asarray(reads_of(call)[wanted].any(axis=0))
    return np.full(width, bool(wanted.any()))


def reads_of(call: Call) -> Array:
    """Tell which input channels each output channel of a layer reads.

    Args:
        call: A Conv, ConvTranspose, Gemm or MatMul with constant weights.

    Returns:
        ``[K, C]`` of bool: whether any tap of the filter is not zero.
    """
    weight = call.constant(1)
    if weight is None:
        return np.ones((width_of(call.outputs[0].shape), width_of(call.shape())), bool)
    live = weight != 0
    if call.operator.name in {"Gemm", "MatMul"}:
        turned = call.operator.name == "Gemm" and call.flag("transB")
        return np.asarray(live if turned else live.T)
    live = live.any(axis=tuple(range(2, live.ndim)))
    group = call.integer("group")
    blocks = live.reshape(group, -1, live.shape[1])
    transposed = call.operator.name == "ConvTranspose"
    result = np.zeros((width_of(call.outputs[0].shape), width_of(call.shape())), bool)
    for index, block in enumerate(blocks):
        part = block.T if transposed else block
        rows, columns = part.shape
        at = np.s_[index * rows : (index + 1) * rows, index * columns :]
        result[at][:, :columns] = part
    return result
