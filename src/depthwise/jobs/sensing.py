"""What each sensor contributes to a model, on labelled data that fit it."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.data import Dataset
from depthwise.diagnosis.sensors import SensorAnalysis, Trial, analyse_sensors
from depthwise.execute import Run
from depthwise.graph import Graph
from depthwise.jobs.samples import Samples

Array: TypeAlias = NDArray[Any]
MOST = 512
"""Samples that are looked at, evenly spaced."""
FEWEST = 5
"""Clusters that a bootstrap draws from, at least."""


def sense(
    graph: Graph, held: Samples, execute: Run, rows: Array | None = None
) -> SensorAnalysis | None:
    """Take sensors away from a classifier, and see what is lost.

    Args:
        graph: The network.
        held: Labelled samples, ready for it.
        execute: What runs the graph.
        rows: Which of them, ``[m]``; all if None. At most 512 are looked at.

    Returns:
        The analysis; None for images, and where the network does not say one score a
        class.
    """
    data = held.dataset
    scores = graph.types[graph.outputs[0]].shape
    if data.kind != "sensor" or scores[1:] != (len(data.classes),) or len(data) < 2:
        return None
    some = np.arange(len(data)) if rows is None else rows
    chosen = np.sort(some[:: -(-len(some) // MOST)])
    inputs = held.preprocessing.apply(np.asarray(data.inputs[chosen]))

    def predict(samples: Array) -> Array:
        parts = range(0, len(samples), 64)
        found = execute(graph, [samples[at : at + 64] for at in parts])
        return np.concatenate([values[graph.outputs[0]] for values in found])

    clusters = _clusters(data, chosen)
    trial = Trial(predict, inputs, data.labels[chosen], clusters)
    return analyse_sensors(graph, trial, data.channels, execute)


def _clusters(data: Dataset, rows: Array) -> Array | None:
    """Name what a bootstrap draws: people, or else recordings, if there are enough."""
    for column in (data.groups, data.recordings):
        if column is not None and len(np.unique(column[rows])) >= FEWEST:
            return np.asarray(column[rows])
    return None
