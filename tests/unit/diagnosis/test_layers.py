"""Where a layer's channels are looked at: behind whatever each becomes by itself."""

import numpy as np
import pytest
from tests.building import Builder

from depthwise.diagnosis import diagnose_graph, observed_values, prune_graph
from depthwise.diagnosis.knowledge import known_spans
from depthwise.diagnosis.layers import falls_silent
from depthwise.execute import run


def silu(b: Builder, value: str) -> str:
    return b.add("Mul", (value, b.add("Sigmoid", (value,))))


def written_hard_swish(b: Builder, value: str) -> str:
    shifted = b.add("Add", (value, b.constant(np.array(3.0))))
    part = b.add("Mul", (b.clip(shifted, 0.0, 6.0), b.constant(np.array(1 / 6))))
    return b.add("Mul", (value, part))


def softsign(b: Builder, value: str) -> str:
    size = b.add("Add", (b.add("Abs", (value,)), b.constant(np.array(1.0))))
    return b.add("Div", (value, size))


@pytest.mark.parametrize("activation", [silu, written_hard_swish, softsign])
def test_an_activation_in_several_nodes_is_one(activation) -> None:
    b = Builder(3, 12)
    norm = b.norm(b.conv("x", 6))
    made = activation(b, norm)
    graph = b.graph(b.conv(made, 2))
    assert observed_values(graph)["conv.n0"] == made


def test_what_reads_other_channels_too_is_no_activation() -> None:
    b = Builder(3, 12)
    first = b.conv("x", 3)
    other = b.conv("x", 3)
    summed = b.add("Add", (first, other))
    gated = b.gate(b.add("Relu", (summed,)), 2)
    places = observed_values(b.graph(b.conv(gated, 2)))
    assert (places["conv.n0"], places["conv.n1"]) == (first, other)


def test_a_value_that_is_read_before_its_activation_stays_the_place() -> None:
    b = Builder(3, 12)
    first = b.conv("x", 3)
    relu = b.add("Relu", (first,))
    joined = b.add("Concat", (relu, first), {"axis": 1})
    assert observed_values(b.graph(b.conv(joined, 2)))["conv.n0"] == first


def test_full_layers_have_channels_unless_they_are_the_result() -> None:
    b = Builder(3, 12, dtype="float32")
    flat = b.add("Flatten", (b.conv("x", 2),))
    hidden = b.add("Gemm", (flat, b.normal(24, 5), b.normal(5)))
    b.constants[b.nodes[-1].inputs[1]][:, 3] = 0
    b.constants[b.nodes[-1].inputs[2]][3] = -1
    relu = b.add("Relu", (hidden,))
    graph = b.graph(b.add("MatMul", (relu, b.normal(5, 4))))
    assert observed_values(graph)["gemm.n2"] == relu
    assert "matmul.n4" not in observed_values(graph)
    told = diagnose_graph(graph, [np.ones((2, 3, 12), "float32")])
    assert told.layers[1].findings[0].channels == (3,)


def test_what_falls_silent_below_zero() -> None:
    b = Builder(3, 12)
    smooth = silu(b, "x")
    plain = [b.add(op, ("x",)) for op in ("Relu", "HardSwish", "Gelu", "Mish")]
    loud = [b.add(op, ("x",)) for op in ("Elu", "Tanh", "LeakyRelu", "Identity")]
    graph = b.graph(smooth, *plain, *loud)
    assert all(falls_silent(graph, name) for name in (smooth, *plain))
    assert not any(falls_silent(graph, name) for name in ("x", *loud))


@pytest.mark.parametrize("activation", [silu, written_hard_swish, "Mish", "Gelu"])
def test_a_smooth_channel_that_never_fires_is_found_and_goes(activation) -> None:
    b = Builder(3, 12, dtype="float32")
    norm = b.norm(b.conv("x", 6))
    b.constants[b.nodes[-1].inputs[2]][4] = -40
    value = b.add(activation, (norm,)) if isinstance(activation, str) else None
    graph = b.graph(b.conv(value or activation(b, norm), 2, bias=True))
    x = b.rng.standard_normal((8, 3, 12)).astype("float32")
    told = diagnose_graph(graph, [x])
    found = {str(f.fault): f.channels for f in told.layers[0].findings}
    assert found["dead"] == (4,)
    smaller = prune_graph(graph, known_spans(graph, told.observed))
    assert smaller.plan.removed == {"conv.n0": (4,)}
    (before,), (after,) = run(graph, [x]), run(smaller.graph, [x])
    np.testing.assert_allclose(*(r[graph.outputs[0]] for r in (before, after)), 1e-5)
