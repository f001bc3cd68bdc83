"""Reports as trees, and what dense layers would cost taken apart."""

import math

import pytest
from tests.building import Builder

from depthwise.costing import Branch, CostReport, count
from depthwise.graph import Node
from depthwise.jobs.open import open_model


@pytest.fixture(scope="module")
def report() -> CostReport:
    return count(open_model("mobilenet_v1", (1, 3, 224, 224)).graph)


def check_sums(branch: Branch) -> None:
    """Children hold all layers of their parent, each once."""
    if branch.children:
        below = [layer for child in branch.children for layer in child.layers]
        assert sorted(map(id, below)) == sorted(map(id, branch.layers))
    for child in branch.children:
        check_sums(child)


def test_every_layer_is_in_the_tree_once(report: CostReport) -> None:
    check_sums(report.tree)
    assert (report.tree.macs, report.tree.params) == (report.macs, report.params)


def test_check_sums_can_fail(report: CostReport) -> None:
    children = report.tree.children[1:]
    with pytest.raises(AssertionError):
        check_sums(Branch("x", report.layers, children))


def test_repeated_blocks_fold(report: CostReport) -> None:
    stages = next(b for b in report.tree.children if b.name == "stages")
    runs = {b.name: b.times for b in stages.children}
    assert runs == {"0.0": 1, "1": 1, "2": 1, "3": 1, "4": 1}
    held = [[(b.name, b.times) for b in stage.children] for stage in stages.children]
    assert held[1] == [("0", 1), ("1", 1)]
    assert held[3] == [("0", 1), ("1..5", 5)]


def test_blocks_with_other_kernels_do_not_fold() -> None:
    b = Builder(4, 32)
    value = "x"
    for index, kernel in enumerate((3, 3, 5)):
        for part in ("first", "second"):
            value = b.conv(value, 4, kernel, pads=(kernel // 2,) * 2)
            node = b.nodes[-1]
            scope = f"blocks.{index}.{part}"
            b.nodes[-1] = Node(
                node.op, node.inputs, node.outputs, node.attributes, node.name, scope
            )
    (blocks,) = count(b.graph(value)).tree.children
    assert [(c.name, c.times) for c in blocks.children] == [("0..1", 2), ("2", 1)]


def test_text_names_the_whole_and_its_parts(report: CostReport) -> None:
    lines = str(report).splitlines()
    assert lines[0] == "mobilenet_v1: 568,740,352 MACs, 4,231,976 parameters"
    assert "  classifier: 1,024,000 MACs, 1,025,000 parameters" in lines


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("filters", [1, 2, 64])
def test_dense_layer_taken_apart_costs_what_the_layers_cost(
    filters: int, stride: int
) -> None:
    geometry = {"strides": (stride,) * 2, "pads": (1,) * 4}
    dense = Builder(3, 12, 12)
    (apart,) = count(dense.graph(dense.conv("x", filters, 3, **geometry))).taken_apart

    one = Builder(3, 12, 12)
    name = one.conv(one.conv("x", 3, 3, group=3, **geometry), filters)
    assert apart.separable == count(one.graph(name)).macs

    two = Builder(3, 12, 12)
    name = two.conv(two.conv("x", filters), filters, 3, group=filters, **geometry)
    assert apart.blueprint == count(two.graph(name)).macs

    assert math.isclose(apart.ratio, 1 / filters + 1 / 9)
    assert apart.rank(4) == 4 * apart.separable
    top = apart.pays_up_to
    assert top == 0 or apart.rank(top) < apart.dense
    assert apart.rank(top + 1) >= apart.dense


def test_pointwise_and_grouped_layers_are_not_taken_apart() -> None:
    b = Builder(4, 8)
    name = b.conv(b.conv("x", 8), 8, 3, group=2)
    assert count(b.graph(name)).taken_apart == ()


def test_thousand_layers_are_counted_without_running_anything() -> None:
    b = Builder(4, 32, dtype="float32")
    value = "x"
    for _ in range(500):
        value = b.add("Relu", (b.conv(value, 4, 3, pads=(1, 1)),))
    report = count(b.graph(value))
    assert len(report.layers) == 1000
    assert report.macs == 500 * 4 * 4 * 3 * 32
    assert report.layers[-1].receptive_field == (1001,)


def test_table_of_layers() -> None:
    b = Builder(4, 8)
    frame = count(b.graph(b.conv("x", 8, 3))).to_pandas()
    assert frame.macs.sum() == 8 * 4 * 3 * 6
    assert list(frame.kind) == ["dense"]
