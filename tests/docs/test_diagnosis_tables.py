"""The page on diagnosis shows what results/*.json say."""

import pytest
from benchmarks.diagnosis_page import FIGURE, PAGE, read, tables
from benchmarks.noise_figure import figure
from benchmarks.training_pages import MARKED, fill


def check_page(made: dict[str, str]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert fill(page, made) == page


def test_the_page_shows_the_figures() -> None:
    check_page(tables())
    drawn = figure(read("noise_sensors")["cells"])
    assert FIGURE.read_text(encoding="utf-8") == drawn


def test_check_page_can_fail() -> None:
    made = tables()
    with pytest.raises(AssertionError):
        check_page({**made, "noise": made["noise"].replace("dense", "densest")})


def test_every_table_has_its_marks() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert {found[2] for found in MARKED.finditer(page)} == set(tables())


def test_the_noise_table_holds_every_network() -> None:
    cells = read("noise_sensors")["cells"]
    assert len(cells) == 30
    rows = tables()["noise"].splitlines()[2:]
    assert len(rows) == 6
    mine = [c["windows"] for c in cells.values() if c["conv"] == "dense"]
    assert f"{100 * sum(mine[:5]) / 5:.1f} %" in "".join(rows) or len(mine) == 15
