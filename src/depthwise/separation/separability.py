"""How separable the dense layers of a network are: what few terms hold of a kernel."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.graph import Graph, concrete
from depthwise.separation.factors import Order, term_energies
from depthwise.separation.looking import Samples, seen_by_taps
from depthwise.separation.sites import Site, sites_of

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class Separability:
    """What sums of separable terms hold of one dense layer.

    Args:
        layer: The layer's name.
        energy: Share of the kernel's energy that the best 1, 2, … terms hold; weighted
            by what the taps see where samples are known.
        pays_up_to: Terms with which the sum still costs less than the layer; 0 for
            none.

    Example:
        >>> Separability("conv", (0.7, 0.96, 1.0), 5).terms_for(0.95)
        2
    """

    layer: str
    energy: tuple[float, ...]
    pays_up_to: int

    def terms_for(self, share: float) -> int:
        """Count the terms that hold so much of the energy.

        Args:
            share: From 0 to 1.

        Returns:
            The fewest terms; all of them where rounding keeps the sum below.
        """
        enough = (n for n, held in enumerate(self.energy, 1) if held >= share)
        return next(enough, len(self.energy))


def separability_of(
    graph: Graph, samples: Samples | None = None
) -> tuple[Separability, ...]:
    """Tell how separable every dense convolution is, depthwise first.

    Args:
        graph: Any graph that verifies.
        samples: Inputs that decide which weights matter; None weighs all alike.

    Returns:
        One entry a convolution that could be taken apart, in order.

    Example:
        >>> from depthwise.graph import Batch, Input, Node, TensorType, verify
        >>> x = Input("x", TensorType("float32", (Batch(), 2, 8)))
        >>> kernel = np.einsum("k,c,t->kct", [1, 2, 3], [1, 2], [1, 0, -1])
        >>> node = Node("Conv", ("x", "w"), ("y",), {}, "conv")
        >>> weights = {"w": kernel.astype("float32")}
        >>> dense = verify(Graph("g", (x,), ("y",), (node,), weights))
        >>> [round(held, 6) for held in separability_of(dense)[0].energy]
        [1.0, 1.0, 1.0]
    """
    sites = [site for site in sites_of(graph) if isinstance(site, Site)]
    seen = {} if samples is None else _covariances(graph, sites, samples)
    return tuple(_judge(site, seen.get(site.name)) for site in sites)


def _judge(site: Site, covariance: Array | None) -> Separability:
    energy = term_energies(site.weight, site.groups, covariance)
    one = site.macs_of(Order.DEPTHWISE_FIRST, 1)
    pays = (site.macs - 1) // one
    return Separability(site.name, tuple(energy.tolist()), min(pays, len(energy)))


def _covariances(
    graph: Graph, sites: Sequence[Site], samples: Samples
) -> Mapping[str, Array]:
    """Measure what the taps of each input channel see: ``[C, taps, taps]`` a layer."""
    bound = graph.bind(1)
    calls = [(site, node) for site in sites for node in site.calls]
    draws = [
        samples.places(math.prod(concrete(bound.types[node.outputs[0]].shape)[2:]))
        for _, node in calls
    ]
    sums = {site.name: _Moments.none(site.inputs, site.taps) for site in sites}
    for values in samples.values(graph, [node.inputs[0] for _, node in calls]):
        for (site, _), x, draw in zip(calls, values, draws, strict=True):
            seen = seen_by_taps(x, site.windows, next(draw))
            sums[site.name] = sums[site.name].plus(seen)
    return {name: moments.covariance() for name, moments in sums.items()}


@dataclass(frozen=True, eq=False)
class _Moments:
    """Sums over positions: how many, of the taps, and of their products."""

    count: int
    first: Array
    second: Array

    @classmethod
    def none(cls, channels: int, taps: int) -> _Moments:
        return cls(0, np.zeros((channels, taps)), np.zeros((channels, taps, taps)))

    def plus(self, seen: Array) -> _Moments:
        """Add what was seen, ``[n, C, taps, p]``."""
        rows = seen.astype(np.float64).transpose(1, 2, 0, 3)
        rows = rows.reshape(*rows.shape[:2], -1)
        return _Moments(
            self.count + rows.shape[2],
            self.first + rows.sum(axis=2),
            self.second + rows @ rows.swapaxes(1, 2),
        )

    def covariance(self) -> Array:
        mean = self.first / max(self.count, 1)
        products = mean[:, :, None] * mean[:, None, :]
        return np.asarray(self.second / max(self.count, 1) - products)
