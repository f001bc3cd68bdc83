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
from depthwise.graph.rewrite.surgery import rebuilt, unused_name
from depthwise.graph.shapes import concrete

Array: TypeAlias = NDArray[Any]

_LINEAR = {"Conv": 3, "ConvTranspose": 3, "Gemm": 3}


@dataclass(frozen=True, eq=False)
class _Affine:
    """What batch norm does to channel k: multiply by gain[k], then add offset[k]."""

    gain: Array
    offset: Array


def fold_batch_norm(graph: Graph) -> Graph:
    """Fold every BatchNormalization into the Conv, ConvTranspose or Gemm before it.

    Weights are computed in float64 and rounded once to their own type. A batch norm
    stays where its operand is read twice or is an output of the graph, or where the
    operator before it is none of these or has computed weights. Weights that other
    nodes share are left alone: the folded operator gets its own.

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
    pairs = dict(_pairs(graph))
    folded = {linear.outputs[0]: norm for norm, linear in pairs.values()}
    constants: dict[str, Array] = {}
    nodes = []
    for node in graph.nodes:
        if node.outputs[0] in pairs and node.op == "BatchNormalization":
            continue
        norm = folded.get(node.outputs[0])
        nodes.append(node if norm is None else _fold(graph, node, norm, constants))
    parameters = [name for name in constants if name not in graph.constants]
    return rebuilt(graph, nodes, constants, parameters)


def _pairs(graph: Graph) -> Iterator[tuple[str, tuple[Node, Node]]]:
    """Yield batch norms that can be folded, with what they fold into."""
    for norm in graph.nodes:
        if norm.op != "BatchNormalization":
            continue
        linear = graph.producers.get(norm.inputs[0])
        if linear is None or linear.op not in _LINEAR:
            continue
        value = linear.outputs[0]
        alone = len(graph.consumers[value]) == 1 and value not in graph.outputs
        known = all(
            n in graph.constants for n in (*linear.inputs[1:], *norm.inputs[1:]) if n
        )
        if alone and known and _has_plain_bias(graph, linear):
            yield norm.outputs[0], (norm, linear)


def _has_plain_bias(graph: Graph, linear: Node) -> bool:
    """Whether the bias has one element a channel; Gemm's may be a matrix."""
    if len(linear.inputs) < 3 or not linear.inputs[2]:
        return True
    shape = graph.constants[linear.inputs[2]].shape
    return math.prod(shape[:-1]) == 1


def _affine(graph: Graph, norm: Node) -> _Affine:
    scale, shift, mean, variance = (
        graph.constants[name].astype(np.float64) for name in norm.inputs[1:]
    )
    epsilon = graph.call(norm).real("epsilon")
    gain = scale / np.sqrt(variance + epsilon)
    return _Affine(gain, shift - mean * gain)


def _fold(graph: Graph, linear: Node, norm: Node, constants: dict[str, Array]) -> Node:
    affine = _affine(graph, norm)
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
    if given and len(graph.consumers[given]) == 1 and given not in graph.outputs:
        return given
    stem = given or f"{linear.inputs[1].removesuffix('weight').rstrip('.')}.{kind}"
    return unused_name(graph, stem.lstrip("."), constants)
