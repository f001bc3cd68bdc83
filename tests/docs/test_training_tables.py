"""The pages on training and data show what results/*.json say."""

import json
from pathlib import Path

import pytest
from benchmarks import training_pages
from benchmarks.training_pages import MARKED, PAGES, TWINS, fill, read, tables

MARKS = {"twins", "bars", "kill_and_resume", "processes", "memory"}


def check_pages(made: dict[str, str]) -> None:
    for path in PAGES:
        page = path.read_text(encoding="utf-8")
        assert fill(page, made) == page, path.name


def test_pages_show_the_figures() -> None:
    check_pages(tables())


def test_check_pages_can_fail() -> None:
    made = tables()
    with pytest.raises(AssertionError, match=r"training\.md"):
        check_pages({**made, "bars": made["bars"].replace("met", "missed")})


def test_every_table_has_its_marks() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    assert {found[2] for found in MARKED.finditer(pages)} == MARKS == set(tables())


@pytest.mark.parametrize("name", [name for name in TWINS if read(name)])
def test_a_twin_is_shown_with_its_own_accuracies(name: str) -> None:
    figures = read(name)
    assert figures is not None
    shown = tables()["twins"]
    for conv, variant in figures["variants"].items():
        runs = [run["accuracy_windows"] for run in variant["runs"]]
        mean = f"{100 * sum(runs) / len(runs):.1f} %"
        (row,) = (
            line
            for line in shown.splitlines()
            if f"| {variant['macs']:,} | {mean} |" in line and f"| {conv} |" in line
        )
        assert f"| {variant['params']:,} |" in row


def test_figures_that_are_not_complete_are_not_shown(tmp_path, monkeypatch) -> None:
    (tmp_path / "results").mkdir()
    monkeypatch.setattr(training_pages, "ROOT", Path(tmp_path))
    assert "accept_memory` measures this" in tables()["memory"]
    path = tmp_path / "results" / "twin_digits.json"
    path.write_text(json.dumps({"bars": {}, "cells": []}))
    assert read("twin_digits") is None
