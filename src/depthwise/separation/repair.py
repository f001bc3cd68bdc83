"""Repair on data: the second half of each layer refitted, and norms moved."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.graph import Graph, concrete
from depthwise.graph.edits import Edit, apply_edits
from depthwise.separation.edits import between, edit_of
from depthwise.separation.factors import Factors, Order
from depthwise.separation.forms import Form
from depthwise.separation.looking import Samples, at, in_rows, seen_by_taps
from depthwise.separation.norms import followed_by_norm, moved_norm, norms_behind
from depthwise.separation.regression import Sums, sums_of
from depthwise.separation.sites import Site

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Chosen:
    """A layer and the form that it takes.

    Args:
        site: The layer.
        factors: Its terms in the form's order.
        form: The form.
        means: Of what the taps see on data ``[groups, C/groups * taps]``, or None.
    """

    site: Site
    factors: Factors
    form: Form
    means: Array | None = None

    @property
    def results(self) -> list[str]:
        """Names of the values that the layer computes."""
        return [node.outputs[0] for node in self.site.calls]

    def edit(self) -> Edit:
        """Write the form as it comes out of the factorisation.

        Returns:
            The edit. The layer's bias takes over what the missing terms give on
            average, where it has one and data are known.
        """
        bias = self.site.bias
        if bias is not None and self.means is not None:
            weight = self.site.weight.astype(np.float64)
            missing = weight - self.factors.composed(self.form.terms)
            parted = missing.reshape(len(self.means), -1, self.means.shape[1])
            bias = bias + np.einsum("gkn,gn->gk", parted, self.means).reshape(-1)
        kernels = self.factors.kernels(self.form.terms)
        return edit_of(self.site, self.form.order, kernels, bias)


def moments_of(graph: Graph, site: Site, samples: Samples) -> Sums:
    """Sum up what the taps of a layer see.

    Args:
        graph: The network.
        site: One of its layers.
        samples: What to watch.

    Returns:
        Moments by group of channels, taps innermost; no targets.
    """
    names = [node.inputs[0] for node in site.calls]
    results = [node.outputs[0] for node in site.calls]

    def pairs() -> Iterator[tuple[Array, Array]]:
        draws = [samples.places(_positions(graph, name)) for name in results]
        for values in samples.values(graph, names):
            for x, draw in zip(values, draws, strict=True):
                seen = seen_by_taps(x, site.windows, next(draw))
                flat = seen.reshape(len(seen), -1, seen.shape[-1])
                features = in_rows(flat, site.groups)
                yield features, features[:, :0]

    return sums_of(pairs())


def repair(
    graph: Graph,
    chosen: Sequence[Chosen],
    samples: Samples,
    step: Callable[[], None] = lambda: None,
) -> tuple[tuple[Edit, ...], Mapping[str, float]]:
    """Refit layer after layer, each on inputs that the ones before have changed.

    The second half of a layer predicts what the layer gave in the original network;
    batch norms behind it are corrected by how their input moved.

    Args:
        graph: The original network.
        chosen: Its layers that change.
        samples: What to watch.
        step: Called after each layer.

    Returns:
        The edits, and what is left of each layer's variance, by name.

    Source:
        Guo et al. 2018, arXiv:1808.05517; Zhang et al. 2015, arXiv:1505.06798,
        section 3.3, for the asymmetric reconstruction.
    """
    edits: dict[str, Edit] = {one.site.name: one.edit() for one in chosen}
    first = {one.site.calls[0].name: one for one in chosen}
    changed = {name for one in chosen for name in one.results}
    norms = {node.name: node for node in norms_behind(graph, changed)}
    errors = {}
    for node in graph.nodes:
        now = first.get(node.name)
        if now is not None:
            current = apply_edits(graph, edits.values())
            edit, error = _refitted(graph, current, now, samples)
            edits[now.site.name], errors[now.site.name] = edit, error
            step()
        elif norms.get(node.name) is node:
            current = apply_edits(graph, edits.values())
            edits[f"norm {node.name}"] = moved_norm(graph, current, node, samples)
    return tuple(edits.values()), errors


def _refitted(
    graph: Graph, current: Graph, chosen: Chosen, samples: Samples
) -> tuple[Edit, float]:
    site, order = chosen.site, chosen.form.order
    filters, mixing = chosen.factors.kernels(chosen.form.terms)
    sums = sums_of(_pairs(graph, current, chosen, samples))
    if order is Order.DEPTHWISE_FIRST:
        weights = sums.refit(mixing.reshape(sums.cross.shape))
        mixing = weights.reshape(mixing.shape)
    else:
        weights = sums.refit(filters.reshape(sums.cross.shape))
        filters = weights.reshape(filters.shape)
    bias = sums.offsets(weights)
    plain = site.bias is None and followed_by_norm(graph, chosen.results)
    edit = edit_of(site, order, (filters, mixing), None if plain else bias)
    return edit, sums.error(weights)


def _pairs(
    graph: Graph, current: Graph, chosen: Chosen, samples: Samples
) -> Iterator[tuple[Array, Array]]:
    """What the second half sees now, and what the layer gave before."""
    site, order = chosen.site, chosen.form.order
    draws = [samples.places(_positions(graph, name)) for name in chosen.results]
    seen = samples.values(current, between(site, order))
    given = samples.values(graph, chosen.results)
    for halves, results in zip(seen, given, strict=True):
        for half, result, draw in zip(halves, results, draws, strict=True):
            places = next(draw)
            if order is Order.DEPTHWISE_FIRST:
                groups, features = site.groups, at(half, places)
            else:
                groups = len(site.weight)
                taps = seen_by_taps(half, site.windows, places)
                features = taps.reshape(len(taps), -1, len(places))
            yield in_rows(features, groups), in_rows(at(result, places), groups)


def _positions(graph: Graph, name: str) -> int:
    return math.prod(concrete(graph.bind(1).types[name].shape[2:]))
