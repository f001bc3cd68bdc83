"""The page that teaches: its sliders show what Python counts, keys and buttons work."""

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys
from tests.browser.pages import check_page

from depthwise.costing import count
from depthwise.graph import Graph, Input, Node, TensorType
from depthwise.jobs.counting import cost
from depthwise.report.lesson import (
    DeadChannels,
    LayerTime,
    Lesson,
    Sensors,
    write_lesson,
)

SHAPE = (1, 3, 224, 224)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    draw = np.random.default_rng(0).standard_normal
    dead = DeadChannels(
        draw((8, 8)), {"alive": draw((4, 4)) ** 2, "dead": 0 * draw((4, 4))},
        1, 2, 100, 0.02,
    )  # fmt: skip
    filters = draw((2, 5)), np.where(np.arange(2)[:, None] == 1, draw((2, 5)), np.nan)
    lesson = Lesson(
        cost("mobilenet_v1", SHAPE),
        cost("mobilenet_v1", SHAPE, conv="dense"),
        dead,
        Sensors(("a", "b"), np.eye(2), *filters),
        [LayerTime("14×14×512", "dense", 462_422_016, 9000.0, 8000.0)],
    )
    return write_lesson(tmp_path_factory.mktemp("page") / "explain.html", lesson)


def convolution(x: str, name: str, channels: int, outputs: int, taps: int, **given):
    weight = np.zeros(
        (outputs, channels // given.get("group", 1), taps, taps), np.float32
    )
    attributes = {"kernel_shape": (taps, taps), **given}
    return Node("Conv", (x, f"{name}.w"), (name,), attributes, name), weight


def counted(kind, *, dk, dg, m, n, groups=1, multiplier=1, stride=1):
    """Count the layers that a choice stands for, as a graph."""
    steps, middle = (stride, stride), m * multiplier
    match kind:
        case "dense":
            parts = [convolution("x", "a", m, n, dk, strides=steps)]
        case "grouped":
            parts = [convolution("x", "a", m, n, dk, strides=steps, group=groups)]
        case "depthwise":
            parts = [convolution("x", "a", m, middle, dk, strides=steps, group=m)]
        case "pointwise":
            parts = [convolution("x", "a", m, n, 1, strides=steps)]
        case _:
            parts = [
                convolution("x", "a", m, middle, dk, strides=steps, group=m),
                convolution("a", "b", middle, n, 1),
            ]
    size = (dg - 1) * stride + (1 if kind == "pointwise" else dk)
    x = Input("x", TensorType("float32", (1, m, size, size)))
    nodes = tuple(node for node, _ in parts)
    constants = {node.inputs[1]: weight for node, weight in parts}
    graph = Graph("g", (x,), nodes[-1].outputs, nodes, constants, frozenset(constants))
    return count(graph)


CHOICES = (
    ("dense", {"dk": 3, "dg": 6, "m": 3, "n": 1}),
    ("separable", {"dk": 3, "dg": 6, "m": 3, "n": 1}),
    ("separable", {"dk": 3, "dg": 6, "m": 3, "n": 256}),
    ("separable", {"dk": 5, "dg": 14, "m": 32, "n": 64, "multiplier": 2, "stride": 2}),
    ("depthwise", {"dk": 7, "dg": 8, "m": 12, "n": 1, "multiplier": 4, "stride": 3}),
    ("grouped", {"dk": 3, "dg": 10, "m": 12, "n": 24, "groups": 4}),
    ("grouped", {"dk": 3, "dg": 5, "m": 16, "n": 16, "groups": 16}),
    ("pointwise", {"dk": 3, "dg": 28, "m": 256, "n": 512, "stride": 2}),
    ("dense", {"dk": 11, "dg": 112, "m": 1024, "n": 1024}),
)

CHOOSE = """
const [kind, chosen] = arguments;
const button = document.querySelector(`[name=kind][value=${kind}]`);
button.checked = true;
button.dispatchEvent(new Event("change"));
for (const [name, value] of chosen) {
  const slider = document.getElementById(name);
  slider.value = SLIDERS[name].of().indexOf(value);
  slider.dispatchEvent(new Event("input"));
}
"""


def shown(page, name):
    return page.find_element("id", name).text.replace(",", "")


def test_figures_have_marks_and_nothing_complains(opened, path):
    check_page(opened(path), 6)


@pytest.mark.parametrize(("kind", "chosen"), CHOICES)
def test_sliders_show_what_python_counts(opened, path, kind, chosen):
    page = opened(path)
    page.execute_script(CHOOSE, kind, list(chosen.items()))
    report = counted(kind, **chosen)
    for name in chosen:
        assert shown(page, f"{name}-value") == str(chosen[name])
    assert int(shown(page, "macs")) == report.macs
    assert int(shown(page, "params")) == report.params
    last = report.layers[-1].output_shape[1]
    taps = 1 if kind == "pointwise" else chosen["dk"]
    dense = taps**2 * chosen["m"] * last * chosen["dg"] ** 2
    assert int(shown(page, "dense-macs")) == dense
    ratio = float(shown(page, "ratio"))
    assert ratio == pytest.approx(report.macs / dense, abs=0.00051)


def test_one_output_does_not_pay_and_two_do(opened, path):
    page = opened(path)
    page.find_element("xpath", "//button[contains(., 'does not pay')]").click()
    assert shown(page, "macs") == "1080"
    assert "does not pay" in shown(page, "verdict")
    page.find_element("xpath", "//button[contains(., 'two outputs')]").click()
    assert shown(page, "macs") == "1188"
    assert "1.6 times less" in shown(page, "verdict")


def test_each_step_is_the_sum_that_convolution_gives(opened, path):
    page = opened(path)
    values = page.execute_script(
        "return drawnOf(state).map((_, depth, all) => [0, 1, 2, 3, 4, 5].map((i) =>"
        " [0, 1, 2, 3, 4, 5].map((j) => valueOf(all, depth, 0, i, j))))"
    )
    x = [[[page.execute_script("return sample(...arguments)", c, i, j)
           for j in range(8)] for i in range(8)] for c in range(3)]  # fmt: skip
    w = [[[page.execute_script("return weight(...arguments)", 0, c, a, b)
           for b in range(3)] for a in range(3)] for c in range(3)]  # fmt: skip
    windows = np.lib.stride_tricks.sliding_window_view(np.array(x), (3, 3), (1, 2))
    assert np.array_equal(values[0], np.einsum("cijab,cab->ij", windows, np.array(w)))


def test_keys_and_buttons_walk_over_the_input(opened, path):
    page = opened(path)
    assert shown(page, "step-value") == "1 of 36"
    picture = page.find_element("id", "steps")
    picture.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert shown(page, "step-value") == "3 of 36"
    assert "row 1 column 3" in shown(page, "caption")
    picture.send_keys(Keys.ARROW_DOWN)
    assert shown(page, "step-value") == "36 of 36"
    page.find_element("id", "back").click()
    assert shown(page, "step-value") == "35 of 36"
    marked = page.find_elements("css selector", "#steps .cell.on")
    assert len(marked) == 28


def test_check_page_can_fail(opened, tmp_path):
    broken = tmp_path / "broken.html"
    broken.write_text("<script>undefined.name</script>", encoding="utf-8")
    with pytest.raises(AssertionError):
        check_page(opened(broken), 0)


def test_the_kernel_is_shown_beside_what_it_moves_over(opened, path):
    page = opened(path)
    names = [one.text for one in page.find_elements("css selector", "#steps .name")]
    assert [n for n in names if n.startswith("for ")] == [
        f"for channel {c}" for c in (1, 2, 3)
    ]
    page.execute_script(CHOOSE, "separable", [["m", 3], ["n", 2]])
    heads = [one.text for one in page.find_elements("css selector", "#steps .head")]
    assert heads == [
        "input: 3 channels", "kernel 1 of 3", "between: 3 channels",
        "kernel 1 of 2", "output: 2 channels",
    ]  # fmt: skip
