"""Laws of convolution: groups, adjoints, gradients, separable pairs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests import reference
from tests.parity.one_node import call, compute
from tests.strategies import Geometry, geometries


def spread(weight: np.ndarray, group: int) -> np.ndarray:
    """The dense weight that a grouped one stands for: zeros between groups."""
    filters, channels = weight.shape[:2]
    dense = np.zeros((filters, channels * group, *weight.shape[2:]), weight.dtype)
    each = filters // group
    for g in range(group):
        rows = slice(g * each, (g + 1) * each)
        dense[rows, g * channels : (g + 1) * channels] = weight[rows]
    return dense


@given(geometries())
def test_grouped_is_dense_with_zeros(geometry: Geometry) -> None:
    x, weight, *bias = geometry.arrays(whole=True)
    (grouped,) = compute("Conv", [x, weight, *bias], geometry.attributes())
    dense = spread(weight, geometry.group)
    attributes = geometry.attributes() | {"group": 1}
    (whole,) = compute("Conv", [x, dense, *bias], attributes)
    np.testing.assert_array_equal(grouped, whole)


def spare(geometry: Geometry, outputs: tuple[int, ...]) -> tuple[int, ...]:
    """Elements at the end that no window of a convolution reaches."""
    sliding, rank = geometry.sliding, geometry.rank
    return tuple(
        geometry.sizes[a]
        + sliding.pads[a]
        + sliding.pads[a + rank]
        - sliding.strides[a] * (outputs[a] - 1)
        - sliding.dilations[a] * (sliding.kernel[a] - 1)
        - 1
        for a in range(rank)
    )


@given(geometries())
def test_transposed_is_the_adjoint(geometry: Geometry) -> None:
    """<conv(x), y> = <x, transposed(y)>, to the bit on small integers."""
    x, weight = geometry.arrays(whole=True)[:2]
    (forward,) = compute("Conv", [x, weight], geometry.attributes())
    rng = np.random.default_rng(geometry.seed)
    y = rng.integers(-4, 5, forward.shape).astype(np.float32)
    more = {"output_padding": spare(geometry, forward.shape[2:])}
    (back,) = compute("ConvTranspose", [y, weight], geometry.attributes() | more)
    assert back.shape == x.shape
    assert np.sum(forward * y, dtype=float) == np.sum(x * back, dtype=float)


@given(geometries())
def test_the_gradient_of_the_input_takes_as_many_products(geometry: Geometry) -> None:
    x, weight = geometry.arrays(whole=True)[:2]
    prepared = call("Conv", [x, weight], geometry.attributes())
    (kind,) = prepared.operator.infer(prepared)
    assert all(isinstance(dim, int) for dim in kind.shape)
    gradient = reference.transposed_convolution(
        np.ones(kind.shape),  # type: ignore[arg-type]
        weight,
        None,
        geometry.sliding,
        geometry.sizes,
        geometry.group,
    )
    macs = prepared.operator.macs(prepared)
    assert macs.backward_input == gradient.products
    assert macs.real == gradient.real


@given(geometries())
def test_the_gradient_of_the_weight_takes_as_many_products(geometry: Geometry) -> None:
    """Every element of the weight meets every output of its filter, once a sample."""
    x, weight = geometry.arrays(whole=True)[:2]
    prepared = call("Conv", [x, weight], geometry.attributes())
    (kind,) = prepared.operator.infer(prepared)
    count = 0
    for _ in reference.everywhere(weight.shape):
        for _ in reference.everywhere((geometry.batch, *kind.shape[2:])):  # type: ignore[arg-type]
            count += 1
    assert prepared.operator.macs(prepared).backward_weight == count


@given(
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 2**31),
)
def test_separable_is_depthwise_then_pointwise(
    channels: int, multiplier: int, filters: int, kernel: int, seed: int
) -> None:
    """With multiplier M, row c*M + m of the depthwise weight works on channel c."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-4, 5, (2, channels, 7)).astype(float)
    depthwise = rng.integers(-4, 5, (channels * multiplier, 1, kernel)).astype(float)
    pointwise = rng.integers(-4, 5, (filters, channels * multiplier, 1)).astype(float)
    (middle,) = compute("Conv", [x, depthwise], {"group": channels})
    (result,) = compute("Conv", [middle, pointwise])
    rows = depthwise.reshape(channels, multiplier, kernel)
    columns = pointwise.reshape(filters, channels, multiplier)
    dense = np.einsum("fcm,cmk->fck", columns, rows)
    (whole,) = compute("Conv", [x, dense])
    np.testing.assert_array_equal(result, whole)
