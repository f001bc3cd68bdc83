"""Indexing a reader means what indexing an array means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwise.data.row_indices import wanted_rows

edges = st.none() | st.integers(-12, 12)


@given(edges, edges, st.none() | st.integers(1, 4) | st.integers(-4, -1))
def test_slices(start, stop, step) -> None:
    chosen = slice(start, stop, step)
    rows, single = wanted_rows(chosen, 10)
    assert rows.tolist() == np.arange(10)[chosen].tolist()
    assert not single


@given(st.lists(st.integers(-10, 9)))
def test_lists(chosen: list[int]) -> None:
    rows, _ = wanted_rows(np.array(chosen, np.int64), 10)
    assert rows.tolist() == np.arange(10)[np.array(chosen, np.int64)].tolist()


def test_masks_and_single_rows() -> None:
    assert wanted_rows(np.arange(10) % 3 == 0, 10)[0].tolist() == [0, 3, 6, 9]
    rows, single = wanted_rows(np.int64(-3), 10)
    assert (rows.tolist(), single) == ([7], True)


@pytest.mark.parametrize("chosen", [10, -11, [0, 10], np.zeros(9, bool)])
def test_rows_outside_are_refused(chosen) -> None:
    with pytest.raises(IndexError, match="must"):
        wanted_rows(chosen, 10)
