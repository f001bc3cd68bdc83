"""Which values of a graph are looked at, and their statistics over data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from depthwise.diagnosis.statistics import Array, ChannelStatistics, observe
from depthwise.errors import DataError
from depthwise.execute import Batches, Run, feed
from depthwise.graph import Graph
from depthwise.graph.operators import activation, elementwise, unary

ACTIVATIONS = frozenset(entry.name for entry in activation.OPERATORS)
_WEIGHTED = frozenset({"Conv", "ConvTranspose"})
_FULL = frozenset({"Gemm", "MatMul"})
_FAMILIES = (activation, elementwise, unary)
_FOLLOWERS = frozenset(entry.name for f in _FAMILIES for entry in f.OPERATORS)
_FOLLOWERS |= {"BatchNormalization", "Clip"}


def observed_values(graph: Graph) -> Mapping[str, str]:
    """Name the value to look at for each layer: after its norm and activation.

    Layers are convolutions, and full layers ``[n, C]`` that are no result themselves.

    Args:
        graph: Any graph.

    Returns:
        For each layer's name the name of a value ``[n, C, *spatial]``.

    Example:
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8)))
        >>> observed_values(Graph("empty", (x,), ("x",), ()))
        {}
    """
    places = {}
    for node in graph.nodes:
        full = node.op in _FULL and node.inputs[1] in graph.constants
        if node.op in _WEIGHTED or (full and graph.types[node.outputs[0]].rank == 2):
            value = _last_of(graph, node.outputs[0])
            if node.op in _WEIGHTED or value not in graph.outputs:
                places[node.name or node.outputs[0]] = value
    return places


@dataclass(frozen=True, eq=False)
class Observed:
    """What data showed.

    Args:
        layers: Statistics by layer name, in graph order.
        inputs: Statistics of the data themselves, by input name.
        samples: How many samples were seen.
        ranges: For every value that an activation makes or a layer is judged by, the
            least and the greatest that each channel was, ``[C]`` each.

    Example:
        >>> Observed({}, {}, 2, {}).samples
        2
    """

    layers: Mapping[str, ChannelStatistics]
    inputs: Mapping[str, ChannelStatistics]
    samples: int
    ranges: Mapping[str, tuple[Array, Array]]


def observe_layers(graph: Graph, batches: Batches, run: Run) -> Observed:
    """Stream data through a graph and take statistics of every layer's channels.

    Args:
        graph: Any graph.
        batches: Input arrays ``[n, C, *spatial]``, at least one.
        run: An implementation of execution.

    Returns:
        Statistics of layers and of inputs.

    Raises:
        DataError: If there is no batch, or values are not finite.

    Example:
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> from depthwise.execute import run
        >>> import numpy as np
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8)))
        >>> empty = Graph("empty", (x,), ("x",), ())
        >>> observe_layers(empty, [np.ones((2, 3, 8), "float32")], run).samples
        2
    """
    places = observed_values(graph)
    taps = tuple(dict.fromkeys((*places.values(), *_activated(graph))))
    inputs: dict[str, ChannelStatistics] = {}
    layers: dict[str, ChannelStatistics] = {}
    ranges: dict[str, tuple[Array, Array]] = {}
    samples = 0
    for batch in batches:
        given = feed(graph, batch)
        samples += max(map(len, given.values()))
        _add(inputs, {n: observe(array, "data") for n, array in given.items()})
        (values,) = run(graph, [given], taps)
        seen: dict[str, ChannelStatistics] = {}
        for name, place in places.items():
            seen[place] = seen.get(place) or observe(values[place], f"layer {name}")
        _widen(ranges, {tap: _ends(values[tap]) for tap in taps})
        _add(layers, {name: seen[place] for name, place in places.items()})
    if not samples:
        raise DataError("a diagnosis needs at least one batch; got none")
    return Observed(layers, inputs, samples, ranges)


def _activated(graph: Graph) -> list[str]:
    """Name what activations make, where it has channels."""
    made = (node.outputs[0] for node in graph.nodes if node.op in ACTIVATIONS)
    return [name for name in made if graph.types[name].rank > 1]


def _ends(values: Array) -> tuple[Array, Array]:
    others = tuple(axis for axis in range(values.ndim) if axis != 1)
    low, high = values.min(axis=others), values.max(axis=others)
    return low.astype(np.float64), high.astype(np.float64)


def _widen(
    ranges: dict[str, tuple[Array, Array]], fresh: Mapping[str, tuple[Array, Array]]
) -> None:
    for name, (low, high) in fresh.items():
        least, most = ranges.get(name, (low, high))
        ranges[name] = np.minimum(least, low), np.maximum(most, high)


def _add(
    found: dict[str, ChannelStatistics], fresh: Mapping[str, ChannelStatistics]
) -> None:
    for name, statistics in fresh.items():
        found[name] = found[name] + statistics if name in found else statistics


def _last_of(graph: Graph, value: str) -> str:
    """Follow what each channel becomes by itself: norms, activations, gates by itself.

    ``x * sigmoid(x)`` is one activation, in however many nodes it is written.
    """
    own = _own_values(graph, value)
    for count in range(len(own), 1, -1):
        inner = {name: graph.consumers.get(name, ()) for name in own[: count - 1]}
        inside = set(own[:count])
        closed = all(
            name not in graph.outputs and all(n.outputs[0] in inside for n in readers)
            for name, readers in inner.items()
        )
        if closed and graph.types[own[count - 1]] == graph.types[value]:
            return own[count - 1]
    return value


def _own_values(graph: Graph, value: str) -> list[str]:
    """List values made of one alone, element by element, each after what it is of."""
    own = [value]
    for name in own:
        for node in graph.consumers.get(name, ()):
            others = (n for n in node.inputs if n and n not in graph.constants)
            alone = node.op in _FOLLOWERS and all(n in own for n in others)
            if alone and len(node.outputs) == 1 and node.outputs[0] not in own:
                own.append(node.outputs[0])
    return own


_SILENT = frozenset({"Relu", "HardSwish", "Gelu", "Mish"})
_GATES = frozenset({"Sigmoid", "HardSigmoid"})


def falls_silent(graph: Graph, value: str) -> bool:
    """Tell whether an activation made a value that says next to nothing below zero.

    Args:
        graph: Any graph.
        value: One of its values.

    Returns:
        True for rectifiers and what is shaped like one: SiLU, hard-swish, GELU, Mish.

    Example:
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8)))
        >>> nodes = Node("Sigmoid", ("x",), ("s",)), Node("Mul", ("x", "s"), ("y",))
        >>> falls_silent(Graph("silu", (x,), ("y",), nodes), "y")
        True
    """
    maker = graph.producers.get(value)
    if maker is None or maker.op != "Mul":
        return maker is not None and maker.op in _SILENT
    gates = [graph.producers[n] for n in maker.inputs if n in graph.producers]
    return any(g.op in _GATES and g.inputs[0] in maker.inputs for g in gates)
