"""Which values of a graph are looked at, and their statistics over data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import add

from depthwise.diagnosis.statistics import ChannelStatistics, observe
from depthwise.errors import DataError
from depthwise.execute import Batches, Run
from depthwise.graph import Graph, Node

_RECTIFIERS = frozenset({"Relu", "Clip", "HardSwish", "LeakyRelu", "Elu", "Gelu"})
_WEIGHTED = frozenset({"Conv", "ConvTranspose"})
_FOLLOWERS = _RECTIFIERS | {"BatchNormalization"}


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


def observe_layers(
    graph: Graph,
    batches: Batches,
    run: Run,
) -> Mapping[str, ChannelStatistics]:
    """Stream data through a graph and take statistics of every convolution's channels.

    Args:
        graph: Any graph.
        batches: Input arrays ``[n, C, *spatial]``, at least one.
        run: An implementation of execution.

    Returns:
        Statistics by convolution name, in graph order.

    Raises:
        DataError: If there is no batch.

    Example:
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> from depthwise.execute import run
        >>> import numpy as np
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8)))
        >>> empty = Graph("empty", (x,), ("x",), ())
        >>> observe_layers(empty, [np.ones((1, 3, 8), "float32")], run)
        {}
    """
    places = observed_values(graph)
    found: dict[str, ChannelStatistics] = {}
    seen = False
    for values in run(graph, batches, tuple(dict.fromkeys(places.values()))):
        seen = True
        fresh = {name: observe(values[place]) for name, place in places.items()}
        found = {
            n: reduce(add, (found[n], s) if n in found else (s,))
            for n, s in fresh.items()
        }
    if not seen:
        raise DataError("a diagnosis needs at least one batch; got none")
    return found


def _last_of(graph: Graph, node: Node) -> str:
    """Follow a single reader through batch norm and activation."""
    value = node.outputs[0]
    readers = graph.consumers.get(value, ())
    alone = len(readers) == 1 and value not in graph.outputs
    if alone and readers[0].op in _FOLLOWERS:
        return _last_of(graph, readers[0])
    return value
