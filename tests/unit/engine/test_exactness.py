"""Edges by construction: channel counts, kernels, strides, multipliers, ranks."""

import numpy as np
import pytest
from tests.unit.engine.comparing import (
    EPSILON,
    Sketch,
    check_exact,
    check_near,
    reference,
)

from depthwise.engine import compile_graph, host

CHANNELS = range(1, 2 * host().lanes + 2)


@pytest.mark.parametrize("channels", CHANNELS)
def test_every_channel_count(channels: int) -> None:
    sketch = Sketch({"x": (channels, 5, 6)})
    pads = {"pads": (1, 1, 1, 1)}
    depth = sketch.conv("x", (channels, 1, 3, 3), group=channels, **pads)
    point = sketch.conv(depth, (channels, channels, 1, 1))
    dense = sketch.conv("x", (5, channels, 3, 3), **pads)
    wide = sketch.conv("x", (channels, channels, 2, 1))
    relu = sketch.add("Relu", point)
    check_exact(sketch.graph(relu, dense, wide))


@pytest.mark.parametrize("kernel", [*range(1, 10), 31])
def test_every_kernel(kernel: int) -> None:
    sketch = Sketch({"x": (9, 33)})
    sides = {"pads": (kernel // 2, (kernel - 1) // 2)}
    deep = sketch.conv("x", (9, 1, kernel), group=9, **sides)
    dense = sketch.conv("x", (4, 9, kernel), strides=(2,), **sides)
    check_exact(sketch.graph(deep, dense))


@pytest.mark.parametrize("kernel", [3, 7, 9, 31])
def test_square_kernels(kernel: int) -> None:
    half = kernel // 2
    sketch = Sketch({"x": (8, 32, 9)})
    pads = {"pads": (half, half, half, half)}
    deep = sketch.conv("x", (8, 1, kernel, kernel), group=8, **pads)
    check_exact(sketch.graph(deep), samples=1)


@pytest.mark.parametrize("multiplier", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [3, 8, 12])
def test_depth_multiplier(channels: int, multiplier: int) -> None:
    sketch = Sketch({"x": (channels, 6, 7)})
    outputs = channels * multiplier
    deep = sketch.conv(
        "x", (outputs, 1, 3, 3), group=channels, pads=(1, 1, 1, 1), strides=(2, 1)
    )
    check_exact(sketch.graph(deep))


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("samples", [1, 2, 3])
def test_batches(samples: int, batch: int) -> None:
    sketch = Sketch({"x": (3, 8, 8)})
    stem = sketch.conv("x", (9, 3, 3, 3), strides=(2, 2), pads=(0, 0, 1, 1))
    deep = sketch.conv(stem, (9, 1, 3, 3), group=9, pads=(1, 1, 1, 1))
    pooled = sketch.add("GlobalAveragePool", sketch.conv(deep, (6, 9, 1, 1)))
    flat = sketch.add("Flatten", pooled)
    last = sketch.add("Gemm", flat, sketch.integers(6, 5), sketch.integers(5))
    check_exact(sketch.graph(last), samples=samples, batch=batch)


def test_a_row_of_pixels_and_a_stride_beyond_the_kernel() -> None:
    sketch = Sketch({"x": (10, 1, 50)})
    deep = sketch.conv("x", (10, 1, 1, 3), group=10, strides=(1, 5))
    dense = sketch.conv("x", (7, 10, 1, 2), strides=(1, 7))
    check_exact(sketch.graph(deep, dense))


def test_volumes() -> None:
    sketch = Sketch({"x": (5, 4, 6, 7)})
    around = {"pads": (1, 0, 1, 1, 1, 0), "dilations": (1, 2, 1)}
    deep = sketch.conv("x", (10, 1, 3, 2, 2), group=5, **around)
    dense = sketch.conv("x", (9, 5, 2, 3, 1), strides=(2, 1, 2))
    point = sketch.conv(dense, (4, 9, 1, 1, 1))
    check_exact(sketch.graph(deep, point))


def test_groups_that_are_no_vectors() -> None:
    sketch = Sketch({"x": (12, 5, 5)})
    odd = sketch.conv("x", (6, 4, 3, 3), group=3, pads=(1, 1, 1, 1))
    even = sketch.conv("x", (24, 6, 1, 1), group=2)
    check_exact(sketch.graph(sketch.add("Relu", odd), even))


def test_a_residual_and_two_readers() -> None:
    sketch = Sketch({"x": (8, 9, 9)})
    first = sketch.conv("x", (16, 8, 1, 1))
    deep = sketch.conv(first, (16, 1, 3, 3), group=16, pads=(1, 1, 1, 1))
    last = sketch.conv(deep, (16, 16, 1, 1))
    total = sketch.add("Relu", sketch.add("Add", last, first))
    check_exact(sketch.graph(total), threads=2)


def test_real_numbers_stay_within_the_derived_bound() -> None:
    """A sum of K products, in any order, is within 2 (K + 2) eps of itself."""
    random = np.random.default_rng(3)
    sketch = Sketch({"x": (40, 9, 9)})
    weight = random.standard_normal((24, 40, 3, 3)).astype(np.float32)
    value = sketch.add("Conv", "x", sketch.constant(weight, "w"))
    graph = sketch.graph(value)
    x = random.standard_normal((2, 40, 9, 9)).astype(np.float32)
    sizes = Sketch({"x": (40, 9, 9)})
    product = sizes.add("Conv", "x", sizes.constant(np.abs(weight), "w"))
    scale = reference(sizes.graph(product), {"x": np.abs(x)})[product]
    found = compile_graph(graph, threads=1, cache=None).run(x)[value]
    error = np.abs(found - reference(graph, {"x": x})[value])
    assert (error <= 2 * (40 * 9 + 2) * EPSILON * scale).all()
    assert error.max() > 0


def test_check_exact_can_fail() -> None:
    sketch = Sketch({"x": (4, 5, 5)})
    weight = np.full((2, 4, 1, 1), 0.1, np.float32)
    value = sketch.add("Conv", "x", sketch.constant(weight))
    with pytest.raises(AssertionError):
        check_exact(sketch.graph(value))


def test_check_near_can_fail() -> None:
    sketch = Sketch({"x": (4,)})
    graph = sketch.graph(sketch.add("Tanh", "x"))
    x = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)
    with pytest.raises(AssertionError):
        check_near(graph, {"x": x}, relative=1e-12)
