"""How each filter mixes the sensors: whose change changes what the filter says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.layers import observed_values
from depthwise.diagnosis.sensors.contribution import Way, take_away
from depthwise.diagnosis.sensors.names import Sensors
from depthwise.errors import DataError
from depthwise.execute import Run
from depthwise.graph import Graph

Array: TypeAlias = NDArray[Any]
_BATCH = 64


@dataclass(frozen=True, eq=False)
class Mixing:
    """How one layer's filters mix the sensors.

    Args:
        layer: Its name.
        sensors: Names, in the order of the columns.
        profile: ``[K, S]``, rows summing to 1: the share that each sensor has in what
            a filter does; 0 throughout where a filter does not change.

    Example:
        >>> Mixing("conv", ("a", "b"), np.array([[0.5, 0.5], [1, 0]])).reach.tolist()
        [2.0, 1.0]
    """

    layer: str
    sensors: tuple[str, ...]
    profile: Array

    @property
    def reach(self) -> Array:
        """``[K]``: of how many sensors a filter is made; 1 keeps to a single one.

        The exponential of the entropy of its profile; 0 where it does not change.
        """
        logs = np.log(np.where(self.profile > 0, self.profile, 1))
        spread = np.exp(-(self.profile * logs).sum(axis=1))
        return np.asarray(np.where(self.profile.sum(axis=1) > 0, spread, 0))

    @property
    def mean_reach(self) -> float:
        """Mean reach of the filters that change; 0 without one."""
        live = self.reach[self.reach > 0]
        return float(live.mean()) if live.size else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Turn the layer into plain values for JSON.

        Returns:
            Its profile and reach.
        """
        return {
            "layer": self.layer,
            "sensors": list(self.sensors),
            "profile": self.profile.tolist(),
            "reach": self.reach.tolist(),
            "mean_reach": self.mean_reach,
        }


def mixing_profiles(
    graph: Graph, inputs: Array, sensors: Sensors, execute: Run, *, seed: int = 0
) -> tuple[Mixing, ...]:
    """Measure the share of each sensor in every filter of every convolution.

    The sensor reads what it read in another sample while all others stay; the mean
    square of the change, after norm and activation, is what the sensor does to the
    filter, through any network.

    Args:
        graph: A network of one input.
        inputs: ``[n, C, *spatial]``, two samples or more, ready for the network.
        sensors: Channels by sensor.
        execute: What runs the graph.
        seed: Of the permutations.

    Returns:
        One entry a convolution, in order.

    Raises:
        DataError: If there are fewer than two samples.

    Source:
        Jansen 1999, "Analysis of variance designs for model output", equation 11: the
        total effect of an input is half this mean square.

    Example:
        >>> from depthwise.execute import run
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 2, 4)))
        >>> weights = {"w": np.array([[[1], [0]], [[1], [1]]], "float32")}
        >>> nodes = (Node("Conv", ("x", "w"), ("y",)),)
        >>> graph = Graph("g", (x,), ("y",), nodes, weights)
        >>> data = np.random.default_rng(0).normal(size=(9, 2, 4)).astype("float32")
        >>> mixing_profiles(graph, data, {"a": (0,), "b": (1,)}, run)[0].profile[0]
        array([1., 0.])
    """
    if len(inputs) < 2:
        raise DataError(f"mixing is measured on two samples or more; got {len(inputs)}")
    places = observed_values(graph)
    taps = tuple(dict.fromkeys(places.values()))
    rng = np.random.default_rng(seed)
    changes: dict[str, list[Array]] = {tap: [] for tap in taps}
    for channels in sensors.values():
        other = take_away(inputs, channels, Way.PERMUTED, rng)
        found = _mean_square(graph, (inputs, other), taps, execute)
        for tap in taps:
            changes[tap].append(found[tap])
    names = tuple(sensors)
    return tuple(
        Mixing(layer, names, _shares(np.stack(changes[tap], axis=1)))
        for layer, tap in places.items()
    )


def _mean_square(
    graph: Graph, pair: tuple[Array, Array], taps: tuple[str, ...], execute: Run
) -> Mapping[str, Array]:
    """Compare what two versions of the samples do to every channel."""
    first, second = (execute(graph, _batches(inputs), taps) for inputs in pair)
    sums = dict.fromkeys(taps, np.zeros(1))
    for one, two in zip(first, second, strict=True):
        for tap in taps:
            gap = np.subtract(one[tap], two[tap], dtype=np.float64)
            others = (0, *range(2, gap.ndim))
            sums[tap] = sums[tap] + np.square(gap).sum(axis=others)
    return sums


def _batches(inputs: Array) -> list[Array]:
    return [inputs[at : at + _BATCH] for at in range(0, len(inputs), _BATCH)]


def _shares(changes: Array) -> Array:
    total = changes.sum(axis=1, keepdims=True)
    shares = np.divide(changes, total, out=np.zeros_like(changes), where=total > 0)
    return np.asarray(shares)
