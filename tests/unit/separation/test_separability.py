"""What few separable terms hold of a dense layer, by weights and by what taps see."""

import numpy as np
import pytest
from tests.building import Builder

import depthwise
from depthwise.execute import run
from depthwise.separation import Order, Samples, factorise, separability_of


def kernel(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape)


@pytest.mark.parametrize("groups", [1, 2])
def test_energy_is_what_the_closed_form_keeps(groups: int) -> None:
    b = Builder(4, 9, 9)
    value = b.conv("x", 6, 3, group=groups)
    graph = b.graph(value)
    weight = graph.constants[graph.nodes[0].inputs[1]].astype("float64")
    (told,) = separability_of(graph)
    terms = factorise(weight, groups, Order.DEPTHWISE_FIRST)
    for count, held in enumerate(told.energy, 1):
        missing = weight - terms.composed(count)
        assert held == pytest.approx(1 - (missing**2).sum() / (weight**2).sum())
    assert len(told.energy) == terms.rank
    assert told.energy[-1] == pytest.approx(1)


def test_terms_pay_while_they_cost_less() -> None:
    b = Builder(4, 9, 9)
    graph = b.graph(b.conv("x", 6, 3))
    (told,) = separability_of(graph)
    dense, one = 6 * 4 * 9, 4 * 9 + 6 * 4
    assert told.pays_up_to == max(n for n in range(9) if n * one < dense)


def test_data_weigh_the_taps() -> None:
    """Where one input channel varies the energy is the output's variance exactly."""
    b = Builder(2, 40)
    graph = b.graph(b.conv("x", 5, 4))
    steps = np.random.default_rng(1).standard_normal((50, 1, 40))
    x = np.cumsum(steps, axis=2).astype("float32")
    x = np.concatenate([x, np.full_like(x, 3)], axis=1)
    (plain,) = separability_of(graph)
    (told,) = separability_of(graph, Samples([x], run, rows=10**6))
    weight = graph.constants[graph.nodes[0].inputs[1]].astype("float64")
    seen = np.lib.stride_tricks.sliding_window_view(x[:, 0].astype("float64"), 4, 1)
    spread = np.cov(seen.reshape(-1, 4).T, bias=True)
    weight = weight[:, :1]
    terms = factorise(weight, 1, Order.DEPTHWISE_FIRST, spread[None])

    def variance(flat: np.ndarray) -> float:
        return float(np.einsum("kt,ts,ks->", flat, spread, flat))

    for count, held in enumerate(told.energy, 1):
        missing = (weight - terms.composed(count))[:, 0]
        lost = variance(missing) / variance(weight[:, 0])
        assert held == pytest.approx(1 - lost, abs=1e-6)
    assert told.energy[0] > plain.energy[0]


def test_diagnose_tells_it_of_dense_layers_only() -> None:
    b = Builder(4, 9, 9)
    dense = b.conv("x", 6, 3)
    graph = b.graph(b.conv(b.conv(dense, 6, 3, group=6), 5))
    first, second, third = depthwise.diagnose(graph).layers
    assert first.separable[0] < first.separable[-1] == pytest.approx(1)
    assert (second.separable, third.separable) == ((), ())
    batches = (kernel(3, 4, 9, 9).astype("float32") for _ in range(2))
    told = depthwise.diagnose(graph, batches)
    assert told.samples == 6
    assert told.layers[0].separable != first.separable
    assert told.layers[0].to_dict()["separable_terms_that_pay"] == first.pays_up_to
