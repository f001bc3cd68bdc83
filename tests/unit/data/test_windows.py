"""Windows against plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwise.data.windows import cut, cut_all, majority, window_starts
from depthwise.errors import GeometryError


@given(st.integers(0, 60), st.integers(1, 20), st.integers(1, 20), st.integers(1, 3))
def test_windows_are_the_slices(samples, length, step, channels) -> None:
    recording = np.arange(channels * samples).reshape(channels, samples)
    slices = [
        recording[:, start : start + length]
        for start in range(0, samples, step)
        if start + length <= samples
    ]
    made = cut(recording, length=length, step=step)
    assert made.shape == (len(slices), channels, length)
    assert made.tolist() == [piece.tolist() for piece in slices]
    starts = window_starts(samples, length=length, step=step)
    assert len(starts) == len(slices)


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=40),
    st.integers(1, 12),
    st.integers(1, 12),
)
def test_the_majority_is_the_most_frequent(labels, length, step) -> None:
    labels = np.array(labels)
    expected = [
        np.bincount(labels[start : start + length], minlength=4).argmax()
        for start in range(0, len(labels), step)
        if start + length <= len(labels)
    ]
    made = majority(labels, length=length, step=step, classes=4)
    assert made.tolist() == expected


def test_windows_know_their_recording() -> None:
    series = [np.zeros((2, 10)), np.zeros((2, 3)), np.ones((2, 8))]
    windows, owner = cut_all(series, length=4, step=4)
    assert owner.tolist() == [0, 0, 2, 2]
    assert windows[owner == 2].min() == 1


@pytest.mark.parametrize(("length", "step"), [(0, 1), (1, 0), (-1, 1)])
def test_windows_below_one_sample_are_refused(length: int, step: int) -> None:
    with pytest.raises(GeometryError, match="at least 1"):
        window_starts(10, length=length, step=step)
