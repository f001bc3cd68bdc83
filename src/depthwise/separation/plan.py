"""Which form each layer takes, so that the least is lost within a budget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.separation.forms import Candidate, Form

Array: TypeAlias = NDArray[Any]
Choice: TypeAlias = tuple[Form | None, ...]
_MOST = 4096
"""Points of a frontier that are kept; more are thinned out evenly by cost."""


def plan_within(candidates: Sequence[Candidate], most: int) -> Choice | None:
    """Choose forms that lose least within a cost: an exact knapsack.

    What is lost is the sum of -log(energy kept) over layers: the product of the
    energies is to be large, as errors of layers multiply up in depth.

    Args:
        candidates: Layers with their forms.
        most: Multiply-accumulates that they may have together.

    Returns:
        A form a layer, None where it stays as it is; None if nothing is cheap enough.

    Source:
        Zhang et al. 2015, arXiv:1505.06798, section 3.4, for the product of energies.

    Example:
        >>> plan_within([], 0)
        ()
    """
    macs, loss = np.zeros(1, np.int64), np.zeros(1)
    trail: list[tuple[Array, Array]] = []
    for candidate in candidates:
        costs, losses = _options(candidate)
        macs, loss, origin = _frontier(macs, loss, costs, losses)
        trail.append((origin // len(costs), origin % len(costs)))
    fitting = np.flatnonzero(macs <= most)
    if not len(fitting):
        return None
    place, chosen = int(fitting[-1]), []
    for candidate, (before, option) in zip(
        reversed(candidates), reversed(trail), strict=True
    ):
        chosen.append((*candidate.forms, None)[int(option[place])])
        place = int(before[place])
    return tuple(reversed(chosen))


def _options(candidate: Candidate) -> tuple[Array, Array]:
    """Cost and loss of every form, and of the layer as it is."""
    macs = [form.macs for form in candidate.forms]
    losses = [-math.log(max(form.energy, 1e-12)) for form in candidate.forms]
    return np.array([*macs, candidate.site.macs]), np.array([*losses, 0.0])


def _frontier(
    macs: Array, loss: Array, costs: Array, losses: Array
) -> tuple[Array, Array, Array]:
    """Add a layer to every point, and keep what nothing cheaper equals."""
    every = (macs[:, None] + costs).ravel()
    lost = (loss[:, None] + losses).ravel()
    order = np.lexsort((lost, every))
    least = np.minimum.accumulate(lost[order])
    better = np.r_[True, least[1:] < least[:-1]]
    kept = order[better]
    if len(kept) > _MOST:
        kept = kept[np.linspace(0, len(kept) - 1, _MOST).astype(int)]
    return every[kept], lost[kept], kept


def plan_by_energy(candidates: Sequence[Candidate], energy: float) -> Choice:
    """Choose the cheapest form of each layer that keeps enough of its energy.

    Args:
        candidates: Layers with their forms.
        energy: Share that every layer keeps at least, 0 to 1.

    Returns:
        A form a layer, None where it stays as it is.

    Example:
        >>> plan_by_energy([], 0.9)
        ()
    """
    chosen: list[Form | None] = []
    for candidate in candidates:
        good = [form for form in candidate.forms if form.energy >= energy]
        chosen.append(min(good, key=lambda f: (f.macs, f.error), default=None))
    return tuple(chosen)


@dataclass(frozen=True)
class Goal:
    """What a separation is to reach: a cost, or an energy.

    Args:
        budget: Share of the network's multiply-accumulates that may be left.
        energy: Share of its energy that every layer keeps at least; one of the two.

    Example:
        >>> Goal(budget=0.5).energy is None
        True
    """

    budget: float | None = None
    energy: float | None = None
