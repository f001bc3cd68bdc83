"""The page of costs: all figures have marks, and its numbers are those counted."""

import pytest
from tests.browser.pages import check_page

from depthwise.jobs.cost_page import write_cost_page
from depthwise.jobs.counting import cost
from depthwise.jobs.open import open_model

NAMES = ("mobilenet_v1", "mobilenet_v2")
SHAPE = (1, 3, 32, 32)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    place = tmp_path_factory.mktemp("page") / "cost.html"
    return write_cost_page([open_model(name, SHAPE) for name in NAMES], place)


def test_figures_have_marks_and_nothing_complains(opened, path):
    check_page(opened(path), 8)


@pytest.mark.parametrize("column", [0, 1])
def test_bars_and_lines_are_what_was_counted(opened, path, column):
    page = opened(path)
    report = cost(NAMES[column], SHAPE)
    bars = page.execute_script(
        "return document.querySelectorAll('.figure')[arguments[0]].data"
        ".map((trace) => trace.y.reduce((a, b) => a + b))",
        1 + column,
    )
    assert sum(bars) == report.macs
    ends = page.execute_script(
        "return document.querySelectorAll('.figure')[3].data.map((t) => t.y.at(-1))"
    )
    assert ends[column] == report.macs
    most = page.execute_script(
        "return document.querySelectorAll('.figure')[4].data"
        ".map((t) => Math.max(...t.y))"
    )
    assert most[column] * 1024 == report.peak_bytes


def test_points_under_the_roofs_are_all_that_multiplies(opened, path):
    page = opened(path)
    counts = page.execute_script(
        "return document.querySelectorAll('.figure')[5].data"
        ".filter((t) => t.mode === 'markers').map((t) => t.x.length)"
    )
    assert sum(counts) > 20
    text = page.find_element("tag name", "body").text
    assert "Fewer MACs, why not faster?" in text
    assert "times the multiply-accumulates of mobilenet_v1" in text


def test_what_figures_show_is_there_in_numbers(opened, path):
    page = opened(path)
    names = page.execute_script(
        "return Array.from(document.querySelectorAll('details')).map((each) => ["
        "each.querySelector('summary').textContent, each.querySelectorAll('tbody tr')"
        ".length])"
    )
    rows = dict(names)
    for name in NAMES:
        assert rows[f"{name}: layers in numbers"] == len(cost(name, SHAPE).layers)
        assert rows[f"{name}: units in numbers"] > 20
    text = page.execute_script("return document.body.textContent")
    assert f"{cost(NAMES[0], SHAPE).layers[0].macs:,}" in text


def test_a_narrow_screen_holds_the_page(opened, path):
    page = opened(path)
    page.set_window_size(500, 900)
    try:
        page = opened(path)
        check_page(page, 8)
        wide = page.execute_script(
            "return document.documentElement.scrollWidth - window.innerWidth"
        )
        assert wide <= 0
        plots = page.execute_script(
            "return Array.from(document.querySelectorAll('.figure')).map("
            "(figure) => figure._fullLayout._size.w)"
        )
        assert min(plots) > 300
    finally:
        page.set_window_size(1180, 1400)
