"""The page on separation shows what results/separation.json says."""

import pytest
from benchmarks.accept_separation import broken
from benchmarks.separation_cases import CASES
from benchmarks.separation_page import PAGE, read, tables
from benchmarks.training_pages import MARKED, fill


def check_page(made: dict[str, str]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert fill(page, made) == page


def test_the_page_shows_the_figures() -> None:
    check_page(tables())


def test_check_page_can_fail() -> None:
    made = tables()
    with pytest.raises(AssertionError):
        check_page({**made, "layers": made["layers"].replace("first", "last")})


def test_every_table_has_its_marks() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert {found[2] for found in MARKED.finditer(page)} == set(tables())


def test_every_network_is_scored_at_every_stage_it_was_measured_at() -> None:
    found = read()
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
