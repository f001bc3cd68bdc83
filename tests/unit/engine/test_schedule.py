"""The one rule of tiles, rows and fusion, read as plain facts."""

from dataclasses import replace

import pytest

from depthwise.engine.schedule import (
    Block,
    Fusion,
    Policy,
    choose_fusion,
    fetches_ahead,
    rows_together,
    threads_for,
)
from depthwise.engine.target import preset

MIDDLE = Block(384, 64, 14, 14, taps=3, stride=1, hidden_width=16, inputs=64, batch=1)
LATE = Block(960, 160, 7, 7, taps=3, stride=1, hidden_width=9, inputs=160, batch=1)


@pytest.mark.parametrize("height", range(1, 60))
@pytest.mark.parametrize("threads", [1, 2, 3, 4])
def test_rows_taken_together_divide_the_height(height: int, threads: int) -> None:
    assert height % rows_together(height, 14, threads) == 0


@pytest.mark.parametrize(("threads", "rows"), [(1, 2), (2, 7), (7, 2)])
def test_threads_get_as_many_groups_where_rows_allow_it(threads, rows) -> None:
    assert rows_together(14, 14, threads) == rows
    assert 14 // rows % threads == 0


def test_a_thread_expands_the_rows_beside_another_once_more() -> None:
    assert MIDDLE.load(1) == 1
    assert MIDDLE.load(2) == pytest.approx(7.5 / 7)
    assert replace(MIDDLE, inputs=0).load(2) == 1
    assert replace(MIDDLE, taps=5).load(2) > MIDDLE.load(2)


def test_blocks_are_fused_where_threads_share_them_evenly() -> None:
    target = preset("avx2")
    chosen = [choose_fusion(target, n, MIDDLE, Policy.AUTO) for n in (1, 2, 3)]
    assert chosen == [Fusion.INVERTED, Fusion.INVERTED, Fusion.NONE]


@pytest.mark.parametrize("threads", [1, 2])
def test_short_rows_are_not_fused(threads: int) -> None:
    target = replace(preset("avx2"), l2_bytes=2 << 20)
    assert choose_fusion(target, threads, LATE, Policy.AUTO) is Fusion.NONE
    assert choose_fusion(target, threads, LATE, Policy.ALWAYS) is Fusion.INVERTED


def test_hidden_values_that_do_not_stay_near_are_not_fused() -> None:
    wide = replace(MIDDLE, channels=8 * MIDDLE.channels)
    assert choose_fusion(preset("avx2"), 1, wide, Policy.AUTO) is Fusion.NONE


def test_weights_beyond_the_first_level_are_fetched_ahead() -> None:
    target = preset("avx2")
    assert not fetches_ahead(target, target.l1_bytes)
    assert fetches_ahead(target, target.l1_bytes + 1)


def test_tiny_networks_run_on_one_thread_and_large_ones_on_all() -> None:
    target = preset("avx2")
    assert [threads_for(target, n, 2_700_000, 10) for n in (1, 2, 8)] == [1, 1, 1]
    assert [threads_for(target, n, 300_000_000, 53) for n in (1, 2, 4)] == [1, 2, 4]
