"""The figures on the page on separation are whole, and its bars are kept."""

from benchmarks.accept_separation import broken
from benchmarks.pages import figures_of
from benchmarks.separation_cases import CASES


def test_every_network_is_scored_at_every_stage_it_was_measured_at() -> None:
    found = figures_of("separation")
    assert set(found) == set(CASES)
    stages = {"weights", "before", "closed_form", "repaired", "finetuned"}
    for case in found.values():
        told = [one for one in case["budgets"].values() if "macs" in one]
        assert len(told) >= 3
        assert all(set(one["accuracy"]) == stages for one in told)
        assert all(one["accuracy"]["before"] == case["accuracy"] for one in told)
    assert broken(found) == []


def test_a_broken_bar_is_found() -> None:
    case = {"macs": 100, "accuracy": 0.9}
    over = {"macs": 60, "accuracy": {"finetuned": 0.8}}
    problems = broken({"net": {**case, "budgets": {"0.5": over, "0.1": {}}}})
    assert problems == ["net: 60 is over 0.5", "net: lost 0.1000 at 0.5"]
