"""Calls are made in turn, as often as asked."""

from depthwise.measure.clock import interleave, median_ratio


def test_calls_take_turns():
    calls = []
    seconds = interleave(
        {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")},
        rounds=3,
        warmup=1,
    )
    assert calls == ["a", "b"] * 4
    assert [len(times) for times in seconds.values()] == [3, 3]
    assert min(seconds["a"]) >= 0


def test_the_ratio_is_taken_within_rounds():
    assert median_ratio([1, 10, 100], [1, 5, 10]) == 2
