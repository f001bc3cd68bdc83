"""A network taken apart: what changes, what stays and why, what repair restores."""

import math

import numpy as np
import pytest
from tests.building import Builder

from depthwise.costing import count
from depthwise.errors import DataError, SeparationError, UsageError
from depthwise.execute import run
from depthwise.graph import Graph
from depthwise.separation import Goal, Order, Samples, separate_graph
from depthwise.separation.separating import macs_of

ORDERS = list(Order)


def network(seed: int = 0, *, norms: bool = True, dtype: str = "float64") -> Graph:
    """Two dense convolutions, a pointwise one and a depthwise one."""
    b = Builder(3, 12, 12, seed=seed, dtype=dtype)
    value = b.conv("x", 16, 3, pads=(1, 1, 1, 1), bias=not norms)
    value = b.add("Relu", (b.norm(value) if norms else value,))
    value = b.conv(value, 24, 3, strides=(2, 2), bias=not norms)
    value = b.add("Relu", (b.norm(value) if norms else value,))
    value = b.conv(b.depthwise(value), 8, 1, bias=True)
    return b.graph(b.add("GlobalAveragePool", (value,)))


def watched(count: int = 96, seed: int = 5) -> Samples:
    rng = np.random.default_rng(seed)
    mixing = rng.standard_normal((3, 3))
    smooth = rng.standard_normal((count, 3, 12, 12)).cumsum(axis=3)
    x = np.einsum("kc,nchw->nkhw", mixing, smooth)
    return Samples(np.array_split(x, 3), lambda *a: run(*a, dtype="float64"), 10**6)


def results(graph: Graph, samples: Samples, name: str) -> np.ndarray:
    return np.concatenate([value for (value,) in samples.values(graph, [name])])


def relative(old: np.ndarray, new: np.ndarray) -> float:
    """Root of the share of variance that is left, channels' means taken off."""
    axes = (0, *range(2, old.ndim))
    missing = (new - old) - (new - old).mean(axis=axes, keepdims=True)
    centred = old - old.mean(axis=axes, keepdims=True)
    return math.sqrt((missing**2).sum() / (centred**2).sum())


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("norms", [True, False])
def test_errors_are_those_of_the_layers_outputs_on_the_data(order, norms) -> None:
    graph, samples = network(norms=norms), watched()
    steps: list[tuple[int, int]] = []
    goal, note = Goal(budget=0.7), lambda *step: steps.append(step)
    found = separate_graph(graph, goal, orders=[order], samples=samples, progress=note)
    changed = [layer for layer in found.layers if layer.form is not None]
    assert changed
    assert found.samples == 96
    assert steps == [(n, 4) for n in range(1, 3 + len(changed))]
    for layer in changed:
        value = next(n.outputs[0] for n in graph.nodes if n.name == layer.name)
        old, new = (results(g, samples, value) for g in (graph, found.graph))
        assert relative(old, new) == pytest.approx(layer.error, rel=1e-6)
        if not norms:
            axes = (0, 2, 3)
            assert np.allclose(old.mean(axis=axes), new.mean(axis=axes), atol=1e-9)


@pytest.mark.parametrize("order", ORDERS)
def test_repair_on_data_beats_the_weights_alone_on_other_data(order) -> None:
    graph, fresh = network(), watched(seed=5, count=400)
    fresh = Samples([fresh.batches[2]], fresh.execute)
    seen = Samples([watched(400).batches[0]], fresh.execute)
    end = graph.outputs[0]
    old = results(graph, fresh, end)
    losses = []
    for samples in (None, seen):
        goal = Goal(budget=0.65)
        found = separate_graph(graph, goal, orders=[order], samples=samples)
        losses.append(np.abs(results(found.graph, fresh, end) - old).mean())
    assert losses[1] < 0.7 * losses[0]


def test_norms_behind_a_layer_are_moved_and_no_others() -> None:
    graph = network()
    found = separate_graph(graph, Goal(budget=0.6), samples=watched())
    (first, second) = (n for n in graph.nodes if n.op == "BatchNormalization")
    sites = [layer.form is not None for layer in found.layers[:2]]
    for norm, touched in ((first, sites[0]), (second, any(sites))):
        name = norm.inputs[4]
        same = np.array_equal(graph.constants[name], found.graph.constants[name])
        assert same != touched
    values = [results(g, watched(), second.inputs[0]) for g in (graph, found.graph)]
    before, after = (v.var(axis=(0, 2, 3)) for v in values)
    ratio = found.graph.constants[second.inputs[4]] / graph.constants[second.inputs[4]]
    np.testing.assert_allclose(ratio, after / before, rtol=1e-9)


def test_the_budget_holds_and_counts_agree() -> None:
    graph = network()
    whole = count(graph).macs
    assert macs_of(graph) == whole
    for budget in (0.9, 0.6, 0.4):
        found = separate_graph(graph, Goal(budget=budget))
        after = count(found.graph).macs
        assert after <= budget * whole
        saved = sum(layer.macs - layer.macs_after for layer in found.layers)
        assert whole - after == saved


def test_every_convolution_that_stays_says_why() -> None:
    graph = network()
    stem = graph.nodes[0].name
    fixed = {stem: "it is functional code"}
    found = separate_graph(graph, Goal(budget=0.9), fixed=fixed)
    reasons = [layer.reason for layer in found.layers]
    assert reasons[0] == "it is functional code"
    assert reasons[1] == ""
    assert reasons[2] == "it is depthwise already"
    assert "one tap" in reasons[3]
    told = found.layers[0].to_dict()
    assert (told["order"], told["kept_because"]) == (None, reasons[0])


def test_a_layer_with_one_output_does_not_pay() -> None:
    b = Builder(3, 8, 8)
    graph = b.graph(b.conv("x", 1, 3))
    with pytest.raises(SeparationError, match="must have layers") as caught:
        separate_graph(graph, Goal(budget=0.9), orders=[Order.DEPTHWISE_FIRST])
    assert "1,080 MACs, and 972 as it is" in caught.value.hint


def test_two_outputs_pay() -> None:
    b = Builder(3, 8, 8)
    weight = np.einsum("k,cab->kcab", [1.0, 2.0], np.ones((3, 3, 3)))
    graph = b.graph(b.add("Conv", ("x", b.constant(weight))))
    orders = [Order.DEPTHWISE_FIRST]
    found = separate_graph(graph, Goal(energy=0.999), orders=orders)
    assert (found.layers[0].macs, found.layers[0].macs_after) == (1944, 1188)
    assert found.layers[0].error < 1e-12


def test_shared_layers_are_replaced_together() -> None:
    b = Builder(8, 12)
    weight = b.normal(8, 8, 5)
    first = b.add("Conv", ("x", weight), {"pads": (2, 2)})
    graph = b.graph(b.add("Conv", (first, weight), {"pads": (2, 2)}))
    nodes = tuple(
        type(n)(n.op, n.inputs, n.outputs, n.attributes, n.name, "mix")
        for n in graph.nodes
    )
    graph = Graph("g", graph.inputs, graph.outputs, nodes, graph.constants)
    x = np.random.default_rng(0).standard_normal((40, 8, 12))
    samples = Samples([x], lambda *a: run(*a, dtype="float64"))
    for seen in (None, samples):
        found = separate_graph(graph, Goal(budget=0.7), samples=seen)
        assert len(found.layers) == 1
        assert found.layers[0].macs == count(graph).macs
        assert found.layers[0].macs_after == count(found.graph).macs
        assert len(found.graph.constants) == (2 if seen is None else 3)


@pytest.mark.parametrize(
    ("goal", "sentence"),
    [
        (Goal(), "one of them"),
        (Goal(0.5, 0.5), "one of them"),
        (Goal(budget=0.0), "budget must be above 0 and below 1; got 0"),
        (Goal(budget=1.0), "budget must be above 0 and below 1; got 1"),
        (Goal(energy=1.5), "energy must be above 0 and below 1; got 1.5"),
    ],
)
def test_a_wrong_goal_is_one_sentence(goal: Goal, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        separate_graph(network(), goal)


def test_goals_out_of_reach_say_what_can_be_had() -> None:
    graph = network()
    with pytest.raises(SeparationError, match=r"got 0.01, the least is 0\.\d+") as one:
        separate_graph(graph, Goal(budget=0.01))
    reachable = float(one.value.hint.removeprefix("--budget "))
    assert separate_graph(graph, Goal(budget=reachable)).layers
    with pytest.raises(SeparationError, match="none that keeps more than"):
        separate_graph(graph, Goal(energy=0.9999))


def test_values_that_are_not_finite_are_refused() -> None:
    samples = Samples([np.full((4, 3, 12, 12), np.nan)], run)
    with pytest.raises(DataError, match="finite"):
        separate_graph(network(), Goal(budget=0.6), samples=samples)
    with pytest.raises(DataError, match="got none"):
        separate_graph(network(), Goal(budget=0.6), samples=Samples([], run))


def test_dead_inputs_leave_weights_alone() -> None:
    graph = network(norms=False)
    still = Samples([np.zeros((4, 3, 12, 12))], lambda *a: run(*a, dtype="float64"))
    found = separate_graph(graph, Goal(budget=0.6), samples=still)
    assert all(np.isfinite(array).all() for array in found.graph.constants.values())
    x = np.zeros((1, 3, 12, 12))
    end = graph.outputs[0]
    old, new = (next(run(g, [x], dtype="float64"))[end] for g in (graph, found.graph))
    np.testing.assert_allclose(new, old, atol=1e-9)
