"""The tables of twins say what was measured."""

from pathlib import Path

import pytest
from benchmarks import training_pages
from benchmarks.training_pages import TWINS, read, tables


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


def test_a_table_without_figures_says_how_to_measure_them(
    tmp_path, monkeypatch
) -> None:
    (tmp_path / "results").mkdir()
    monkeypatch.setattr(training_pages, "ROOT", Path(tmp_path))
    assert "accept_memory` measures this" in tables()["memory"]
