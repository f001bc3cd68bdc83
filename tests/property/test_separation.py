"""Laws of taking kernels apart: exact at full rank, best below it, counted right."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.building import Builder, check_same_outputs
from tests.strategies import Geometry, geometries

from depthwise.costing import count
from depthwise.execute import run
from depthwise.graph import Batch, Graph, Input, Node, TensorType, verify
from depthwise.graph.edits import apply_edits
from depthwise.graph.operators.window import Window
from depthwise.separation import Form, Order, factorise
from depthwise.separation.edits import edit_of
from depthwise.separation.forms import Candidate, candidate_of, error_of
from depthwise.separation.plan import plan_by_energy, plan_within
from depthwise.separation.refining import refine
from depthwise.separation.regression import sums_of
from depthwise.separation.sites import Site, sites_of

ORDERS = st.sampled_from(list(Order))


@st.composite
def kernels(draw: st.DrawFn) -> tuple[np.ndarray, int]:
    """A kernel in one to three axes, and its groups."""
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    outputs = groups * draw(st.integers(1, 4))
    taps = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    shape = (outputs, draw(st.integers(1, 4)), *taps)
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    kernel = rng.standard_normal(shape)
    if draw(st.booleans()):
        kernel[rng.random(shape[:2]) < 0.4] = 0
    return kernel, groups


def covariance_for(kernel: np.ndarray, groups: int, seed: int) -> np.ndarray:
    size = kernel[0].size
    half = np.random.default_rng(seed).standard_normal((groups, size, size))
    return half @ half.swapaxes(1, 2)


@given(kernels(), ORDERS, st.booleans())
def test_all_terms_are_the_kernel(drawn, order: Order, weighed: bool) -> None:
    kernel, groups = drawn
    covariance = covariance_for(kernel, groups, 0) if weighed else None
    factors = factorise(kernel, groups, order, covariance)
    whole = factors.composed(factors.rank)
    np.testing.assert_allclose(whole, kernel, rtol=0, atol=1e-12)


@given(kernels(), ORDERS)
def test_more_terms_never_lose_more(drawn, order: Order) -> None:
    kernel, groups = drawn
    factors = factorise(kernel, groups, order)
    ranks = range(1, factors.rank + 1)
    errors = [np.linalg.norm(kernel - factors.composed(terms)) for terms in ranks]
    assert all(b <= a + 1e-12 for a, b in itertools.pairwise(errors))


@given(kernels(), ORDERS, st.integers(0, 2**16), st.data())
def test_no_other_terms_come_nearer(drawn, order, seed, data) -> None:
    """Eckart and Young: random filters, with the best weights for them, are worse."""
    kernel, groups = drawn
    factors = factorise(kernel, groups, order)
    terms = data.draw(st.integers(1, factors.rank))
    outputs, inner = kernel.shape[:2]
    flat = kernel.reshape(groups, outputs // groups, inner, -1)
    if order is Order.DEPTHWISE_FIRST:
        flat = flat.swapaxes(1, 2)
    rng = np.random.default_rng(seed)
    other = rng.standard_normal((*flat.shape[:2], terms, flat.shape[3]))
    basis = np.linalg.qr(other.swapaxes(-1, -2))[0]
    projected = flat @ basis @ basis.swapaxes(-1, -2)
    theirs = np.linalg.norm(flat - projected)
    ours = np.linalg.norm(kernel - factors.composed(terms))
    assert ours <= theirs + 1e-9


@given(kernels(), st.integers(0, 2**16))
def test_covariance_by_channel_is_what_is_minimised(drawn, seed: int) -> None:
    """Where channels do not correlate, no other filters leave less of the output."""
    kernel, groups = drawn
    outputs, inner = kernel.shape[:2]
    full = covariance_for(kernel, groups, seed)
    taps = full.shape[1] // inner
    mask = np.kron(np.eye(inner), np.ones((taps, taps)))
    covariance = full * mask
    factors = factorise(kernel, groups, Order.DEPTHWISE_FIRST, covariance)
    plain = factorise(kernel, groups, Order.DEPTHWISE_FIRST)
    rows = (groups, outputs // groups, inner * taps)

    def lost(other: np.ndarray) -> float:
        missing = (kernel - other).reshape(rows)
        return float(((missing @ covariance) * missing).sum())

    for terms in range(1, factors.rank + 1):
        best = lost(factors.composed(terms))
        assert best <= lost(plain.composed(terms)) + 1e-9 * (1 + best)


@settings(deadline=None)
@given(kernels(), st.integers(0, 2**16), st.data())
def test_refining_never_loses_more(drawn, seed: int, data) -> None:
    """The error is that of the kernels it hands out, and at most what it started at."""
    kernel, groups = drawn
    slide = tuple(Window(size + 1, size) for size in kernel.shape[2:])
    site = Site((), kernel, None, groups, slide, 4, 4)
    covariance = covariance_for(kernel, groups, seed)
    half = np.linalg.cholesky(covariance + 1e-9 * np.eye(covariance.shape[1]))
    seen = sums_of([(half, half[:, :0])])
    seen = replace(seen, second=covariance)
    start = factorise(kernel, groups, Order.DEPTHWISE_FIRST, covariance)
    terms = data.draw(st.integers(1, start.rank))
    factors, error = refine(site, start, terms, seen)
    missing = (kernel - factors.composed(terms)).reshape(groups, -1, len(half[0]))
    whole = kernel.reshape(missing.shape)
    lost, spread = (
        float(((rows @ covariance) * rows).sum()) for rows in (missing, whole)
    )
    assert error * spread == pytest.approx(lost, abs=1e-9 * spread)
    assert error <= error_of(site, start, terms, seen) + 1e-9


def graph_of(drawn: Geometry) -> Graph:
    shape = (Batch(), drawn.channels, *drawn.sizes)
    _, weight, *bias = drawn.arrays()
    x_type = TensorType("float64", shape)
    names = ("x", "w", *(["b"] if bias else []))
    arrays = [array.astype("float64") for array in (weight, *bias)]
    constants = dict(zip(("w", "b"), arrays, strict=False))
    node = Node("Conv", names, ("y",), drawn.attributes(), "conv")
    return verify(Graph("g", (Input("x", x_type),), ("y",), (node,), constants))


@settings(deadline=None)
@given(geometries(), ORDERS, st.data())
def test_an_edited_graph_costs_and_computes_what_it_should(drawn, order, data) -> None:
    graph = graph_of(drawn)
    (site,) = sites_of(graph)
    if not isinstance(site, Site):
        return
    factors = factorise(site.weight, site.groups, order)
    terms = data.draw(st.integers(1, factors.rank))
    edit = edit_of(site, order, factors.kernels(terms), site.bias)
    edited = apply_edits(graph, [edit])
    assert count(edited).macs == site.macs_of(order, terms)
    dense = apply_edits(graph, [])
    constants = {**dense.constants, "w": factors.composed(terms)}
    same = Graph(dense.name, dense.inputs, dense.outputs, dense.nodes, constants)
    check_same_outputs(same, edited)


def fake(macs: int, forms: Sequence[tuple[int, float]]) -> Candidate:
    """A candidate with any forms."""
    site = Site((), np.ones((1, 1, macs)), None, 1, (Window(macs, macs),), 1, 1)
    made = (Form(Order.DEPTHWISE_FIRST, 1, m, e) for m, e in forms)
    return Candidate(site, tuple(made), (), 1)


FORMS = st.lists(
    st.tuples(st.integers(1, 40), st.floats(0, 0.99)), min_size=0, max_size=4
)


@settings(deadline=None)
@given(st.lists(FORMS, min_size=1, max_size=4), st.integers(0, 160))
def test_no_plan_within_the_budget_loses_less(layers, most: int) -> None:
    candidates = [fake(40, forms) for forms in layers]
    choices = itertools.product(*((*c.forms, None) for c in candidates))

    def cost(choice) -> int:
        pairs = zip(choice, candidates, strict=True)
        return sum(c.site.macs if f is None else f.macs for f, c in pairs)

    def loss(choice) -> float:
        return -sum(math.log(max(f.energy, 1e-12)) for f in choice if f is not None)

    within = [loss(choice) for choice in choices if cost(choice) <= most]
    found = plan_within(candidates, most)
    assert (found is None) == (not within)
    if found is not None:
        assert cost(found) <= most
        assert loss(found) <= min(within) + 1e-9


@given(st.lists(FORMS, min_size=1, max_size=4), st.floats(0.01, 0.99))
def test_a_plan_by_energy_takes_the_cheapest_that_keeps_it(layers, energy) -> None:
    candidates = [fake(41, forms) for forms in layers]
    for form, candidate in zip(
        plan_by_energy(candidates, energy), candidates, strict=True
    ):
        good = [f.macs for f in candidate.forms if f.energy >= energy]
        assert (form.macs if form else None) == min(good, default=None)


@settings(deadline=None)
@given(geometries(), ORDERS)
def test_no_form_costs_as_much_as_the_layer(drawn, order: Order) -> None:
    (site,) = sites_of(graph_of(drawn))
    if isinstance(site, Site):
        found = candidate_of(site, [order])
        assert all(form.macs < site.macs for form in found.forms)
        errors = [form.error for form in found.forms]
        assert all(b <= a + 1e-12 for a, b in itertools.pairwise(errors))


def test_check_same_outputs_sees_another_kernel() -> None:
    b = Builder(2, 6)
    weight = b.normal(3, 2, 3)
    graph = b.graph(b.add("Conv", ("x", weight)))
    (site,) = sites_of(graph)
    assert isinstance(site, Site)
    factors = factorise(site.weight, 1, Order.DEPTHWISE_FIRST)
    edit = edit_of(site, factors.order, factors.kernels(1), None)
    edited = apply_edits(graph, [edit])
    with pytest.raises(AssertionError):
        check_same_outputs(graph, edited)
    (found,) = run(edited, [np.ones((1, 2, 6))], dtype="float64")
    assert next(iter(found.values())).shape == (1, 3, 4)
