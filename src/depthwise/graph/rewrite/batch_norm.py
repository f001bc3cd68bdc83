"""Fold batch norm into the weights of the linear operator before it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.graph.graph import Graph
from depthwise.graph.node import Node
from depthwise.graph.operators import Call
from depthwise.graph.rewrite.matching import sole_reader
from depthwise.graph.rewrite.surgery import rebuilt, unused_name
from depthwise.graph.shapes import concrete

Array: TypeAlias = NDArray[Any]

_LINEAR = {"Conv", "ConvTranspose", "Gemm"}
_BY_CHANNEL = {"Add", "Sub", "Mul", "Div"}


@dataclass(frozen=True, eq=False)
class _Affine:
    """What batch norm does to channel k: multiply by gain[k], then add offset[k]."""

    gain: Array
    offset: Array


def fold_batch_norm(graph: Graph) -> Graph:
    """Fold batch norm into the Conv, ConvTranspose or Gemm before it.

    Sums, differences, products and quotients with one constant a channel, which other
    tools write for a bias or a folded norm, go the same way. Weights are computed in
    float64 and rounded once to their own type. A norm stays where its operand is read
    twice or is an output of the graph, or where the operator before it is none of these
    or has computed weights. Weights that other nodes share are left alone: the folded
    operator gets its own.

    Args:
        graph: Any graph.

    Returns:
        A graph with the same outputs but for rounding.

    Source:
        Jacob et al. 2018, arXiv:1712.05877, section 3.2.

    Example:
        >>> from depthwise.graph import Input, TensorType
        >>> x = Input("x", TensorType("float32", (4,)))
        >>> fold_batch_norm(Graph("tiny", (x,), ("x",), ())).name
        'tiny'
    """
    while pairs := dict(_pairs(graph)):
        graph = _fold_all(graph, pairs)
    return graph


def _fold_all(graph: Graph, norms: dict[str, Node]) -> Graph:
    """Fold each norm, keyed by the value that it reads."""
    folded = {id(norm) for norm in norms.values()}
    constants: dict[str, Array] = {}
    nodes = []
    for node in graph.nodes:
        if id(node) not in folded:
            norm = norms.get(node.outputs[0])
            nodes.append(node if norm is None else _fold(graph, node, norm, constants))
    parameters = [name for name in constants if name not in graph.constants]
    return rebuilt(graph, nodes, constants, parameters)


def _pairs(graph: Graph) -> Iterator[tuple[str, Node]]:
    """Yield the results of linear operators, with what can be folded into these."""
    for linear in graph.nodes:
        if linear.op not in _LINEAR:
            continue
        weights = [name for name in linear.inputs[1:] if name]
        norm = sole_reader(graph, linear.outputs[0])
        known = all(name in graph.constants for name in weights)
        if norm is None or not known or not _has_plain_bias(graph, linear):
            continue
        if _affine(graph, norm, linear.outputs[0]) is not None:
            yield linear.outputs[0], norm


def _has_plain_bias(graph: Graph, linear: Node) -> bool:
    """Whether the bias has one element a channel; Gemm's may be a matrix."""
    if len(linear.inputs) < 3 or not linear.inputs[2]:
        return True
    shape = graph.constants[linear.inputs[2]].shape
    return math.prod(shape[:-1]) == 1


def _affine(graph: Graph, norm: Node, value: str) -> _Affine | None:
    """Read what a node does to each channel of a value, if it is one number each."""
    others = [name for name in norm.inputs if name != value]
    if len(others) != len(norm.inputs) - 1:
        return None
    if not all(name in graph.constants for name in others):
        return None
    arrays = [graph.constants[name].astype(np.float64) for name in others]
    if norm.op == "BatchNormalization" and norm.inputs[0] == value:
        scale, shift, mean, variance = arrays
        gain = scale / np.sqrt(variance + graph.call(norm).real("epsilon"))
        return _Affine(gain, shift - mean * gain)
    kind = graph.types[value]
    if norm.op not in _BY_CHANNEL or graph.types[norm.outputs[0]] != kind:
        return None
    row = _a_channel(arrays[0], kind.rank, concrete(kind.shape[1:2])[0])
    # One number added to all is no bias: it is the 3 of a hard sigmoid.
    if row is None or (norm.op in {"Add", "Sub"} and arrays[0].size < row.size):
        return None
    return _arithmetic(norm.op, row, is_first=norm.inputs[0] == value)


def _arithmetic(op: str, row: Array, *, is_first: bool) -> _Affine | None:
    """Write a sum, difference, product or quotient with a row as gain and offset."""
    one, zero = np.ones_like(row), np.zeros_like(row)
    match op:
        case "Add":
            return _Affine(one, row)
        case "Sub":
            return _Affine(one, -row) if is_first else _Affine(-one, row)
        case "Mul":
            return _Affine(row, zero)
    return _Affine(1 / row, zero) if is_first and row.all() else None


def _a_channel(array: Array, rank: int, channels: int) -> Array | None:
    """Spread a constant over the channels, unless it differs along another axis."""
    if array.ndim > rank:
        return None
    shape = (1,) * (rank - array.ndim) + array.shape
    if any(size != 1 for axis, size in enumerate(shape) if axis != 1):
        return None
    return np.broadcast_to(array.reshape(-1), (channels,)).copy()


def _fold(graph: Graph, linear: Node, norm: Node, constants: dict[str, Array]) -> Node:
    affine = _affine(graph, norm, linear.outputs[0])
    if affine is None:
        return linear
    weight = graph.constants[linear.inputs[1]]
    wide = weight.astype(np.float64)
    scaled = wide * _along_outputs(graph.call(linear), affine.gain)
    bias = affine.offset
    if len(linear.inputs) > 2 and linear.inputs[2]:
        old = graph.constants[linear.inputs[2]].astype(np.float64).reshape(-1)
        bias = bias + old * _beta(graph, linear) * affine.gain
    names = [_own(graph, linear, 1, "weight", constants)]
    constants[names[0]] = scaled.astype(weight.dtype)
    names.append(_own(graph, linear, 2, "bias", constants))
    constants[names[1]] = bias.astype(weight.dtype)
    attributes = {k: v for k, v in linear.attributes.items() if k != "beta"}
    return replace(
        linear,
        inputs=(linear.inputs[0], *names),
        outputs=norm.outputs[:1],
        attributes=attributes,
    )


def _beta(graph: Graph, linear: Node) -> float:
    return graph.call(linear).real("beta") if linear.op == "Gemm" else 1.0


def _along_outputs(call: Call, gain: Array) -> Array:
    """Give gains the axes of the weight, output channels on their own axis."""
    channels, *rest = concrete(call.shape(1))
    match call.operator.name:
        case "Conv":
            return gain.reshape(-1, *(1,) * len(rest))
        case "Gemm":
            return gain.reshape(-1, 1) if call.flag("transB") else gain
        case _:
            group = call.integer("group")
            rows = np.repeat(gain.reshape(group, 1, -1), channels // group, axis=1)
            return rows.reshape(channels, rest[0], *(1,) * (len(rest) - 1))


def _own(
    graph: Graph, linear: Node, index: int, kind: str, constants: dict[str, Array]
) -> str:
    """Name the new constant: as before, unless another node reads that one too."""
    given = linear.inputs[index] if index < len(linear.inputs) else ""
    is_own = given and len(graph.consumers[given]) == linear.inputs.count(given) == 1
    if is_own and given not in graph.outputs:
        return given
    stem = given or f"{linear.inputs[1].removesuffix('weight').rstrip('.')}.{kind}"
    return unused_name(graph, stem.lstrip("."), constants)
