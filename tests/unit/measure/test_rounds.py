"""Ratios within rounds are not moved by a machine that slows down."""

import numpy as np

from depthwise.measure.rounds import best_of, ratio_of, steady_rounds


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


def test_rounds_are_held_against_the_best_peak() -> None:
    assert steady_rounds([50.0]).tolist() == [True]
    assert steady_rounds([100.0, 97.0, 96.9]).tolist() == [True, True, False]


def test_the_best_is_the_lowest_median_not_the_luckiest_round() -> None:
    assert best_of({"a": [0.1, 9.0, 9.0], "b": [2.0, 2.0, 2.0]}) == "b"
