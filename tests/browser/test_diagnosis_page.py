"""The page of a diagnosis: strips, rates, correlation, kernels and sensors."""

import numpy as np
import pytest
from tests.browser.pages import check_page
from tests.unit.diagnosis.test_diagnose import planted

from depthwise.diagnosis import Fault, diagnose_graph
from depthwise.jobs.diagnosing import diagnose
from depthwise.jobs.open import open_model
from depthwise.report.channels import alike
from depthwise.report.diagnosis_page import diagnosis_sections
from depthwise.report.page import write_page


def test_strips_show_each_channel_that_is_found(opened, tmp_path):
    graph, x = planted()
    told = diagnose_graph(graph, [x])
    sections = diagnosis_sections(told, graph)
    figures = sum(len(section.figures) for section in sections)
    page = opened(write_page(tmp_path / "a.html", "Channels", "", sections))
    check_page(page, figures)
    words = page.execute_script(
        "return document.querySelector('.figure').data[0].text.flat()"
    )
    dead = {(f.layer, c) for f in told.findings if f.fault is Fault.DEAD
            for c in f.channels}  # fmt: skip
    said = [word for word in words if word and word.endswith(": dead")]
    assert len(said) == len(dead) > 0
    names = page.execute_script("return document.querySelector('.figure').data[0].y")
    assert any(name.startswith("conv.n0: ") for name in names)
    assert "prune it, or revive it" in page.find_element("tag name", "body").text


@pytest.mark.parametrize("data", [None, "watch"])
def test_a_network_of_sensors(opened, tmp_path, data):
    model = open_model("sensor_net")
    sections = diagnosis_sections(diagnose(model, data), model.graph)
    titles = {section.title for section in sections}
    figures = sum(len(section.figures) for section in sections)
    check_page(opened(write_page(tmp_path / "a.html", "t", "", sections)), figures)
    assert {"Every channel", "Kernels"} <= titles
    wanted = {"Firing rates", "Correlation", "What each sensor contributes"}
    wanted |= {"How alike the sensors are", "Which filters mix the sensors"}
    assert wanted & titles == (wanted if data else set())


def test_it_can_be_read_on_a_narrow_screen_after_a_wide_one(opened, tmp_path):
    graph, x = planted()
    sections = diagnosis_sections(diagnose_graph(graph, [x]), graph)
    page = opened(write_page(tmp_path / "a.html", "Channels", "", sections))
    sizes = {"height": 1400, "deviceScaleFactor": 1, "mobile": False}
    scales = "return document.querySelectorAll('.figure .colorbar').length"
    count = page.execute_script(scales)
    for width in (380, 1180):
        size = {**sizes, "width": width}
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        page.execute_async_script("setTimeout(arguments[0], 500)")
        body = "return document.documentElement.scrollWidth"
        assert page.execute_script(body) <= width
        assert page.execute_script(scales) == count > 0
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_figures_in_numbers_are_reached_by_the_keyboard(opened, tmp_path):
    graph, x = planted()
    sections = diagnosis_sections(diagnose_graph(graph, [x]), graph)
    page = opened(write_page(tmp_path / "a.html", "Channels", "", sections))
    folded = page.find_element("css selector", "summary")
    assert folded.text == "Every layer with a fault"
    folded.send_keys("\ue007")
    (table,) = page.find_elements("css selector", "details[open] table")
    assert "zero-kernel" in table.text


def test_neighbours_are_the_most_alike():
    draw = np.random.default_rng(0).standard_normal
    groups = np.repeat(draw((3, 200)), 4, axis=0) + 0.1 * draw((12, 200))
    mixed = np.random.default_rng(1).permutation(12)
    order = mixed[alike(np.corrcoef(groups[mixed]))] // 4
    assert sorted(order.tolist()) == [0] * 4 + [1] * 4 + [2] * 4
    assert (np.diff(order) != 0).sum() == 2
