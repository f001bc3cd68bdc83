"""Which values of a graph are looked at, and their statistics over data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from depthwise.diagnosis.statistics import Array, ChannelStatistics, observe
from depthwise.errors import DataError
from depthwise.execute import Batches, Run, feed
from depthwise.graph import Graph, Node
from depthwise.graph.operators import activation

ACTIVATIONS = frozenset(entry.name for entry in activation.OPERATORS)
_WEIGHTED = frozenset({"Conv", "ConvTranspose"})
_FOLLOWERS = ACTIVATIONS | {"BatchNormalization"}


def observed_values(graph: Graph) -> Mapping[str, str]:
    """Name the value to look at for each convolution: after its norm and activation.

    Args:
        graph: Any graph.

    Returns:
        For each convolution's name the name of a value ``[n, C, *spatial]``.

    Example:
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8)))
        >>> observed_values(Graph("empty", (x,), ("x",), ()))
        {}
    """
    convolutions = [node for node in graph.nodes if node.op in _WEIGHTED]
    return {n.name or n.outputs[0]: _last_of(graph, n) for n in convolutions}


@dataclass(frozen=True, eq=False)
class Observed:
    """What data showed.

    Args:
        layers: Statistics by convolution name, in graph order.
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
    """Stream data through a graph and take statistics of every convolution's channels.

    Args:
        graph: Any graph.
        batches: Input arrays ``[n, C, *spatial]``, at least one.
        run: An implementation of execution.

    Returns:
        Statistics of layers and of inputs.

    Raises:
        DataError: If there is no batch.

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
        _add(inputs, {name: observe(array) for name, array in given.items()})
        (values,) = run(graph, [given], taps)
        seen = {place: observe(values[place]) for place in set(places.values())}
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


def _last_of(graph: Graph, node: Node) -> str:
    """Follow a single reader through batch norm and activation."""
    value = node.outputs[0]
    readers = graph.consumers.get(value, ())
    alone = len(readers) == 1 and value not in graph.outputs
    if alone and readers[0].op in _FOLLOWERS:
        return _last_of(graph, readers[0])
    return value
