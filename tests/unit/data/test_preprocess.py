"""Statistics come from the training part, survive JSON to the bit, and are applied."""

import json

import numpy as np
import pytest

from depthwise.data import Dataset, Preprocessing
from depthwise.data.statistics import BATCH_BYTES, ChannelStatistics, measure_channels
from depthwise.errors import DataError, FormatError

DRAW = np.random.default_rng(0)


def sensors(inputs) -> Dataset:
    labels = np.arange(len(inputs)) % 2
    names = tuple(f"s{c}" for c in range(inputs.shape[1]))
    return Dataset(inputs, labels, ("a", "b"), names, "toy", rate_hz=50.0)


def test_only_the_given_samples_count() -> None:
    inputs = np.zeros((4, 1, 2), np.float32)
    inputs[2:] = 1e6
    inputs[0, 0] = [1, 3]
    made = Preprocessing.fit(sensors(inputs), np.array([0]))
    assert (made.mean, made.std) == ((2.0,), (1.0,))
    assert (made.window, made.step, made.rate_hz) == (2, 1, 50.0)


def test_floats_survive_json_to_the_bit() -> None:
    data = sensors(DRAW.normal(size=(20, 3, 16)))
    made = Preprocessing.fit(data, np.arange(20))
    assert Preprocessing.from_dict(json.loads(json.dumps(made.to_dict()))) == made


@pytest.mark.parametrize("shape", [(8, 3, 16), (8, 3, 5, 7)])
def test_applied_to_what_it_was_fitted_on_it_standardises(shape) -> None:
    data = sensors(DRAW.normal(3, 5, size=shape).astype(np.float32))
    done = Preprocessing.fit(data, np.arange(8)).apply(data.inputs)
    axes = (0, *range(2, len(shape)))
    assert done.dtype == np.float32
    assert done.shape == shape
    np.testing.assert_allclose(done.mean(axes), 0, atol=1e-5)
    np.testing.assert_allclose(done.std(axes), 1, atol=1e-5)


def test_bytes_and_one_sample_are_accepted() -> None:
    made = Preprocessing("image", ("grey",), (2.0,), (4.0,), size=(1, 2), mode="L")
    assert made.apply(np.array([[[2, 6]]], np.uint8)).tolist() == [[[0, 1]]]
    assert made.apply(np.array([[[[0, 10]]]], np.uint8)).tolist() == [[[[-0.5, 2]]]]


def test_a_channel_that_never_changes_becomes_zero() -> None:
    inputs = np.full((3, 2, 4), 0.1, np.float32)
    inputs[:, 1] = DRAW.normal(size=(3, 4))
    made = Preprocessing.fit(sensors(inputs), np.arange(3))
    assert made.std[0] == 1.0
    np.testing.assert_allclose(made.apply(inputs)[:, 0], 0, atol=1e-7)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    inputs = np.zeros((3, 2, 4))
    inputs[1, 1, 2] = bad
    with pytest.raises(DataError, match="s1"):
        Preprocessing.fit(sensors(inputs), np.arange(3))


def test_other_channels_are_refused() -> None:
    made = Preprocessing("sensor", ("x", "y"), (0.0, 0.0), (1.0, 1.0))
    with pytest.raises(DataError, match="2 channels"):
        made.apply(np.zeros((1, 3, 8)))


@pytest.mark.parametrize(
    "change",
    [{"version": 9}, {"kind": "sound"}, {"std": [0.0]}, {"mean": []}, {"more": 1}],
)
def test_a_form_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    good = Preprocessing("sensor", ("x",), (0.0,), (1.0,)).to_dict()
    with pytest.raises(FormatError):
        Preprocessing.from_dict({**good, **change})


def test_many_batches_measure_as_one() -> None:
    rows = BATCH_BYTES // (8 * 2 * 1000) * 3 + 7
    inputs = DRAW.normal(1e4, 1, size=(rows, 2, 1000)).astype(np.float32)
    seen = measure_channels(inputs)
    whole = np.moveaxis(inputs, 1, 0).reshape(2, -1).astype(np.float64)
    assert seen.count == whole.shape[1]
    np.testing.assert_allclose(seen.mean, whole.mean(1), rtol=1e-12)
    np.testing.assert_allclose(seen.std, whole.std(1), rtol=1e-10)
    np.testing.assert_allclose(seen.correlation, np.corrcoef(whole), atol=1e-10)
    assert seen.low.tolist() == whole.min(1).tolist()


def test_merging_is_exact_on_small_integers() -> None:
    inputs = DRAW.integers(-4, 5, size=(6, 2, 8)).astype(np.float64)
    halves = ChannelStatistics.of(inputs[:2]).merge(ChannelStatistics.of(inputs[2:]))
    whole = ChannelStatistics.of(inputs)
    np.testing.assert_allclose(halves.scatter, whole.scatter, rtol=1e-13)
    assert halves.count == whole.count == 48
