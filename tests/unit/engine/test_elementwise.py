"""Activations and arithmetic: against the table, broadcast, and on NaN."""

import numpy as np
import pytest
from tests.unit.engine.comparing import Sketch, check_exact, check_near, reference

from depthwise.engine import compile_graph

WIDE = np.concatenate(
    [np.linspace(-30, 30, 4001), np.linspace(-1e-3, 1e-3, 95)]
).astype(np.float32)


@pytest.mark.parametrize(
    ("op", "attributes"),
    [
        ("Sigmoid", {}),
        ("Tanh", {}),
        ("Elu", {"alpha": 1.5}),
        ("HardSigmoid", {"alpha": 0.3, "beta": 0.4}),
        ("HardSwish", {}),
        ("LeakyRelu", {"alpha": 0.2}),
        ("Gelu", {}),
        ("Erf", {}),
        ("Exp", {}),
        ("Abs", {}),
        ("Neg", {}),
        ("Relu", {}),
    ],
)
def test_activations_are_near_the_table(op: str, attributes: dict) -> None:
    sketch = Sketch({"x": (WIDE.size,)})
    graph = sketch.graph(sketch.add(op, "x", **attributes))
    check_near(graph, {"x": WIDE[None]}, relative=3e-6, absolute=2e-7)


@pytest.mark.parametrize("op", ["Relu", "Clip", "LeakyRelu", "HardSwish", "Sigmoid"])
def test_nan_and_infinity_pass_as_in_the_table(op: str) -> None:
    sketch = Sketch({"x": (12,)})
    bounds = (sketch.constant(np.float32(0)), sketch.constant(np.float32(6)))
    inputs = ("x", *bounds) if op == "Clip" else ("x",)
    graph = sketch.graph(sketch.add(op, *inputs))
    x = np.array([[np.nan, np.inf, -np.inf, -0.0] * 3], np.float32)
    found = compile_graph(graph, cache=None)(x)
    wanted = reference(graph, {"x": x})[graph.outputs[0]]
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_nan_stays_behind_a_fused_relu() -> None:
    sketch = Sketch({"x": (8, 4, 4)})
    value = sketch.add("Relu", sketch.conv("x", (8, 8, 1, 1)))
    x = np.ones((1, 8, 4, 4), np.float32)
    x[0, 3, 1, 2] = np.nan
    found = compile_graph(sketch.graph(value), cache=None)(x)
    assert np.isnan(found[0, :, 1, 2]).all()
    assert np.isnan(found).sum() == 8


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "Max", "Min"])
@pytest.mark.parametrize("shape", [(), (5, 6), (6,), (3, 1, 1), (3, 5, 6), (1, 5, 1)])
def test_broadcasting_either_way(op: str, shape: tuple[int, ...]) -> None:
    sketch = Sketch({"x": (3, 5, 6)})
    other = sketch.integers(*shape)
    after = sketch.conv("x", (3, 3, 1, 1))
    outputs = [
        sketch.add(op, "x", other),
        sketch.add(op, other, "x"),
        sketch.add(op, after, other),
    ]
    check_exact(sketch.graph(*outputs))


def test_division() -> None:
    sketch = Sketch({"x": (9, 4), "y": (9, 4)})
    graph = sketch.graph(sketch.add("Div", "x", "y"))
    random = np.random.default_rng(0)
    x = random.integers(-8, 9, (2, 9, 4)).astype(np.float32)
    y = (2.0 ** random.integers(-2, 3, (2, 9, 4))).astype(np.float32)
    check_near(graph, {"x": x, "y": y}, relative=0)


def test_a_gate_a_channel() -> None:
    sketch = Sketch({"x": (11, 5, 5)})
    value = sketch.conv("x", (11, 1, 3, 3), group=11)
    pooled = sketch.add("GlobalMaxPool", value)
    gate = sketch.add("Relu", sketch.conv(pooled, (11, 11, 1, 1)))
    scaled = sketch.add("Mul", value, gate)
    check_exact(sketch.graph(scaled), batch=2, samples=3)


def test_batch_norm_alone() -> None:
    sketch = Sketch({"x": (5, 3, 3)})
    ones = np.ones(5, np.float32)
    names = [sketch.constant(a) for a in (2 * ones, ones, 3 * ones, 4 * ones)]
    value = sketch.add("BatchNormalization", "x", *names, epsilon=0.0)
    check_exact(sketch.graph(sketch.add("Relu", value)))
