"""Findings, proven and observed, against channels that were planted and ablation."""

import math

import numpy as np
import pytest
from tests.building import Builder
from tests.unit.diagnosis.test_pruning import (
    constant_of,
    generate,
    generate_rich,
    silence,
)

from depthwise.diagnosis import (
    Fault,
    Limits,
    diagnose_graph,
    effective_rank,
    observe,
    observed_values,
    prune_graph,
)
from depthwise.diagnosis.bounds import spans_of
from depthwise.diagnosis.need import needed_channels
from depthwise.diagnosis.observed import observed_findings
from depthwise.errors import DataError
from depthwise.execute import run
from depthwise.graph import Graph, Input, TensorType

USELESS = {Fault.DEAD, Fault.CONSTANT, Fault.SATURATED, Fault.IGNORED}


def found(graph: Graph, **options) -> dict[tuple[str, str, bool], tuple[int, ...]]:
    return {
        (f.layer, str(f.fault), f.proven): f.channels
        for f in diagnose_graph(graph, **options).findings
    }


def planted() -> tuple[Graph, np.ndarray]:
    b = Builder(3, 40, dtype="float32")
    first = b.norm(b.conv("x", 10, 3))
    silence(b, first, (2,), -1.0)
    silence(b, first, (3,), 2.0)
    silence(b, first, (4,), 9.0)
    shift = constant_of(b, first, 2)
    shift[5] = -1e6
    shift[6] = 1e6
    gain, weight = constant_of(b, first, 1), constant_of(b, "n0", 1)
    for name in (1, 2, 3, 4):
        constant_of(b, first, name)[8] = constant_of(b, first, name)[7]
    weight[8] = weight[7]
    gain[7:9] = abs(gain[7])
    six = b.clip(first, 0.0, 6.0)
    wide = b.depthwise(six, 3)
    kernels = constant_of(b, wide, 1)
    kernels[0] = 0
    kernels[1, 0] = (0, 2, 0)
    last = b.conv(wide, 4)
    constant_of(b, last, 1)[:, 9] = 0
    return b.graph(last), b.rng.standard_normal((6, 3, 40)).astype("float32")


def test_planted_channels_are_found_from_weights_alone() -> None:
    graph, _ = planted()
    assert found(graph) == {
        ("conv.n0", "dead", True): (2,),
        ("conv.n0", "constant", True): (3, 4),
        ("conv.n0", "ignored", True): (0, 9),
        ("conv.n0", "duplicate", True): (8,),
        ("conv.n3", "dead", True): (0, 2),
        ("conv.n3", "ignored", True): (9,),
        ("conv.n3", "zero-kernel", True): (0,),
        ("conv.n3", "delta-kernel", True): (1,),
    }


def test_data_show_more_and_repeat_nothing_that_is_proven() -> None:
    graph, x = planted()
    seen = found(graph, batches=[x[:4], x[4:]])
    proven = found(graph)
    assert {key: seen[key] for key in proven} == proven
    more = {key: channels for key, channels in seen.items() if key not in proven}
    assert more == {
        ("conv.n0", "dead", False): (5,),
        ("conv.n0", "constant", False): (6,),
        ("conv.n3", "dead", False): (5,),
        ("conv.n3", "duplicate", False): (8,),
    }


def test_duplicates_have_a_sign_and_a_partner() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4, 3, 50))
    x[:, 2] = -3 * x[:, 0]
    (finding,) = observed_findings("conv", observe(x), Limits())
    assert (finding.fault, finding.channels, finding.partners) == (
        Fault.DUPLICATE,
        (2,),
        (0,),
    )
    assert finding.numbers[0] == pytest.approx(-1)
    assert finding.scales[0] == pytest.approx(-3)
    assert finding.groups == ((0, 2),)


def test_saturated_rare_and_exploding_channels() -> None:
    rng = np.random.default_rng(0)
    x = np.maximum(rng.standard_normal((8, 5, 1000)), 0)
    x[:, 1] = 6.0
    x[0, 1, 0] = 5.0
    x[:, 2] = 0
    x[0, 2, :2] = 1.0
    x[:, 3] *= 1e6
    seen = observe(np.minimum(x, 1e6))
    faults = {
        str(f.fault): f.channels for f in observed_findings("conv", seen, Limits())
    }
    assert faults == {"saturated": (1,), "rare": (2,), "exploding": (3,)}


def test_a_copy_is_like_the_channel_that_stays_not_like_another_copy() -> None:
    angle = np.arccos(0.995)
    turns = np.array([0, angle, 2 * angle])
    wave = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    x = np.sin(wave + turns[:, None])[None]
    (finding,) = observed_findings("conv", observe(x), Limits())
    assert abs(np.corrcoef(x[0])[0, 2]) < 0.99
    assert (finding.channels, finding.partners) == ((1,), (0,))
    assert min(np.abs(finding.numbers)) >= 0.99


def test_explosion_is_measured_against_channels_that_live() -> None:
    x = np.random.default_rng(0).standard_normal((4, 9, 50)) * 1e-3
    x[:, :5] = 0
    x[:, 8] *= 1e5
    found = {
        str(f.fault): f.channels
        for f in observed_findings("conv", observe(x), Limits())
    }
    assert found["exploding"] == (8,)
    assert found["dead"] == (0, 1, 2, 3, 4)


def test_a_hard_swish_that_hardly_ever_fires_is_rare() -> None:
    b = Builder(3, 40, dtype="float32")
    norm = b.norm(b.conv("x", 6))
    b.constants[b.nodes[-1].inputs[1]][2] = 1
    b.constants[b.nodes[-1].inputs[2]][2] = -30
    graph = b.graph(b.conv(b.add("HardSwish", (norm,)), 2))
    x = b.rng.standard_normal((80, 3, 40)).astype("float32")
    x[:2, :, 0] = [[60], [-60]] * np.sign(b.constants["c0"][2, :, 0])
    told = found(graph, batches=[x])
    assert told[("conv.n0", "rare", False)] == (2,)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_weights_that_are_not_finite_are_found(number: float, place: int) -> None:
    b = Builder(3, 16, dtype="float32")
    norm = b.norm(b.conv("x", 6))
    node = b.nodes[place > 0]
    b.constants[node.inputs[place or 1]][2] = number
    graph = b.graph(b.conv(b.add("Relu", (norm,)), 2))
    told = found(graph)
    assert told[("conv.n0", "exploding", True)] == (2,)
    assert ("conv.n0", "dead", True) not in told
    assert prune_graph(graph).plan.removed == {}


def test_a_variance_below_zero_is_not_finite() -> None:
    b = Builder(3, 16, dtype="float32")
    norm = b.norm(b.conv("x", 6))
    b.constants[b.nodes[-1].inputs[4]][1] = -1
    told = found(b.graph(b.conv(norm, 2)))
    assert told[("conv.n0", "exploding", True)] == (1,)


def test_effective_rank_counts_directions() -> None:
    rng = np.random.default_rng(0)
    basis = rng.standard_normal((3, 8))
    x = rng.standard_normal((2000, 3)) @ np.linalg.qr(basis.T)[0].T
    assert effective_rank(np.cov(x.T)) == pytest.approx(3, rel=0.01)
    assert effective_rank(np.eye(5)) == pytest.approx(5)
    assert effective_rank(np.zeros((2, 2))) == 0


def test_worst_layers_and_shares() -> None:
    graph, x = planted()
    told = diagnose_graph(graph, [x])
    assert [layer.name for layer in told.worst()] == ["conv.n0", "conv.n3"]
    assert told.worst()[0].share(Fault.DEAD) == pytest.approx(0.2)
    assert told.samples == 6
    assert told.to_dict()["faults"]["duplicate"] == 2
    assert told.inputs["x"].count == 240


def test_no_batch_is_refused() -> None:
    with pytest.raises(DataError, match="at least one batch"):
        diagnose_graph(planted()[0], [])


def rest_of(graph: Graph, value: str) -> Graph:
    """The part of a graph behind a value; all else that it reads is an input."""
    cut = next(i for i, node in enumerate(graph.nodes) if value in node.outputs)
    behind = graph.nodes[cut + 1 :]
    made = {name for node in behind for name in node.outputs}
    read = {name for node in behind for name in node.inputs if name}
    names = sorted((read | set(graph.outputs)) - made - set(graph.constants))
    shapes = {name: graph.types[name].shape for name in names}
    inputs = (Input(n, TensorType("float64", shapes[n])) for n in names)
    return Graph("rest", tuple(inputs), graph.outputs, behind, graph.constants)


def carries_nothing(rest: Graph, state: dict[str, np.ndarray]) -> bool:
    """Whether the results stay what they were when the rest runs on a state."""
    given = {i.name: state[i.name] for i in rest.inputs}
    (results,) = run(rest, [given], dtype="float64")
    return all(
        np.abs(results[name] - state[name]).max()
        <= 1e-9 * (1 + np.abs(state[name]).max())
        for name in rest.outputs
    )


def check_against_ablation(
    graph: Graph, x: np.ndarray, still: float = 0
) -> tuple[int, int]:
    """Ablate every channel in turn; findings and results must agree, both ways.

    What is proven changes nothing, whatever the channel is set to within its span,
    and what is observed changes nothing when it is set to its mean. What changes
    nothing whatever it is set to is found, or counted as missed: data can hide a
    gate behind activations that are flat to the last bit.
    """
    bound = graph.bind(len(x))
    spans = spans_of(bound)
    need = needed_channels(bound, spans)
    names = tuple(name for node in graph.nodes for name in node.outputs)
    (state,) = run(graph, [x], names, dtype="float64")
    state = {**state, "x": x}
    limits = Limits(still=still, silent=0)
    told = diagnose_graph(graph, [x], execute=exactly, limits=limits)
    ended = missed = 0
    for layer, value in observed_values(graph).items():
        if value in graph.outputs:
            continue
        rest = rest_of(bound, value)
        mine = next(found for found in told.layers if found.name == layer)
        useless = {c for f in mine.findings if f.fault in USELESS for c in f.channels}
        for channel, wanted in enumerate(need[value]):
            span, given = spans[value], state[value]
            ends = span.low[channel], span.high[channel]
            nothing = all(
                carries_nothing(rest, state | {value: changed})
                for changed in probes(given, channel, ends)
            )
            assert nothing or (wanted and not span.fixed[channel]), (value, channel)
            missed += nothing and channel not in useless
            still = given.copy()
            still[:, channel] = given[:, channel].mean()
            if channel in useless:
                assert carries_nothing(rest, state | {value: still}), (value, channel)
            ended += nothing
    return ended, missed


def test_check_against_ablation_can_fail() -> None:
    graph, _ = generate(0)
    shape = graph.bind(2).inputs[0].type.shape
    x = np.random.default_rng(0).standard_normal(shape)
    with pytest.raises(AssertionError):
        check_against_ablation(graph, x, still=1e9)


def exactly(graph, batches, taps=()):
    return run(graph, batches, taps, dtype="float64")


def probes(
    array: np.ndarray, channel: int, ends: tuple[float, float]
) -> list[np.ndarray]:
    """Copies with one channel set to numbers of many sizes that it can be."""
    noise = np.random.default_rng(channel).standard_normal(array[:, channel].shape)
    copies = []
    for values in (noise, 1e3 * noise, -1e3 * np.abs(noise)):
        copies.append(array.copy())
        copies[-1][:, channel] = np.clip(values, *ends)
    return copies


CHUNKS = [
    pytest.param(make, chunk, id=f"{make.__name__}-{chunk}")
    for make, chunks in ((generate, 20), (generate_rich, 9))
    for chunk in range(chunks)
]


@pytest.mark.parametrize(("make", "chunk"), CHUNKS)
def test_findings_agree_with_ablation(make, chunk: int) -> None:
    found_nothing = missed = 0
    for seed in range(10 * chunk, 10 * chunk + 10):
        graph, _ = make(seed)
        shape = graph.bind(2).inputs[0].type.shape
        x = np.random.default_rng(seed).standard_normal(shape)
        found_nothing, missed = np.add(
            (found_nothing, missed), check_against_ablation(graph, x)
        )
    assert found_nothing >= 10
    assert missed <= 3


def test_ablation_can_disagree(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, _ = generate(3)
    x = np.ones(graph.bind(1).inputs[0].type.shape)
    places = check_against_ablation.__globals__
    monkeypatch.setitem(places, "carries_nothing", lambda *_: False)
    with pytest.raises(AssertionError):
        check_against_ablation(graph, x)


def test_pruning_removes_what_is_found_and_nothing_is_left_to_find() -> None:
    b = Builder(3, 16)
    norm = b.norm(b.conv("x", 8))
    silence(b, norm, (1, 6), -1.0)
    graph = b.graph(b.conv(b.add("Relu", (norm,)), 4))
    assert found(graph)[("conv.n0", "dead", True)] == (1, 6)
    assert found(prune_graph(graph).graph) == {}
    assert not math.isnan(diagnose_graph(graph).share(Fault.DEAD))
