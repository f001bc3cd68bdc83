"""What the memory of a compiled network ought to be, counted without compiling it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from operator import add

from depthwise.costing import memory_over_time
from depthwise.graph import Graph, concrete
from depthwise.graph.operators.convolution import conv_windows
from depthwise.graph.rewrite import simplify

_FLOAT = 4
_IMAGE = 3
_SHAPING = {"Reshape", "Squeeze", "Transpose", "Unsqueeze"}


def predict_memory(graph: Graph, lanes: int, *, batch: int = 1) -> dict[str, int]:
    """Count the activations of a network whose layers run one after the other.

    Norms are folded; images have their channels filled up to whole vectors and the
    zeros around them that their readers want. ``fused`` is what the engine may take
    where chains of layers run as one: as much as if every activation were a layer of
    its own. ``unfused`` writes activations over what they read.

    Args:
        graph: The network.
        lanes: Channels of a vector.
        batch: Samples.

    Returns:
        Bytes at the worst moment, by "fused" and "unfused".

    Example:
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 4)))
        >>> nodes = Node("Relu", ("x",), ("y",)), Node("Tanh", ("y",), ("z",))
        >>> predict_memory(Graph("g", (x,), ("z",), nodes), 8)
        {'fused': 32, 'unfused': 32}
    """
    bound = simplify(graph).bind(graph.batch or batch)
    sizes = laid_out(bound, lanes)
    return {
        "fused": max(memory_over_time(bound, sizes=sizes), default=0),
        "unfused": max(memory_over_time(bound, sizes=sizes, in_place=True), default=0),
    }


def laid_out(graph: Graph, lanes: int) -> Mapping[str, int]:
    """Count the bytes of images with whole vectors of channels and zeros around them.

    Inputs that no depthwise convolution reads keep their channels one by one.

    Args:
        graph: A graph whose batch is bound.
        lanes: Channels of a vector.

    Returns:
        Bytes by value; values that are no images are left out.
    """
    halos: dict[str, list[int]] = {}
    thin = {given.name for given in graph.inputs}
    for node in graph.nodes:
        if node.op in _SHAPING:
            thin |= {*node.outputs}
        if node.op == "Conv":
            call = graph.call(node)
            pads = [max(w.begin, 0) + max(w.end, 0) for w in conv_windows(call)]
            known = halos.get(node.inputs[0], [0] * len(pads))
            halos[node.inputs[0]] = list(map(max, known, pads))
            thin -= {node.inputs[0]} if call.integer("group") > 1 else set()
    found = {}
    for name, kind in graph.types.items():
        shape = concrete(kind.shape)
        if len(shape) >= _IMAGE and name not in graph.constants:
            count, channels, *sides = shape
            filled = channels if name in thin else -(-channels // lanes) * lanes
            halo = halos.get(name, [0] * len(sides))
            room = math.prod(map(add, sides, halo))
            found[name] = _FLOAT * count * filled * room
    return found
