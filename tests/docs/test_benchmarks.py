"""The README and the page of benchmarks say what results/engine.json says."""

import json

import pytest
from benchmarks.run import BEGIN, README, RESULTS, merge, pages


def shown() -> dict:
    return json.loads(RESULTS.read_text(encoding="utf-8"))


def check(report: dict) -> None:
    for path, text in pages(report).items():
        assert path.read_text(encoding="utf-8") == text, path.name


def test_pages_are_written_from_the_results() -> None:
    check(shown())
    assert BEGIN in README.read_text(encoding="utf-8")


def test_check_can_fail() -> None:
    report = shown()
    report["cases"][0]["ratio"] += 1
    with pytest.raises(AssertionError, match=r"\.md"):
        check(report)


def test_measuring_a_case_again_replaces_its_row_alone() -> None:
    report = shown()
    first, *others = report["cases"]
    merged = merge(report, [{**first, "ratio": 9.0}])
    assert merged["cases"][0]["ratio"] == 9.0
    assert merged["cases"][1:] == others
