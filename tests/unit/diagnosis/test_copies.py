"""Copies that weights prove: found where they are, and equal when they run."""

import numpy as np
import pytest
from tests.building import Builder
from tests.unit.diagnosis.test_pruning import constant_of, generate

from depthwise.diagnosis import Fault, diagnose_graph, prune_graph
from depthwise.diagnosis.bounds import spans_of
from depthwise.diagnosis.copies import forms_of, merge_copies
from depthwise.diagnosis.copies.matching import match_rows
from depthwise.execute import run
from depthwise.graph.edits import apply_edits


def copied(b: Builder, layer: str, source: int, target: int, factor: float) -> None:
    """Make one filter of a layer and of its norm a multiple of another."""
    weight = constant_of(b, layer, 1)
    weight[target] = factor * weight[source]


def same_norm(b: Builder, norm: str, source: int, target: int) -> None:
    for place in (1, 2, 3, 4):
        array = constant_of(b, norm, place)
        array[target] = array[source]


def duplicates(graph):
    return {
        f.layer: dict(
            zip(f.channels, zip(f.partners, f.scales, strict=True), strict=True)
        )
        for f in diagnose_graph(graph).findings
        if f.fault is Fault.DUPLICATE
    }


def test_rows_match_with_their_factor_and_never_by_key_alone():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((40, 7))
    rows[11], rows[30] = -3 * rows[4], 0.5 * rows[4]
    rows[20] = rows[4] + 1e-4
    keys = np.zeros((40, 1), int)
    found = match_rows(keys, rows, scaled=True)
    assert found.first[[11, 30, 20]].tolist() == [4, 4, 20]
    np.testing.assert_allclose(found.scale[[11, 30]], [-3, 0.5])
    keys[30] = 1
    assert match_rows(keys, rows, scaled=True).first[30] == 30
    assert match_rows(keys, rows, scaled=False).first.tolist() == list(range(40))


@pytest.mark.parametrize(
    ("op", "factor", "expected"),
    [
        ("Relu", 2.0, {5: (2, 2.0)}),
        ("Relu", -2.0, {}),
        ("LeakyRelu", 2.0, {5: (2, 2.0)}),
        ("HardSwish", 2.0, {}),
        ("HardSwish", 1.0, {5: (2, 1.0)}),
        ("Sigmoid", 1.0, {5: (2, 1.0)}),
        ("Identity", -2.0, {5: (2, -2.0)}),
    ],
)
def test_an_activation_carries_a_copy_on_or_ends_it(op, factor, expected):
    b = Builder(3, 12)
    first = b.conv("x", 8, 3)
    copied(b, first, 2, 5, factor)
    graph = b.graph(b.conv(b.add(op, (first,)), 4))
    found = duplicates(graph).get("conv.n0", {})
    assert {c: (p, pytest.approx(s)) for c, (p, s) in found.items()} == expected


def test_a_norm_may_stretch_a_copy_and_a_shift_ends_it_at_a_relu():
    b = Builder(3, 12)
    norm = b.norm(b.conv("x", 8, 3))
    for target in (5, 6):
        copied(b, "n0", 2, target, 1.0)
        same_norm(b, norm, 2, target)
    for place in (1, 2):
        constant_of(b, norm, place)[5] *= 3
    constant_of(b, norm, 2)[6] += 1
    graph = b.graph(b.conv(b.add("Relu", (norm,)), 4))
    ((layer, found),) = duplicates(graph).items()
    assert layer == "conv.n0"
    assert found == {5: (2, pytest.approx(3))}


def test_copies_go_through_depthwise_residual_and_gate_and_are_pruned():
    b = Builder(4, 16)
    first = b.conv("x", 6, 3, pads=(1, 1))
    copied(b, first, 0, 4, 2.0)
    wide = b.depthwise(b.add("Relu", (first,)), 3)
    copied(b, wide, 0, 4, -1.0)
    gate = b.add("Sigmoid", (b.add("GlobalAveragePool", (wide,)),))
    mixed = b.add("Add", (wide, b.add("Relu", (first,))))
    last = b.conv(b.add("Mul", (mixed, gate)), 3)
    graph = b.graph(last)
    found = duplicates(graph)
    assert found["conv.n0"] == {4: (0, pytest.approx(2.0))}
    assert found["conv.n2"] == {4: (0, pytest.approx(-2.0))}
    plain = b.graph(b.conv(wide, 3))
    pruned = prune_graph(plain)
    removed = {layer: pruned.plan.removed[layer] for layer in ("conv.n0", "conv.n2")}
    assert removed == {"conv.n0": (4,), "conv.n2": (4,)}
    x = b.rng.standard_normal((2, 4, 16))
    for size in (1, 1e3):
        (old,) = run(plain, [x * size], dtype="float64")
        (new,) = run(pruned.graph, [x * size], dtype="float64")
        for name in plain.outputs:
            np.testing.assert_allclose(new[name], old[name], rtol=1e-9, atol=1e-9)


def test_a_zero_gain_makes_no_partner():
    b = Builder(3, 12)
    norm = b.norm(b.conv("x", 4, 3))
    copied(b, "n0", 0, 3, 1.0)
    same_norm(b, norm, 0, 3)
    constant_of(b, norm, 1)[0] = 0
    constant_of(b, norm, 2)[[0, 3]] = 0
    form = forms_of(b.graph(norm).bind(1))[norm]
    assert form.partners.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("chunk", range(4))
def test_what_is_said_of_copies_holds_when_networks_run(chunk):
    """On generated networks, with copies planted in every third one's layers."""
    said = 0
    for seed in range(25 * chunk, 25 * chunk + 25):
        graph, _ = generate(seed)
        arrays = {n: np.array(a) for n, a in graph.constants.items()}
        for node in graph.nodes:
            weight = arrays.get(node.inputs[1]) if node.op == "Conv" else None
            if weight is not None and len(weight) > 2 and seed % 3:
                weight[-1] = (-2.0 if seed % 2 else 2.0) * weight[0]
        graph = type(graph)(
            graph.name, graph.inputs, graph.outputs, graph.nodes, arrays
        )
        bound = graph.bind(2)
        x = np.random.default_rng(seed).standard_normal(bound.inputs[0].type.shape)
        names = tuple(n for node in graph.nodes for n in node.outputs)
        (values,) = run(graph, [x], names, dtype="float64")
        for name, form in forms_of(graph.bind(1)).items():
            for channel in np.flatnonzero(form.partners != np.arange(len(form.kind))):
                partner, factor = form.partners[channel], form.factors[channel]
                gap = values[name][:, channel] - factor * values[name][:, partner]
                size = 1 + np.abs(values[name][:, channel]).max()
                assert np.ptp(gap) <= 1e-6 * size, (seed, name, channel)
                assert not form.plain[channel] or np.abs(gap).max() <= 1e-5 * size
                said += 1
        merged = apply_edits(graph, merge_copies(graph))
        (new,) = run(merged, [x], dtype="float64")
        for name in graph.outputs:
            bound_on = 1e-6 * (1 + np.abs(values[name]).max())
            assert np.abs(new[name] - values[name]).max() <= bound_on, seed
    assert said >= 25


def test_constant_channels_are_no_duplicates():
    b = Builder(3, 12)
    first = b.conv("x", 4, 3)
    constant_of(b, first, 1)[1:3] = 0
    assert duplicates(b.graph(b.conv(first, 2))) == {}
    assert spans_of(b.graph(first))[first].fixed.tolist() == [0, 1, 1, 0]
