"""The figure on the page on diagnosis shows the figures of its table."""

from benchmarks.diagnosis_page import FIGURE, tables
from benchmarks.noise_figure import figure
from benchmarks.pages import figures_of


def test_the_figure_is_drawn_from_the_figures() -> None:
    drawn = figure(figures_of("noise_sensors")["cells"])
    assert FIGURE.read_text(encoding="utf-8") == drawn


def test_the_noise_table_holds_every_network() -> None:
    cells = figures_of("noise_sensors")["cells"]
    assert len(cells) == 30
    rows = tables()["noise"].splitlines()[2:]
    assert len(rows) == 6
    mine = [c["windows"] for c in cells.values() if c["conv"] == "dense"]
    assert f"{100 * sum(mine[:5]) / 5:.1f} %" in "".join(rows) or len(mine) == 15
