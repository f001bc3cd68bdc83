"""Ranges from weights alone: no input leaves them, and constants are found exactly."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.building import Builder

from depthwise.diagnosis.bounds import Span, spans_of
from depthwise.execute import run
from depthwise.graph import Graph

ACTIVATIONS = {
    "Relu": {},
    "LeakyRelu": {"alpha": 0.2},
    "Elu": {},
    "Selu": {},
    "Celu": {"alpha": 0.5},
    "Sigmoid": {},
    "HardSigmoid": {},
    "HardSwish": {},
    "Gelu": {},
    "Mish": {},
    "Tanh": {},
    "Softplus": {},
    "Softsign": {},
    "ThresholdedRelu": {},
}


def check_sound(graph: Graph, x: np.ndarray, room: float = 1e-9) -> int:
    """Every value that a run computes lies in its span; count the channels bounded."""
    taps = tuple(name for node in graph.nodes for name in node.outputs)
    spans = spans_of(graph)
    (values,) = run(graph, [x], taps, dtype="float64")
    bounded = 0
    for name in taps:
        array = values[name]
        others = tuple(a for a in range(array.ndim) if a != 1)
        low, high = array.min(axis=others), array.max(axis=others)
        span = spans[name].over(low.size if array.ndim > 1 else 1)
        slack = room * (1 + np.abs(array).max())
        assert (low >= span.low - slack).all(), name
        assert (high <= span.high + slack).all(), name
        bounded += int(np.isfinite(span.high - span.low).sum())
    return bounded


def test_check_sound_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    b = Builder(2, 4)
    graph = b.graph(b.add("Relu", ("x",)))
    wrong = {"n0": Span.of(0.0, 1e-3)}
    monkeypatch.setitem(check_sound.__globals__, "spans_of", lambda _graph: wrong)
    with pytest.raises(AssertionError):
        check_sound(graph, np.ones((1, 2, 4)))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_stay_in_their_range(name: str) -> None:
    b = Builder(3, 200)
    bounded = b.clip("x", -4.0, 3.0)
    whole = b.add(name, ("x",), ACTIVATIONS[name])
    graph = b.graph(whole, b.add(name, (bounded,), ACTIVATIONS[name]))
    rng = np.random.default_rng(0)
    for scale in (0.1, 2.0, 50.0):
        check_sound(graph, scale * rng.standard_normal((2, 3, 200)))


def unbounded(b: Builder, value: str) -> str:
    return b.conv(value, 4, 3, pads=(1, 1), bias=True)


def grouped(b: Builder, value: str) -> str:
    return b.conv(value, 8, 3, group=4, strides=(2,))


def transposed(b: Builder, value: str) -> str:
    weight = b.normal(4, 3, 3)
    return b.add("ConvTranspose", (value, weight), {"group": 1, "strides": (2,)})


def gated(b: Builder, value: str) -> str:
    return b.gate(value, 2)


def flattened(b: Builder, value: str) -> str:
    flat = b.add("Flatten", (value,))
    (width,) = b.types[flat].shape[1:]
    assert isinstance(width, int)
    weight, bias = b.normal(5, width), b.normal(5)
    return b.add("Gemm", (flat, weight, bias), {"transB": 1})


def padded(b: Builder, value: str) -> str:
    return b.add("Pad", (value, b.constant(np.array([0, 0, 2, 0, 0, 1]))))


def averaged(b: Builder, value: str) -> str:
    attributes = {"kernel_shape": (3,), "pads": (1, 1), "count_include_pad": 1}
    return b.add("AveragePool", (value,), attributes)


def joined(b: Builder, value: str) -> str:
    other = b.add("Sigmoid", (b.conv(value, 4),))
    both = b.add("Concat", (value, other), {"axis": 1})
    return b.add("Sub", (both, b.constant(b.rng.standard_normal((8, 1)))))


def rectified(b: Builder, value: str) -> str:
    slopes = b.constant(b.rng.uniform(-1, 1, (4, 1)))
    return b.add("PRelu", (value, slopes))


def divided(b: Builder, value: str) -> str:
    return b.add("Div", (value, b.constant(np.array([-2.0]))))


def shuffled(b: Builder, value: str) -> str:
    split = b.add("Reshape", (value, b.constant(np.array([0, 2, 2, 16]))))
    turned = b.add("Transpose", (split,), {"perm": (0, 2, 1, 3)})
    return b.add("Reshape", (turned, b.constant(np.array([0, 4, 16]))))


def averaged_over_positions(b: Builder, value: str) -> str:
    return b.add("ReduceMean", (value, b.constant(np.array([2]))), {"keepdims": 0})


LAYERS = [
    unbounded,
    grouped,
    transposed,
    gated,
    flattened,
    padded,
    averaged,
    joined,
    rectified,
    divided,
    shuffled,
    averaged_over_positions,
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.__name__)
@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([0.1, 3.0, 1e4]))
def test_layers_stay_in_their_range(
    layer: Callable[[Builder, str], str], seed: int, scale: float
) -> None:
    b = Builder(4, 16, seed=seed)
    free = layer(b, "x")
    held = layer(b, b.clip(b.norm(b.conv("x", 4, 1, bias=True)), -1.0, 2.0))
    x = scale * b.rng.standard_normal((2, 4, 16))
    assert check_sound(b.graph(free, held), x) > 0


def fixed(graph: Graph) -> dict[int, float]:
    """Channels of the result that can be one number only, and the number."""
    span = spans_of(graph)[graph.outputs[0]]
    return {int(c): float(span.low[c]) for c in np.flatnonzero(span.fixed)}


def test_a_scale_of_zero_makes_a_channel_constant_and_a_rectifier_dead() -> None:
    b = Builder(4, 16)
    value = b.norm(b.conv("x", 4))
    scale, shift = b.nodes[-1].inputs[1:3]
    b.constants[scale][1:3] = 0
    b.constants[shift][1:3] = (0.5, -0.5)
    assert fixed(b.graph(b.add("Relu", (value,)))) == {1: 0.5, 2: 0.0}


def test_constants_pass_through_layers_exactly_where_no_padding_mixes_in() -> None:
    b = Builder(4, 16)
    dead = b.clip(b.add("Relu", (b.conv("x", 3),)), 0.0, 0.0)
    assert len(fixed(b.graph(b.norm(b.conv(dead, 5, 3, pads=(1, 1)))))) == 5
    b = Builder(4, 16)
    one = b.clip("x", 1.0, 1.0)
    assert fixed(b.graph(b.conv(one, 5, 3, pads=(1, 1)))) == {}
    b = Builder(4, 16)
    one = b.clip("x", 1.0, 1.0)
    weight = b.normal(5, 4, 3)
    found = fixed(b.graph(b.add("Conv", (one, weight))))
    sums: Any = b.constants[weight].sum(axis=(1, 2))
    assert found == pytest.approx(dict(enumerate(sums)), rel=1e-14)


def test_a_negative_bias_behind_bounded_inputs_is_proven_dead() -> None:
    b = Builder(4, 16)
    six = b.clip("x", 0.0, 6.0)
    value = b.conv(six, 3, 1, bias=True)
    weight, bias = b.nodes[-1].inputs[1:3]
    reach = 6 * np.maximum(b.constants[weight], 0).sum(axis=(1, 2))
    b.constants[bias][:] = -reach + (-0.01, 0.01, -5)
    assert fixed(b.graph(b.add("Relu", (value,)))) == {0: 0.0, 2: 0.0}


def test_what_is_known_of_the_input_is_used() -> None:
    b = Builder(2, 4)
    graph = b.graph(b.add("Abs", (b.add("Relu", ("x",)),)))
    known = {"x": Span.of(-2.0, -1.0)}
    assert spans_of(graph, known)["n0"].fixed.all()
    assert not spans_of(graph)["n0"].fixed.any()


def test_what_is_known_is_worked_out_element_by_element() -> None:
    b = Builder(3, 4)
    start = b.clip(b.conv("x", 3), 2.0, 2.0)
    size = b.add("Add", (b.add("Abs", (start,)), b.constant(np.array(1.0))))
    ratio = b.add("Div", (b.add("Neg", (start,)), size))
    above = b.add("Greater", (start, b.constant(np.array(1.0))))
    near = b.add("Greater", (start, b.constant(np.array(2.0 + 1e-7))))
    zero = b.constant(np.array(0.0))
    chosen = b.add("Where", (above, ratio, zero))
    doubtful = b.add("Where", (near, ratio, zero))
    graph = b.graph(chosen, doubtful)
    spans = spans_of(graph)
    assert spans[chosen].low.tolist() == spans[chosen].high.tolist() == [-2 / 3] * 3
    assert not spans[doubtful].fixed.any()
    check_sound(graph, np.ones((2, 3, 4)))
