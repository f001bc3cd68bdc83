"""Activations that are spelled out run as one, and mean the same."""

import numpy as np
import pytest
from tests.unit.engine.comparing import Sketch, check_near

from depthwise.engine import compile_graph

X = {"x": np.linspace(-6, 6, 16 * 9, dtype=np.float32).reshape(1, 16, 3, 3)}


def hard_swish(sketch: Sketch, value: str, order: str) -> str:
    three, zero, six = (sketch.constant(np.float32(n)) for n in (3, 0, 6))
    clipped = sketch.add("Clip", sketch.add("Add", value, three), zero, six)
    if order == "divide first":
        return sketch.add("Mul", value, sketch.add("Div", clipped, six))
    if order == "multiply by a sixth":
        sixth = sketch.constant(np.float32(1 / 6))
        return sketch.add("Mul", sketch.add("Mul", clipped, sixth), value)
    return sketch.add("Div", sketch.add("Mul", value, clipped), six)


@pytest.mark.parametrize(
    "order", ["divide first", "divide last", "multiply by a sixth"]
)
def test_hard_swish_is_recognised(order: str) -> None:
    sketch = Sketch({"x": (16, 3, 3)})
    graph = sketch.graph(hard_swish(sketch, sketch.conv("x", (16, 16, 1, 1)), order))
    check_near(graph, X, relative=1e-5, absolute=1e-4)
    program = compile_graph(graph, cache=None).compiled.program
    assert [s for s in program.steps if "hardswish" in s.kernel.name]
    assert not [s for s in program.steps if "clip" in s.kernel.name]


def test_silu_is_recognised() -> None:
    sketch = Sketch({"x": (16, 3, 3)})
    value = sketch.conv("x", (16, 16, 1, 1))
    graph = sketch.graph(sketch.add("Mul", sketch.add("Sigmoid", value), value))
    check_near(graph, X, relative=1e-5, absolute=1e-5)
    steps = compile_graph(graph, cache=None).compiled.program.steps
    assert any("silu" in step.kernel.name for step in steps)


def test_a_gate_that_others_read_is_no_silu() -> None:
    sketch = Sketch({"x": (16, 3, 3)})
    value = sketch.conv("x", (16, 16, 1, 1))
    gate = sketch.add("Sigmoid", value)
    graph = sketch.graph(sketch.add("Mul", gate, value), gate)
    check_near(graph, X, relative=1e-5, absolute=1e-5)


def test_other_numbers_are_no_hard_swish() -> None:
    sketch = Sketch({"x": (16, 3, 3)})
    two, zero, six = (sketch.constant(np.float32(n)) for n in (2, 0, 6))
    value = sketch.conv("x", (16, 16, 1, 1))
    clipped = sketch.add("Clip", sketch.add("Add", value, two), zero, six)
    graph = sketch.graph(sketch.add("Mul", value, sketch.add("Div", clipped, six)))
    check_near(graph, X, relative=1e-5, absolute=1e-4)
