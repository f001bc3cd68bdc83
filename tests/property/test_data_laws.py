"""Laws of splits, windows and statistics on data of any shape."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from depthwise.data import Dataset, Preprocessing, Split, find_leaks, folds, split
from depthwise.data.statistics import ChannelStatistics
from depthwise.data.window_rows import WindowRows
from depthwise.data.windows import cut, window_starts

seeds = st.integers(0, 2**32 - 1)
finite = st.floats(-1e6, 1e6, allow_nan=False)


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    """Two or three classes, each in every group or spread over samples."""
    classes = draw(st.integers(2, 3))
    people = draw(st.integers(4, 9))
    each = draw(st.integers(1, 4))
    labels = np.tile(np.repeat(np.arange(classes), each), people)
    groups = np.repeat([f"p{n}" for n in range(people)], classes * each)
    order = np.random.default_rng(draw(seeds)).permutation(len(labels))
    grouped = draw(st.booleans())
    return Dataset(
        np.zeros((len(labels), 1, 2), np.float32),
        labels[order],
        tuple(f"k{c}" for c in range(classes)),
        ("x",),
        "toy",
        groups=groups[order] if grouped else None,
    )


@given(datasets(), seeds)
def test_every_sample_is_in_one_part_and_no_group_in_two(data: Dataset, seed) -> None:
    parts = split(data, seed=seed)
    together = np.concatenate([parts.train, parts.validation, parts.test])
    assert sorted(together.tolist()) == list(range(len(data)))
    assert find_leaks(data, parts) == ()
    assert Split.from_dict(json.loads(json.dumps(parts.to_dict()))).test.tolist() == (
        parts.test.tolist()
    )


@given(datasets(), st.integers(2, 4), seeds)
def test_folds_test_every_sample_once_and_leak_nothing(data, k, seed) -> None:
    made = folds(data, k, seed=seed)
    tested = np.concatenate([fold.test for fold in made])
    assert sorted(tested.tolist()) == list(range(len(data)))
    assert all(find_leaks(data, fold) == () for fold in made)


@given(st.integers(1, 4), st.integers(1, 40), st.integers(1, 9), st.integers(1, 9))
def test_windows_on_demand_are_the_windows_cut(channels, samples, length, step) -> None:
    series = np.arange(channels * samples).reshape(channels, samples)
    if samples < length:
        assert len(window_starts(samples, length=length, step=step)) == 0
        return
    rows = WindowRows(series, window_starts(samples, length=length, step=step), length)
    np.testing.assert_array_equal(rows[:], cut(series, length=length, step=step))


@given(
    st.lists(st.lists(st.integers(-99, 99), min_size=2, max_size=8), min_size=2),
)
def test_statistics_do_not_depend_on_how_values_are_divided(pieces) -> None:
    arrays = [np.array(piece, np.float64)[None, None] for piece in pieces]
    total = ChannelStatistics.of(arrays[0])
    for array in arrays[1:]:
        total = total.merge(ChannelStatistics.of(array))
    whole = np.concatenate([array.ravel() for array in arrays])
    assert total.count == len(whole)
    # Integers up to 99: the mean is exact to a few units in the last place.
    np.testing.assert_allclose(total.mean, whole.mean(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(total.std, whole.std(), rtol=1e-9, atol=1e-9)


@given(st.lists(st.tuples(finite, st.floats(1e-6, 1e6)), min_size=1, max_size=6))
def test_preprocessing_survives_json_to_the_bit(moments) -> None:
    mean, std = zip(*moments, strict=True)
    names = tuple(f"s{n}" for n in range(len(moments)))
    made = Preprocessing("sensor", names, mean, std, window=8, step=4)
    assert Preprocessing.from_dict(json.loads(json.dumps(made.to_dict()))) == made
