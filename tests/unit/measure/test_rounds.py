"""Ratios within rounds are not moved by a machine that slows down."""

import numpy as np

from depthwise.measure.rounds import best_of, hopeless, ratio_of, steady_rounds


def test_a_slow_minute_does_not_move_a_ratio() -> None:
    random = np.random.default_rng(3)
    speed = np.where(np.arange(400) < 200, 1.0, 5.0)
    ours = speed * random.normal(1.0, 0.01, 400)
    theirs = 1.2 * speed * random.normal(1.0, 0.01, 400)
    found = ratio_of(list(theirs), list(ours))
    assert found.low < found.median < found.high
    assert found.low > 1.19
    assert found.high < 1.21


def test_the_interval_holds_what_is_true_and_shrinks_with_rounds() -> None:
    random = np.random.default_rng(4)
    widths = []
    for count in (20, 2000):
        found = ratio_of(list(random.normal(1, 0.1, count)), [1.0] * count)
        assert found.low < 1.0 < found.high
        widths.append(found.high - found.low)
    assert widths[1] < widths[0] / 4


def test_rounds_are_held_against_the_upper_quartile() -> None:
    assert steady_rounds([50.0]).tolist() == [True]
    peaks = [120.0, 100.0, 100.0, 100.0, 97.0, 96.9, 50.0]
    assert steady_rounds(peaks).tolist() == [True] * 5 + [False] * 2


def test_a_clock_that_wanders_loses_few_rounds_and_a_neighbour_loses_all_of_his() -> (
    None
):
    random = np.random.default_rng(5)
    calm, taken = random.normal(100, 2, 300), random.normal(60, 10, 300)
    kept = steady_rounds([*calm, *taken])
    assert kept[:300].mean() > 0.6
    assert not kept[300:].any()


def test_a_missed_turn_is_no_round_of_a_ratio() -> None:
    found = ratio_of([2.0, float("nan"), 4.0], [1.0, 1.0, 2.0])
    assert found.median == found.low == found.high == 2.0


def test_only_what_was_never_near_the_best_is_hopeless() -> None:
    often = {"best": [1.0] * 9, "slow": [1.6] * 9, "once": [9.0] * 8 + [1.4]}
    assert hopeless(often) == set()
    more = {name: [*row, row[-1]] for name, row in often.items()}
    assert hopeless(more) == {"slow"}
    assert hopeless({"alone": [3.0] * 10}) == set()


def test_the_best_is_the_lowest_median_not_the_luckiest_round() -> None:
    assert best_of({"a": [0.1, 9.0, 9.0], "b": [2.0, 2.0, 2.0]}) == "b"
