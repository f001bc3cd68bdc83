"""Running statistics of batch norms, moved by as much as their inputs moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.graph import Graph, Node
from depthwise.graph.edits import ReplaceArrays
from depthwise.separation.looking import Samples

Array: TypeAlias = NDArray[Any]


def norms_behind(graph: Graph, values: set[str]) -> tuple[Node, ...]:
    """Find the batch norms whose inputs depend on some values.

    Args:
        graph: Any graph that verifies.
        values: Names of values that change.

    Returns:
        The norms in order, those with constant statistics of their own.
    """
    changed, found = set(values), []
    for node in graph.nodes:
        if changed.isdisjoint(node.inputs):
            continue
        changed.update(node.outputs)
        if node.op == "BatchNormalization" and _is_plain(graph, node):
            found.append(node)
    return tuple(found)


def _is_plain(graph: Graph, node: Node) -> bool:
    readers = [len(graph.consumers[name]) for name in node.inputs[3:5]]
    constant = all(name in graph.constants for name in node.inputs[3:5])
    return constant and readers == [1, 1] and not node.attributes.get("training_mode")


def moved_norm(
    before: Graph, after: Graph, node: Node, samples: Samples
) -> ReplaceArrays:
    """Correct a norm's mean and variance by how its input changed on data.

    A norm whose input is what it was keeps its statistics to the bit, however few the
    samples are and whatever they were drawn from.

    Args:
        before: The network as it was.
        after: The network as it is.
        node: The norm; both networks have it.
        samples: What to watch.

    Returns:
        The edit.
    """
    mean_name, variance_name = node.inputs[3:5]
    old = _statistics(before, node.inputs[0], samples)
    new = _statistics(after, node.inputs[0], samples)
    mean = np.asarray(before.constants[mean_name])
    variance = np.asarray(before.constants[variance_name])
    alive = old[1] > 0
    ratio = np.divide(new[1], old[1], where=alive, out=np.ones_like(old[1]))
    arrays = {
        mean_name: (mean + (new[0] - old[0])).astype(mean.dtype),
        variance_name: (variance * ratio).astype(variance.dtype),
    }
    return ReplaceArrays(node.scope, arrays)


def _statistics(graph: Graph, name: str, samples: Samples) -> tuple[Array, Array]:
    """Mean and variance of each channel, over samples and positions."""
    rows, sums = 0, [np.zeros(1), np.zeros(1)]
    shift: Array | None = None
    for (value,) in samples.values(graph, [name]):
        flat = np.moveaxis(value, 1, 0).reshape(value.shape[1], -1).astype(np.float64)
        shift = flat.mean(axis=1, keepdims=True) if shift is None else shift
        centred = flat - shift
        sums = [sums[0] + centred.sum(axis=1), sums[1] + (centred**2).sum(axis=1)]
        rows += flat.shape[1]
    mean, square = (total / max(rows, 1) for total in sums)
    start = np.zeros(1) if shift is None else shift[:, 0]
    return start + mean, np.maximum(square - mean**2, 0)


def followed_by_norm(graph: Graph, names: Sequence[str]) -> bool:
    """Tell whether batch norms, and nothing else, read some values.

    Args:
        graph: Any graph.
        names: The values.

    Returns:
        True if the mean of each value is taken off anyway.
    """
    for name in names:
        readers = graph.consumers.get(name, ())
        plain = [n.op == "BatchNormalization" and _is_plain(graph, n) for n in readers]
        if not plain or not all(plain) or name in graph.outputs:
            return False
    return True
