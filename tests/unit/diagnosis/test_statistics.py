"""Streaming statistics against NumPy's own, whatever the batches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwise.diagnosis import observe
from depthwise.errors import DataError, GeometryError


def flat(values):
    return np.moveaxis(values, 1, 0).reshape(values.shape[1], -1)


@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    channels=st.integers(1, 5),
)
def test_streamed_equals_whole(seed, sizes, channels):
    rng = np.random.default_rng(seed)
    parts = [rng.normal(3, 2, (n, channels, 7)) for n in sizes]
    whole = flat(np.concatenate(parts))
    stats = observe(parts[0])
    for part in parts[1:]:
        stats = stats + observe(part)
    assert stats.count == whole.shape[1]
    np.testing.assert_allclose(stats.mean, whole.mean(1), rtol=1e-12)
    covariance = np.cov(whole, bias=True).reshape(channels, channels)
    np.testing.assert_allclose(stats.covariance, covariance, atol=1e-12)
    np.testing.assert_array_equal(stats.low, whole.min(1))
    np.testing.assert_array_equal(stats.firing_rate, (whole > 0).mean(1))


def test_large_mean_does_not_eat_the_variance():
    rng = np.random.default_rng(0)
    values = (rng.normal(0, 1, (64, 3, 100)) + 1e4).astype("float32")
    exact = flat(values.astype("float64")).var(1)
    halves = observe(values[:32]) + observe(values[32:])
    np.testing.assert_allclose(halves.variance, exact, rtol=1e-3)


def test_dead_constant_and_correlated_channels():
    rng = np.random.default_rng(1)
    a = rng.normal(size=(8, 50))
    values = np.stack([a, -2 * a + 1, np.zeros_like(a), np.full_like(a, 3)], axis=1)
    stats = observe(values)
    assert stats.dead.tolist() == [False, False, True, False]
    assert stats.constant.tolist() == [False, False, True, True]
    assert stats.correlation[0, 1] == pytest.approx(-1)
    assert np.isnan(stats.correlation[0, 2])
    assert stats.mean_absolute_correlation == pytest.approx(1)


def test_one_channel_has_no_pairs():
    assert np.isnan(observe(np.ones((1, 1, 4))).mean_absolute_correlation)


def test_bad_values_are_refused():
    with pytest.raises(DataError, match="NaN or infinity in channel 1"):
        observe(np.array([[[1.0], [np.nan]]]))
    with pytest.raises(DataError, match="must have a value"):
        observe(np.empty((0, 3, 4)))
    with pytest.raises(GeometryError, match="channels must match; got 2 and 3"):
        observe(np.ones((1, 2, 4))) + observe(np.ones((1, 3, 4)))


@pytest.mark.parametrize("size", [1e-30, 1e-10, 1.0, 1e15, 1e30])
def test_no_size_of_values_leaves_the_range_of_squares(size):
    rng = np.random.default_rng(0)
    values = (rng.normal(0, size, (9, 3, 40))).astype("float32")
    whole = flat(values.astype("float64"))
    stats = observe(values)
    np.testing.assert_allclose(stats.variance, whole.var(1), rtol=1e-5)
    np.testing.assert_allclose(stats.correlation, np.corrcoef(whole), atol=1e-6)


def test_what_is_not_finite_is_named():
    values = np.ones((2, 3, 4))
    values[0, 1, 2] = np.inf
    message = "layer a must be finite; got NaN or infinity in channel 1"
    with pytest.raises(DataError, match=message):
        observe(values, "layer a")
