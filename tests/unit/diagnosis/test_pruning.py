"""Pruning removes what carries nothing, and the network computes what it computed."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.building import Builder

from depthwise.costing import count
from depthwise.diagnosis.bounds import Span
from depthwise.diagnosis.pruning import IdleEdit, prune_graph
from depthwise.execute import run
from depthwise.graph import Graph

ACTIVATIONS = ("Relu", "HardSwish", "Gelu", "Elu", "LeakyRelu", "Sigmoid", "Tanh")
RICH = (*ACTIVATIONS, "Relu6", "SiLU", "none")


def constant_of(b: Builder, value: str, place: int) -> np.ndarray:
    """An operand's array of the node that makes a value."""
    node = next(n for n in b.nodes if n.outputs[0] == value)
    return b.constants[node.inputs[place]]


def silence(b: Builder, norm: str, channels: tuple[int, ...], shift: float) -> None:
    """Let channels of a batch norm be one number only."""
    constant_of(b, norm, 1)[list(channels)] = 0
    constant_of(b, norm, 2)[list(channels)] = shift


def check_same(before: Graph, after: Graph, room: float = 1e-12) -> None:
    """Outputs are equal on random, scaled and extreme inputs."""
    rng = np.random.default_rng(1)
    for scale in (0.0, 1.0, 1e3):
        shape = tuple(before.bind(2).inputs[0].type.shape)
        x = (
            scale
            * np.sign(rng.standard_normal(shape))
            * rng.standard_exponential(shape)
        )
        (old,) = run(before, [x], dtype="float64")
        (new,) = run(after, [x], dtype="float64")
        for name, array in old.items():
            limit = room * (1 + np.abs(array).max())
            assert np.abs(new[name] - array).max() <= limit, (name, scale)


def test_check_same_can_fail() -> None:
    b = Builder(2, 4)
    first, second = b.graph(b.conv("x", 2)), b.graph(b.conv("x", 2))
    with pytest.raises((AssertionError, KeyError)):
        check_same(first, second)


def pruned(b: Builder, *results: str) -> IdleEdit:
    graph = b.graph(*results)
    found = prune_graph(graph)
    check_same(graph, found.graph)
    return found


def test_dead_channels_go_from_layer_norm_and_the_layer_behind() -> None:
    b = Builder(3, 16)
    layer = b.conv("x", 8, 3, pads=(1, 1))
    norm = b.norm(layer)
    silence(b, norm, (2, 5), -1.0)
    last = b.conv(b.add("Relu", (norm,)), 4, 3, pads=(1, 1))
    found = pruned(b, last)
    assert found.plan.removed == {"conv.n0": (2, 5)}
    assert found.plan.kept == {}
    before, after = count(b.graph(last)), count(found.graph)
    assert [la.macs for la in after.layers if la.macs] == [
        before.layers[0].macs * 6 // 8,
        before.layers[-1].macs * 6 // 8,
    ]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_constant_is_folded_into_the_next_bias(activation: str) -> None:
    b = Builder(3, 16)
    norm = b.norm(b.conv("x", 8))
    silence(b, norm, (1,), 1.5)
    last = b.conv(b.add(activation, (norm,)), 4, 3, bias=True)
    assert pruned(b, last).plan.removed == {"conv.n0": (1,)}


def test_a_constant_is_folded_into_the_next_mean() -> None:
    b = Builder(3, 16)
    norm = b.norm(b.conv("x", 8))
    silence(b, norm, (1,), 1.5)
    last = b.norm(b.conv(b.add("Relu", (norm,)), 4))
    assert pruned(b, last).plan.removed == {"conv.n0": (1,)}


def test_a_constant_that_meets_padding_stays_and_is_reported() -> None:
    b = Builder(3, 16)
    norm = b.norm(b.conv("x", 8))
    silence(b, norm, (1,), 1.5)
    last = b.conv(b.add("Relu", (norm,)), 4, 3, pads=(1, 1), bias=True)
    found = pruned(b, last)
    assert found.plan.removed == {}
    (reason,) = found.plan.kept["conv.n0"].values()
    assert "zero padding" in reason


def test_ignored_channels_go() -> None:
    b = Builder(3, 16)
    hidden = b.conv("x", 8, 3, bias=True)
    last = b.conv(b.add("Gelu", (hidden,)), 4)
    constant_of(b, last, 1)[:, [0, 3]] = 0
    assert pruned(b, last).plan.removed == {"conv.n0": (0, 3)}


def test_residual_channels_go_only_where_both_branches_carry_nothing() -> None:
    b = Builder(3, 16)
    first = b.norm(b.conv("x", 8))
    second = b.norm(b.conv(b.add("Relu", (first,)), 8))
    silence(b, first, (1, 2), -1.0)
    silence(b, second, (2, 4), 0.0)
    both = b.add("Relu", (b.add("Add", (b.add("Relu", (first,)), second)),))
    found = pruned(b, b.conv(both, 4))
    assert found.plan.removed == {"conv.n0": (2,), "conv.n3": (2,)}


@pytest.mark.parametrize("multiplier", [1, 2, 3])
def test_depthwise_channels_go_with_their_inputs(multiplier: int) -> None:
    b = Builder(3, 16)
    norm = b.norm(b.conv("x", 6))
    silence(b, norm, (1, 4), -1.0)
    spread = b.depthwise(b.add("Relu", (norm,)), 3, multiplier)
    after = b.norm(spread)
    found = pruned(b, b.conv(b.add("Relu", (after,)), 4, bias=True))
    assert found.plan.removed["conv.n0"] == (1, 4)
    gone = [c * multiplier + m for c in (1, 4) for m in range(multiplier)]
    assert list(found.plan.removed["conv.n3"]) == gone
    node = next(n for n in found.graph.nodes if n.name == "conv.n3")
    assert node.attributes["group"] == 4


def test_groups_go_as_a_whole_or_not_at_all() -> None:
    b = Builder(3, 16)
    norm = b.norm(b.conv("x", 8))
    silence(b, norm, (0, 1, 2), -1.0)
    grouped = b.conv(b.add("Relu", (norm,)), 8, 3, group=4)
    found = pruned(b, b.conv(b.add("Relu", (grouped,)), 4, bias=True))
    assert found.plan.removed == {"conv.n0": (0, 1), "conv.n3": (0, 1)}


def test_joined_gated_and_flattened_channels_go() -> None:
    b = Builder(3, 8)
    left, right = b.norm(b.conv("x", 4)), b.norm(b.conv("x", 6))
    silence(b, left, (3,), -1.0)
    silence(b, right, (0, 5), -2.0)
    both = b.add("Concat", (left, right), {"axis": 1})
    gated = b.gate(b.add("Relu", (both,)), 3, "Sigmoid")
    flat = b.add("Flatten", (gated,))
    weight, bias = b.normal(5, 80), b.normal(5)
    found = pruned(b, b.add("Gemm", (flat, weight, bias), {"transB": 1}))
    assert found.plan.removed["conv.n0"] == (3,)
    assert found.plan.removed["conv.n2"] == (0, 5)
    assert found.graph.constants[weight].shape == (5, 7 * 8)


def test_shuffled_channels_stay() -> None:
    b = Builder(3, 8)
    norm = b.norm(b.conv("x", 4))
    silence(b, norm, (3,), -1.0)
    value = b.add("Relu", (norm,))
    split = b.add("Reshape", (value, b.constant(np.array([0, 2, 2, 8]))))
    turned = b.add("Transpose", (split,), {"perm": (0, 2, 1, 3)})
    back = b.add("Reshape", (turned, b.constant(np.array([0, 4, 8]))))
    found = pruned(b, b.conv(back, 4))
    assert found.plan.removed == {}
    assert "Reshape" in found.plan.kept["conv.n0"][3]


def test_a_value_keeps_a_channel_and_results_keep_all() -> None:
    b = Builder(3, 8)
    norm = b.norm(b.conv("x", 4))
    silence(b, norm, (0, 1, 2, 3), -1.0)
    found = pruned(b, b.conv(b.add("Relu", (norm,)), 4))
    assert found.plan.removed == {"conv.n0": (0, 1, 2)}
    b = Builder(3, 8)
    norm = b.norm(b.conv("x", 4))
    silence(b, norm, (2,), -1.0)
    found = pruned(b, b.add("Relu", (norm,)))
    assert "result" in found.plan.kept["conv.n0"][2]


def test_what_data_show_is_taken_as_it_is() -> None:
    b = Builder(3, 8)
    value = b.add("Relu", (b.conv("x", 4),))
    graph = b.graph(b.conv(value, 2, bias=True))
    low, high = np.zeros(4), np.array([1.0, 0.0, 2.0, 0.0])
    found = prune_graph(graph, {value: Span(low, high)})
    assert found.plan.removed == {"conv.n0": (1, 3)}


def residual(b: Builder, value: str, act: str) -> str:
    inner = b.add(act, (b.norm(b.conv(value, 6)),))
    outer = b.norm(b.depthwise(inner, 3))
    project = b.norm(b.conv(b.add(act, (outer,)), b.channels(value)))
    return b.add("Add", (value, project))


def plain(b: Builder, value: str, act: str) -> str:
    return b.add(act, (b.norm(b.conv(value, 8, 3, pads=(1, 1))),))


def gate(b: Builder, value: str, act: str) -> str:
    return b.add(act, (b.gate(b.norm(b.conv(value, 6)), 3, "Sigmoid"),))


def branches(b: Builder, value: str, act: str) -> str:
    ways = (b.add(act, (b.norm(b.conv(value, n)),)) for n in (3, 4))
    return b.add("Concat", tuple(ways), {"axis": 1})


BLOCKS: list[Callable[[Builder, str, str], str]] = [residual, plain, gate, branches]


def generate(seed: int) -> tuple[Graph, int]:
    """A network of random blocks, its norms silenced here and there."""
    rng = np.random.default_rng(seed)
    sizes = [(10,), (5, 4), (4, 3, 3)][seed % 3]
    b = Builder(4, *sizes, seed=seed)
    if len(sizes) > 1:
        blocks: list[Callable[[Builder, str, str], str]] = [
            residual_flat,
            gate,
            branches,
        ]
    else:
        blocks = BLOCKS
    value = "x"
    for _ in range(int(rng.integers(1, 4))):
        act = str(rng.choice(ACTIVATIONS))
        value = blocks[int(rng.integers(len(blocks)))](b, value, act)
    planted = 0
    for node in b.nodes:
        if node.op == "BatchNormalization" and rng.random() < 0.7:
            width = len(b.constants[node.inputs[1]])
            chosen = tuple(rng.choice(width, int(rng.integers(1, 3)), replace=False))
            silence(b, node.outputs[0], chosen, float(rng.choice([-4.0, 0.0, 0.7])))
            planted += len(chosen)
    return b.graph(b.conv(value, 3, bias=True)), planted


def active(b: Builder, value: str, act: str) -> str:
    """Any activation, those too that ONNX spells with constants or several nodes."""
    match act:
        case "Relu6":
            return b.clip(value, 0.0, 6.0)
        case "SiLU":
            return b.add("Mul", (value, b.add("Sigmoid", (value,))))
        case "none":
            return value
    return b.add(act, (value,))


def spread(b: Builder, value: str, act: str) -> str:
    """Depthwise with two filters a channel, and a pointwise layer behind."""
    wide = active(b, b.norm(b.depthwise(value, 3, 2)), act)
    return active(b, b.norm(b.conv(wide, 5)), act)


def grouped(b: Builder, value: str, act: str) -> str:
    wide = active(b, b.norm(b.conv(value, 6)), act)
    inner = active(b, b.norm(b.conv(wide, 6, 2, group=3)), act)
    return active(b, b.conv(inner, 4, bias=True), act)


def grown(b: Builder, value: str, act: str) -> str:
    """A transposed convolution."""
    taps = (2,) * b.rank(value)
    weight = b.normal(b.channels(value), 5, *taps)
    return active(b, b.norm(b.add("ConvTranspose", (value, weight))), act)


def twice(b: Builder, value: str, act: str) -> str:
    """A residual block with a depthwise layer in the middle."""
    inner = active(b, b.norm(b.conv(value, 6)), act)
    outer = active(b, b.norm(b.depthwise(inner, 3)), act)
    return b.add("Add", (value, b.norm(b.conv(outer, b.channels(value)))))


RICH_BLOCKS = (spread, grouped, grown, twice, gate, branches)


def generate_rich(seed: int) -> tuple[Graph, int]:
    """Every kind of layer in 1-D, 2-D and 3-D; silent, copied and unread channels."""
    rng = np.random.default_rng(seed)
    sizes = [(10,), (6, 5), (4, 4, 3)][seed % 3]
    b = Builder(4, *sizes, seed=seed)
    value = "x"
    for place in range(2):
        act = RICH[(seed // 3 + place) % len(RICH)]
        block = RICH_BLOCKS[(seed + place * (1 + seed // 18)) % len(RICH_BLOCKS)]
        simple = block in {gate, branches} and act not in ACTIVATIONS
        value = block(b, value, "Relu" if simple else act)
    last = b.conv(value, 3, bias=True)
    planted = 0
    for node in b.nodes:
        if node.op == "BatchNormalization" and rng.random() < 0.7:
            width = len(b.constants[node.inputs[1]])
            chosen = tuple(rng.choice(width, int(rng.integers(1, 3)), replace=False))
            shift = float(rng.choice([-4.0, 0.0, 0.7, 9.0]))
            silence(b, node.outputs[0], chosen, shift)
            planted += len(chosen)
        weight = b.constants[node.inputs[1]] if node.op == "Conv" else np.zeros(0)
        if node.op == "Conv" and node.attributes["group"] == 1 and len(weight) > 2:
            weight[-1] = -2 * weight[0]
            if rng.random() < 0.3:
                weight[:, 0] = 0
                planted += 1
    return b.graph(last), planted


def residual_flat(b: Builder, value: str, act: str) -> str:
    inner = b.add(act, (b.norm(b.conv(value, 6)),))
    return b.add("Add", (value, b.norm(b.conv(inner, b.channels(value)))))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000))
@example(seed=5076)  # a dead gate that must stay, of channels that could have gone
def test_generated_networks_compute_the_same(seed: int) -> None:
    graph, _ = generate(seed)
    found = prune_graph(graph)
    check_same(graph, found.graph, room=1e-10)
    assert count(found.graph).macs <= count(graph).macs
    again = prune_graph(found.graph)
    assert again.channels == 0


@pytest.mark.parametrize("chunk", range(6))
def test_every_kind_of_layer_computes_the_same(chunk: int) -> None:
    planted = removed = 0
    for seed in range(15 * chunk, 15 * chunk + 15):
        graph, silent = generate_rich(seed)
        found = prune_graph(graph)
        check_same(graph, found.graph, room=1e-10)
        planted, removed = planted + silent, removed + found.channels
    assert planted > 15
    assert removed > 10


def test_generated_networks_lose_channels() -> None:
    removed = sum(prune_graph(generate(seed)[0]).channels for seed in range(60))
    assert removed >= 60


def test_idle_channels_that_stay_beside_others_are_named() -> None:
    b = Builder(4, 16)
    first = b.norm(b.conv("x", 4))
    second = b.norm(b.conv("x", 4))
    silence(b, second, (2,), 0.0)
    graph = b.graph(b.conv(b.add("Relu", (b.add("Add", (first, second)),)), 3))
    plan = prune_graph(graph).plan
    assert plan.removed == {}
    assert plan.kept == {"conv.n2": {2: "it goes with channels that carry something"}}
