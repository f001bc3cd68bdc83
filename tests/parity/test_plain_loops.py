"""Plain loops in float64 = the operator table, to the bit and within the bound."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests import reference
from tests.parity.one_node import call, compute
from tests.reference import Result, Sliding
from tests.strategies import Geometry, geometries, slidings

from depthwise.graph import Macs


def check_equal(got: np.ndarray, expected: np.ndarray) -> None:
    """Every element the same, as small integers in floating point must be."""
    np.testing.assert_array_equal(got.astype(np.float64), expected)


def check_near(got: np.ndarray, expected: np.ndarray, bound: np.ndarray) -> None:
    """Every element within its own derived bound."""
    assert got.shape == expected.shape
    worst = np.abs(got.astype(np.float64) - expected) - bound
    assert worst.max(initial=-1.0) <= 0


def test_check_equal_can_fail() -> None:
    with pytest.raises(AssertionError):
        check_equal(np.ones(3, np.float32), np.array([1.0, 1.0, 1.0 + 2.0**-30]))


def test_check_near_can_fail() -> None:
    with pytest.raises(AssertionError):
        check_near(np.ones(2, np.float32), np.array([1, 1.1]), np.array([0.0, 0.09]))


def loop(geometry: Geometry, arrays: list) -> Result:
    x, weight = arrays[:2]
    bias = arrays[2] if geometry.bias else None
    return reference.convolution(x, weight, bias, geometry.sliding, geometry.group)


@given(geometries())
def test_convolution_is_exact_on_small_integers(geometry: Geometry) -> None:
    arrays = geometry.arrays(whole=True)
    expected = loop(geometry, arrays)
    for dtype in ("float32", "float64"):
        operands = [array.astype(dtype) for array in arrays]
        (got,) = compute("Conv", operands, geometry.attributes())
        assert got.dtype == dtype
        check_equal(got, expected.values)


@given(geometries())
def test_convolution_is_within_the_bound_on_real_numbers(geometry: Geometry) -> None:
    arrays = geometry.arrays()
    expected = loop(geometry, arrays)
    sizes = loop(geometry, [np.abs(array) for array in arrays])
    (got,) = compute("Conv", arrays, geometry.attributes())
    bound = reference.error_bound(sizes.values, geometry.terms)
    check_near(got, expected.values, bound)


@given(geometries())
def test_convolution_counts_what_the_loop_multiplies(geometry: Geometry) -> None:
    arrays = geometry.arrays(whole=True)
    expected = loop(geometry, arrays)
    prepared = call("Conv", arrays, geometry.attributes())
    nominal = expected.products
    assert prepared.operator.macs(prepared) == Macs(
        nominal, expected.real, backward_input=nominal, backward_weight=nominal
    )


@given(
    st.sampled_from(["SAME_UPPER", "SAME_LOWER", "VALID"]),
    geometries(),
)
def test_automatic_padding_is_the_padding_it_stands_for(
    mode: str, geometry: Geometry
) -> None:
    sliding, pads = geometry.sliding, []
    for size, kernel, stride, dilation in zip(
        geometry.sizes, sliding.kernel, sliding.strides, sliding.dilations, strict=True
    ):
        reach = dilation * (kernel - 1) + 1
        assume(mode != "VALID" or size >= reach)
        outputs = -(-size // stride)
        total = max(0, (outputs - 1) * stride + reach - size)
        before = total // 2 if mode == "SAME_UPPER" else total - total // 2
        pads.append((before, total - before) if mode != "VALID" else (0, 0))
    explicit = (*(p[0] for p in pads), *(p[1] for p in pads))
    arrays = geometry.arrays(whole=True)
    attributes = geometry.attributes()
    (automatic,) = compute("Conv", arrays, attributes | {"pads": (), "auto_pad": mode})
    (spelled,) = compute("Conv", arrays, attributes | {"pads": explicit})
    check_equal(automatic, spelled)


def transposed_sizes(geometry: Geometry, extra: tuple[int, ...]) -> list[int]:
    """What a transposed convolution gives, the cropping and the extra included."""
    sliding, rank = geometry.sliding, geometry.rank
    return [
        sliding.strides[a] * (geometry.sizes[a] - 1)
        + sliding.dilations[a] * (sliding.kernel[a] - 1)
        + 1
        + extra[a]
        - sliding.pads[a]
        - sliding.pads[a + rank]
        for a in range(rank)
    ]


@st.composite
def transposed(draw: st.DrawFn) -> tuple[Geometry, tuple[int, ...], list[int]]:
    """A geometry with its output padding and its output sizes."""
    geometry = draw(geometries(transposed=True))
    strides = geometry.sliding.strides
    extra = tuple(draw(st.integers(0, stride - 1)) for stride in strides)
    outputs = transposed_sizes(geometry, extra)
    assume(min(outputs) >= 1)
    return geometry, extra, outputs


def transposed_loop(geometry: Geometry, outputs: list[int], arrays: list) -> Result:
    x, weight = arrays[:2]
    bias = arrays[2] if geometry.bias else None
    sliding, group = geometry.sliding, geometry.group
    return reference.transposed_convolution(x, weight, bias, sliding, outputs, group)


@given(transposed())
def test_transposed_convolution_is_exact_on_small_integers(drawn: tuple) -> None:
    geometry, extra, outputs = drawn
    arrays = geometry.arrays(transposed=True, whole=True)
    expected = transposed_loop(geometry, outputs, arrays)
    attributes = geometry.attributes() | {"output_padding": extra}
    (got,) = compute("ConvTranspose", arrays, attributes)
    check_equal(got, expected.values)
    prepared = call("ConvTranspose", arrays, attributes)
    macs = prepared.operator.macs(prepared)
    assert (macs.forward, macs.real) == (expected.products, expected.real)
    assert macs.backward_input == macs.backward_weight == expected.products


@given(transposed())
def test_transposed_convolution_is_within_the_bound(drawn: tuple) -> None:
    geometry, extra, outputs = drawn
    arrays = geometry.arrays(transposed=True)
    expected = transposed_loop(geometry, outputs, arrays)
    sizes = transposed_loop(geometry, outputs, [np.abs(a) for a in arrays])
    attributes = geometry.attributes() | {"output_padding": extra}
    (got,) = compute("ConvTranspose", arrays, attributes)
    bound = reference.error_bound(sizes.values, geometry.terms)
    check_near(got, expected.values, bound)


@st.composite
def pools(draw: st.DrawFn) -> tuple[np.ndarray, Sliding, bool]:
    """Input, window and ceil mode; every window holds one element at least."""
    rank = draw(st.integers(1, 3))
    sliding = draw(slidings(rank, longest=4))
    pads = tuple(
        min(max(pad, 0), (sliding.kernel[i % rank] - 1) // 2)
        for i, pad in enumerate(sliding.pads)
    )
    sliding = Sliding(sliding.kernel, sliding.strides, sliding.dilations, pads)
    reach = [
        d * (k - 1) + 1 for d, k in zip(sliding.dilations, sliding.kernel, strict=True)
    ]
    sizes = tuple(draw(st.integers(r, r + 4)) for r in reach)
    seed = draw(st.integers(0, 2**31))
    x = np.random.default_rng(seed).integers(-9, 10, (2, 2, *sizes))
    return x.astype(np.float32), sliding, draw(st.booleans())


def pool_attributes(sliding: Sliding, *, ceil: bool) -> dict:
    return {
        "kernel_shape": sliding.kernel,
        "strides": sliding.strides,
        "dilations": sliding.dilations,
        "pads": sliding.pads,
        "ceil_mode": int(ceil),
    }


def pool_outputs(x: np.ndarray, sliding: Sliding, *, ceil: bool) -> tuple[int, ...]:
    """Positions of a window; the last may be partial but starts on an element."""
    rank = len(sliding.kernel)
    counts = []
    for a in range(rank):
        reach = sliding.dilations[a] * (sliding.kernel[a] - 1) + 1
        end = x.shape[2 + a] + sliding.pads[a + rank]
        starts = []
        at = -sliding.pads[a]
        while at + reach <= end or (
            ceil and at < x.shape[2 + a] and at + reach - sliding.strides[a] < end
        ):
            starts.append(at)
            at += sliding.strides[a]
        counts.append(len(starts))
    return tuple(counts)


@given(pools())
def test_max_pool_and_its_indices(pool: tuple[np.ndarray, Sliding, bool]) -> None:
    x, sliding, ceil = pool
    outputs = pool_outputs(x, sliding, ceil=ceil)
    values, places = reference.max_pool(x, sliding, outputs)
    attributes = pool_attributes(sliding, ceil=ceil)
    check_equal(compute("MaxPool", [x], attributes)[0], values)
    got, indices = compute("MaxPool", [x], attributes, outputs=2)
    check_equal(got, values)
    check_equal(indices, places)


@given(pools(), st.booleans())
def test_average_pool(
    pool: tuple[np.ndarray, Sliding, bool], count_padding: bool
) -> None:
    x, sliding, ceil = pool
    outputs = pool_outputs(x, sliding, ceil=ceil)
    expected = reference.average_pool(x, sliding, outputs, count_padding=count_padding)
    attributes = pool_attributes(sliding, ceil=ceil)
    attributes["count_include_pad"] = int(count_padding)
    (got,) = compute("AveragePool", [x.astype(np.float64)], attributes)
    np.testing.assert_allclose(got, expected, rtol=1e-14, atol=1e-14)


@settings(max_examples=30)
@given(pools(), st.integers(1, 3))
def test_power_pool(pool: tuple[np.ndarray, Sliding, bool], power: int) -> None:
    x, sliding, ceil = pool
    outputs = pool_outputs(x, sliding, ceil=ceil)
    expected = reference.power_pool(x, sliding, outputs, power)
    attributes = pool_attributes(sliding, ceil=ceil) | {"p": power}
    (got,) = compute("LpPool", [x.astype(np.float64)], attributes)
    np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-14)


def test_the_worked_example_of_a_separable_convolution() -> None:
    x = np.ones((1, 3, 8, 8))
    plain = Sliding((3, 3), (1, 1), (1, 1), (0, 0, 0, 0))
    point = Sliding((1, 1), (1, 1), (1, 1), (0, 0, 0, 0))
    depthwise = reference.convolution(x, np.ones((3, 1, 3, 3)), None, plain, group=3)
    middle = depthwise.values
    for filters, separable, dense in ((1, 1080, 972), (256, 28_620, 248_832)):
        pointwise = reference.convolution(
            middle, np.ones((filters, 3, 1, 1)), None, point
        )
        assert depthwise.products + pointwise.products == separable
        whole = reference.convolution(x, np.ones((filters, 3, 3, 3)), None, plain)
        assert whole.products == dense
        np.testing.assert_array_equal(whole.values, pointwise.values)


def test_even_kernels_with_same_padding_pad_more_at_the_end() -> None:
    x = np.arange(1, 5, dtype=np.float32).reshape(1, 1, 4)
    weight = np.array([[[1.0, 10.0]]], np.float32)
    (upper,) = compute("Conv", [x, weight], {"auto_pad": "SAME_UPPER"})
    (lower,) = compute("Conv", [x, weight], {"auto_pad": "SAME_LOWER"})
    assert upper.tolist() == [[[21, 32, 43, 4]]]
    assert lower.tolist() == [[[10, 21, 32, 43]]]
