"""What each layer could become: every order and number of terms that pays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.separation.factors import Factors, Order, factorise
from depthwise.separation.refining import MANY, refine
from depthwise.separation.regression import Sums
from depthwise.separation.sites import Site

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class Form:
    """A sum of separable terms that costs less than the layer.

    Args:
        order: Which half comes first.
        terms: How many terms.
        macs: What it costs, all calls together.
        error: Share of the energy that is lost, 0 to 1: of the weights, or of the
            output on data after both halves (the second, where pointwise comes
            first) were refitted.
        rank: Terms with which the sum would be the layer itself.

    Example:
        >>> Form(Order.DEPTHWISE_FIRST, 1, 28620, 0.25).energy
        0.75
    """

    order: Order
    terms: int
    macs: int
    error: float
    rank: int = 0

    @property
    def energy(self) -> float:
        """Share of the energy that is kept."""
        return 1 - self.error


@dataclass(frozen=True, eq=False)
class Candidate:
    """A site with its forms.

    Args:
        site: The layer.
        forms: What it could become; empty where nothing costs less.
        factors: The terms of each form.
        one_term: What it costs with one term, in the cheaper of the orders tried.

    Example:
        >>> from depthwise.graph.operators.window import Window
        >>> slide = Window(8, 3)
        >>> kernel = np.ones((1, 3, 3))
        >>> site = Site((), kernel, None, 1, (slide,), 8, 6)
        >>> candidate_of(site, [Order.DEPTHWISE_FIRST]).forms
        ()
    """

    site: Site
    forms: tuple[Form, ...]
    factors: tuple[Factors, ...]
    one_term: int

    @property
    def cheapest(self) -> int:
        """Multiply-accumulates of its cheapest form, or as it is."""
        return min((form.macs for form in self.forms), default=self.site.macs)


def candidate_of(
    site: Site, orders: Sequence[Order], seen: Sums | None = None
) -> Candidate:
    """Take a layer's kernel apart, and list the forms that pay.

    Args:
        site: The layer.
        orders: Orders to try.
        seen: Moments of what its taps see, ``n`` being channels a group times taps;
            None judges by the weights alone.

    Returns:
        The layer with every form that costs less than it does.
    """
    covariance = None if seen is None else seen.second
    forms, factors = [], []
    for order in orders:
        if site.macs_of(order, 1) >= site.macs:
            continue
        whole = factorise(site.weight, site.groups, order, covariance)
        for terms in range(1, whole.rank + 1):
            macs = site.macs_of(order, terms)
            if macs < site.macs:
                made, error = _judged(site, whole, terms, seen)
                factors.append(made)
                forms.append(Form(order, terms, macs, error, whole.rank))
    one_term = min(site.macs_of(order, 1) for order in orders)
    return Candidate(site, tuple(forms), tuple(factors), one_term)


def settled(candidate: Candidate, form: Form, seen: Sums) -> tuple[Factors, Form]:
    """Improve the form that was chosen as far as data allow.

    Args:
        candidate: The layer.
        form: One of its forms.
        seen: Moments of what its taps see.

    Returns:
        The form's terms, and the form with what is lost now.
    """
    factors = candidate.factors[candidate.forms.index(form)]
    if form.order is not Order.DEPTHWISE_FIRST:
        return factors, form
    better, error = refine(candidate.site, factors, form.terms, seen, MANY)
    return better, replace(form, error=error)


def _judged(
    site: Site, whole: Factors, terms: int, seen: Sums | None
) -> tuple[Factors, float]:
    """Improve a form on data where both halves can be, and tell what it loses."""
    if seen is not None and whole.order is Order.DEPTHWISE_FIRST:
        return refine(site, whole, terms, seen)
    return whole, error_of(site, whole, terms, seen)


def error_of(
    site: Site, factors: Factors, terms: int, seen: Sums | None = None
) -> float:
    """Tell what share of a layer's energy is lost with so many terms.

    Args:
        site: The layer.
        factors: Its terms.
        terms: How many.
        seen: Moments of what its taps see, or None.

    Returns:
        Without moments the share of the squared weights; with them the share of the
        output's variance that is left once the second half is refitted.
    """
    if seen is None:
        weight = site.weight.astype(np.float64)
        missing = weight - factors.composed(terms)
        return float((missing**2).sum() / max((weight**2).sum(), 1e-300))
    left = spread = 0.0
    for sums, weights in _regressions(site, factors, terms, seen):
        left += sums.error(sums.refit(weights)) * sums.spread
        spread += sums.spread
    return min(left / spread, 1.0) if spread > 0 else 0.0


def _regressions(
    site: Site, factors: Factors, terms: int, seen: Sums
) -> Iterator[tuple[Sums, Array]]:
    """Spell the refit of a layer's second half as regressions, from its moments."""
    outputs, inner = site.weight.shape[:2]
    flat = site.weight.astype(np.float64).reshape(site.groups, -1, inner, site.taps)
    if factors.order is Order.DEPTHWISE_FIRST:
        filters = factors.depthwise[:, :terms]
        filters = filters.reshape(site.groups, inner, terms, site.taps)
        mixing = factors.pointwise[:, :, :terms].reshape(site.groups, -1, inner * terms)
        for group in range(site.groups):
            basis = _spread_out(filters[group])
            target = flat[group].reshape(len(flat[group]), -1)
            covariance = seen.second[group]
            half = basis @ covariance
            parts = half, half @ basis.T
            yield _predicting(*parts, covariance, target), mixing[group][None]
        return
    targets = flat.reshape(outputs, 1, -1)
    for output in range(outputs):
        covariance = seen.second[output * site.groups // outputs]
        mixing = factors.pointwise[output, :, :terms]
        # The basis is mixing x identity over taps; its products need no more.
        half = (mixing.T @ covariance.reshape(inner, -1)).reshape(-1, inner, site.taps)
        whole = np.einsum("fja,jt->fta", half, mixing).reshape(len(half), -1)
        filters = factors.depthwise[output, :terms].reshape(1, 1, -1)
        parts = half.reshape(len(half), -1), whole
        yield _predicting(*parts, covariance, targets[output]), filters


def _spread_out(filters: Array) -> Array:
    """Write depthwise filters ``[inner, terms, taps]`` as rows over all taps."""
    inner, terms, taps = filters.shape
    rows = np.zeros((inner, terms, inner, taps))
    rows[np.arange(inner), :, np.arange(inner)] = filters
    return rows.reshape(inner * terms, inner * taps)


def _predicting(seen: Array, second: Array, covariance: Array, target: Array) -> Sums:
    """Moments of features, given what they share with the taps, and of targets."""
    spread = float(((target @ covariance) * target).sum())
    means = np.zeros((1, len(seen))), np.zeros((1, len(target)))
    cross = target @ seen.T
    return Sums(0, *means, second[None], cross[None], spread)
