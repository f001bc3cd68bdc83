"""Take a trained network apart: choose, edit, and repair on data."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from numpy.typing import NDArray

from depthwise.errors import SeparationError, UsageError
from depthwise.graph import Graph
from depthwise.graph.edits import Edit, apply_edits
from depthwise.separation.factors import Order
from depthwise.separation.forms import Candidate, Form, candidate_of, settled
from depthwise.separation.looking import Samples
from depthwise.separation.plan import Choice, Goal, plan_by_energy, plan_within
from depthwise.separation.repair import Chosen, moments_of, repair
from depthwise.separation.sites import Fixed, Site, sites_of

Array: TypeAlias = NDArray[Any]
Progress: TypeAlias = Callable[[int, int], None]
BOTH = tuple(Order)


@dataclass(frozen=True)
class Layer:
    """What became of one convolution.

    Args:
        name: Its name.
        macs: What it cost.
        form: What it became; None where it stays.
        error: Root of the share of energy that is lost: of the output on data, after
            all layers before it, or of the weights where there are no data.
        reason: Why it stays, or empty.

    Example:
        >>> Layer("stem", 972, None, 0.0, "it does not pay").macs_after
        972
    """

    name: str
    macs: int
    form: Form | None
    error: float
    reason: str

    @property
    def macs_after(self) -> int:
        """What it costs now."""
        return self.macs if self.form is None else self.form.macs

    def to_dict(self) -> dict[str, Any]:
        """Turn the layer into plain values for JSON.

        Returns:
            All that is known.
        """
        form = self.form
        return {
            "layer": self.name,
            "order": None if form is None else str(form.order),
            "terms": None if form is None else form.terms,
            "rank": None if form is None else form.rank,
            "energy": None if form is None else form.energy,
            "error": self.error,
            "macs": {"before": self.macs, "after": self.macs_after},
            "kept_because": self.reason or None,
        }


@dataclass(frozen=True, eq=False)
class Separated:
    """A network whose dense convolutions were taken apart.

    Args:
        graph: The cheaper network.
        closed_form: The same before the repair on data; the same object without data.
        edits: What changed; ``bridge.apply`` takes them too.
        layers: What became of every convolution, in order.
        samples: How many samples were watched; 0 where weights alone decided.

    Example:
        >>> nothing = Graph("g", (), (), ())
        >>> Separated(nothing, nothing, (), (), 0).layers
        ()
    """

    graph: Graph
    closed_form: Graph
    edits: tuple[Edit, ...]
    layers: tuple[Layer, ...]
    samples: int


def separate_graph(
    graph: Graph,
    goal: Goal,
    *,
    orders: Sequence[Order] = BOTH,
    samples: Samples | None = None,
    fixed: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Separated:
    """Take the dense convolutions of a trained network apart, where that pays.

    Args:
        graph: Any graph that verifies.
        goal: The cost or the energy to reach.
        orders: Which half may come first.
        samples: Inputs that decide what matters, and repair what is lost.
        fixed: Why some layers must stay, by name.
        progress: Called with steps done and the most there can be: every layer is
            taken apart, and those that change are repaired.

    Returns:
        The cheaper network, with its edits and what became of every layer.

    Raises:
        UsageError: If the goal is out of range.
        SeparationError: If nothing pays, or the budget cannot be reached.

    Example:
        >>> import numpy as np
        >>> from depthwise.graph import Batch, Input, Node, TensorType, verify
        >>> x = Input("x", TensorType("float32", (Batch(), 2, 8)))
        >>> kernel = np.einsum("k,c,t->kct", [1, 2, 3], [1, 2], [1, 0, -1])
        >>> node = Node("Conv", ("x", "w"), ("y",), {}, "conv")
        >>> weights = {"w": kernel.astype("float32")}
        >>> dense = verify(Graph("g", (x,), ("y",), (node,), weights))
        >>> separate_graph(dense, Goal(energy=0.99)).layers[0].form.terms
        1
    """
    _check(goal)
    found = sites_of(graph, fixed)
    sites = [one for one in found if isinstance(one, Site)]
    step = _steps(progress, 2 * len(sites))
    candidates: list[Candidate] = []
    for site in sites:
        seen = None if samples is None else moments_of(graph, site, samples)
        candidates.append(candidate_of(site, orders, seen))
        step()
    if not any(candidate.forms for candidate in candidates):
        raise _refusal(graph, found, candidates)
    choice = _planned(graph, candidates, goal)
    if not any(choice):
        raise _unkept(graph, candidates, goal)
    chosen = _chosen(graph, candidates, choice, samples)
    edits: tuple[Edit, ...] = tuple(one.edit() for one in chosen)
    errors: Mapping[str, float] = {one.site.name: one.form.error for one in chosen}
    plain = repaired = apply_edits(graph, edits)
    if samples is not None:
        edits, errors = repair(graph, chosen, samples, step)
        repaired = apply_edits(graph, edits)
    layers = tuple(_layers(found, candidates, chosen, errors, goal))
    count = 0 if samples is None else samples.count
    return Separated(repaired, plain, edits, layers, count)


def _steps(progress: Progress | None, total: int) -> Callable[[], None]:
    """Count steps, and tell who wants to know."""
    count = itertools.count(1)

    def step() -> None:
        if progress is not None:
            progress(next(count), total)

    return step


def macs_of(graph: Graph) -> int:
    """Count a network's multiply-accumulates, one sample.

    Args:
        graph: Any graph that verifies.

    Returns:
        The count, padding taps included.
    """
    bound = graph.bind(1)
    calls = (bound.call(node) for node in bound.nodes)
    return sum(call.operator.macs(call).forward for call in calls)


def _check(goal: Goal) -> None:
    if (goal.budget is None) == (goal.energy is None):
        msg = f"a goal is a budget or an energy, one of them; got {goal}"
        raise UsageError(msg, "--budget 0.5, or --energy 0.95")
    name = "energy" if goal.budget is None else "budget"
    value = goal.energy if goal.budget is None else goal.budget
    if value is None or not 0 < value < 1:
        raise UsageError(f"{name} must be above 0 and below 1; got {value}")


def _planned(graph: Graph, candidates: Sequence[Candidate], goal: Goal) -> Choice:
    if goal.energy is not None:
        return plan_by_energy(candidates, goal.energy)
    whole = macs_of(graph)
    rest = whole - sum(candidate.site.macs for candidate in candidates)
    most = math.floor((goal.budget or 0) * whole)
    choice = plan_within(candidates, most - rest)
    if choice is None:
        least = rest + sum(candidate.cheapest for candidate in candidates)
        share = least / whole
        msg = (
            "a budget must be reachable by taking layers apart; "
            f"got {goal.budget:g}, the least is {share:.4f}"
        )
        raise SeparationError(msg, f"--budget {math.ceil(share * 100) / 100:g}")
    return choice


def _chosen(
    graph: Graph,
    candidates: Sequence[Candidate],
    choice: Choice,
    samples: Samples | None,
) -> list[Chosen]:
    """Settle what was chosen; without a choice there is nothing to do."""
    chosen = []
    for candidate, form in zip(candidates, choice, strict=True):
        if form is None:
            continue
        site = candidate.site
        if samples is None:
            factors = candidate.factors[candidate.forms.index(form)]
            chosen.append(Chosen(site, factors, form))
        else:
            seen = moments_of(graph, site, samples)
            better = settled(candidate, form, seen)
            chosen.append(Chosen(site, *better, seen.features))
    return chosen


def _unkept(graph: Graph, candidates: Sequence[Candidate], goal: Goal) -> Exception:
    best = max(f.energy for candidate in candidates for f in candidate.forms)
    msg = (
        f"a cheaper form of some layer must keep the energy; got {goal.energy:g}, "
        f"{graph.name} has none that keeps more than {best:.4f}"
    )
    return SeparationError(msg, "a lower --energy")


def _refusal(
    graph: Graph, found: Sequence[Site | Fixed], candidates: Sequence[Candidate]
) -> SeparationError:
    reasons = {one.name: one.reason for one in found if isinstance(one, Fixed)}
    reasons |= {c.site.name: _unpaid(c) for c in candidates}
    told = "; ".join(f"{name}: {why}" for name, why in list(reasons.items())[:3])
    msg = (
        f"a network must have layers that cost less taken apart; {graph.name} has none"
    )
    return SeparationError(msg, told or "it has no convolutions")


def _unpaid(candidate: Candidate) -> str:
    least, now = candidate.one_term, candidate.site.macs
    return f"taken apart it costs {least:,} MACs, and {now:,} as it is"


def _layers(
    found: Sequence[Site | Fixed],
    candidates: Sequence[Candidate],
    chosen: Sequence[Chosen],
    errors: Mapping[str, float],
    goal: Goal,
) -> Iterator[Layer]:
    taken = {one.site.name: one for one in chosen}
    forms = {candidate.site.name: candidate for candidate in candidates}
    for one in found:
        now = taken.get(one.name)
        if now is not None:
            error = math.sqrt(errors[one.name])
            yield Layer(one.name, one.macs, now.form, error, "")
        elif isinstance(one, Fixed):
            yield Layer(one.name, one.macs, None, 0.0, one.reason)
        else:
            reason = _spared(forms[one.name], goal)
            yield Layer(one.name, one.macs, None, 0.0, reason)


def _spared(candidate: Candidate, goal: Goal) -> str:
    if not candidate.forms:
        return _unpaid(candidate)
    if goal.energy is None:
        return "the budget is met without it"
    best = max(form.energy for form in candidate.forms)
    return f"its cheaper forms keep at most {100 * best:.1f} % of the energy"
