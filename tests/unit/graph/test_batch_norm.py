"""Folding batch norm: what is folded, what is left alone, and to which weights."""

import numpy as np
import pytest
from tests.building import Builder, check_same_outputs

from depthwise.graph.rewrite import fold_batch_norm


def test_check_same_outputs_can_fail() -> None:
    build = Builder(2, 4)
    before = build.graph(build.add("Relu", ("x",)))
    build = Builder(2, 4)
    after = build.graph(build.add("Abs", ("x",)))
    with pytest.raises(AssertionError):
        check_same_outputs(before, after)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("group", [1, 2, 4])
def test_it_folds_into_convolutions(group: int, bias: bool) -> None:
    build = Builder(4, 9, 8)
    value = build.norm(build.conv("x", 8, 3, group=group, bias=bias))
    graph = build.graph(build.add("Relu", (value,)))
    folded = fold_batch_norm(graph)
    assert [node.op for node in folded.nodes] == ["Conv", "Relu"]
    check_same_outputs(graph, folded)


@pytest.mark.parametrize("group", [1, 2])
def test_it_folds_into_transposed_convolutions(group: int) -> None:
    build = Builder(4, 5, 6)
    weight = build.normal(4, 6 // group, 3, 2)
    attributes = {"group": group, "strides": (2, 1)}
    value = build.add("ConvTranspose", ("x", weight, build.normal(6)), attributes)
    graph = build.graph(build.norm(value))
    folded = fold_batch_norm(graph)
    assert [node.op for node in folded.nodes] == ["ConvTranspose"]
    check_same_outputs(graph, folded)


@pytest.mark.parametrize("turned", [0, 1])
def test_it_folds_into_products(turned: int) -> None:
    build = Builder(5)
    weight = build.normal(7, 5) if turned else build.normal(5, 7)
    attributes = {"transB": turned, "alpha": 0.5, "beta": 3.0}
    value = build.add("Gemm", ("x", weight, build.normal(1, 7)), attributes)
    graph = build.graph(build.norm(value))
    folded = fold_batch_norm(graph)
    assert [node.op for node in folded.nodes] == ["Gemm"]
    check_same_outputs(graph, folded)


def test_it_folds_scales_and_shifts_that_other_tools_write() -> None:
    build = Builder(3, 6, 6)
    value = build.add("Add", (build.conv("x", 4, 3), build.normal(1, 4, 1, 1)))
    value = build.add("Mul", (build.constant(np.array(0.25)), build.norm(value)))
    graph = build.graph(build.add("Add", (build.normal(4, 1, 1), value)))
    folded = fold_batch_norm(graph)
    assert [node.op for node in folded.nodes] == ["Conv"]
    check_same_outputs(graph, folded)


def test_sums_along_other_axes_stay() -> None:
    build = Builder(3, 6, 6)
    value = build.add("Add", (build.conv("x", 6), build.normal(6)))
    graph = build.graph(build.add("Mul", (value, value)))
    assert len(fold_batch_norm(graph).nodes) == 3


def test_one_number_for_all_channels_is_not_taken_for_a_bias() -> None:
    build = Builder(3, 6, 6)
    value = build.conv("x", 4)
    moved = build.add("Add", (value, build.constant(np.array(3.0))))
    graph = build.graph(build.clip(moved, 0.0, 6.0))
    assert [n.op for n in fold_batch_norm(graph).nodes] == ["Conv", "Add", "Clip"]


def test_a_value_read_twice_keeps_its_norm() -> None:
    build = Builder(3, 6, 6)
    value = build.conv("x", 3)
    graph = build.graph(build.add("Add", (build.norm(value), value)))
    assert len(fold_batch_norm(graph).nodes) == 3


def test_an_output_keeps_its_norm() -> None:
    build = Builder(3, 6, 6)
    value = build.conv("x", 3)
    graph = build.graph(build.norm(value), value)
    assert len(fold_batch_norm(graph).nodes) == 2


def test_computed_weights_keep_their_norm() -> None:
    build = Builder(3, 6, 6)
    weight = build.add("Abs", (build.normal(3, 3, 1, 1),))
    graph = build.graph(build.norm(build.add("Conv", ("x", weight))))
    assert len(fold_batch_norm(graph).nodes) == 3


def test_shared_weights_are_not_folded_twice() -> None:
    build = Builder(3, 6, 6)
    weight = build.normal(3, 3, 1, 1)
    value = build.norm(build.add("Conv", ("x", weight)))
    graph = build.graph(build.norm(build.add("Conv", (value, weight))))
    folded = fold_batch_norm(graph)
    assert [node.op for node in folded.nodes] == ["Conv", "Conv"]
    assert folded.nodes[0].inputs[1] != folded.nodes[1].inputs[1]
    check_same_outputs(graph, folded)


def test_weights_are_rounded_once() -> None:
    build = Builder(3, 6, 6, dtype="float32")
    build.conv("x", 4, 3)
    graph = build.graph(build.norm("n0"))
    folded = fold_batch_norm(graph)
    weight, scale, _, _, variance = (
        graph.constants[name].astype(np.float64)
        for name in (graph.nodes[0].inputs[1], *graph.nodes[1].inputs[1:])
    )
    gain = scale / np.sqrt(variance + 1e-5)
    expected = (weight * gain[:, None, None, None]).astype(np.float32)
    np.testing.assert_array_equal(folded.constants[folded.nodes[0].inputs[1]], expected)


@pytest.mark.parametrize("is_first", [True, False])
def test_it_folds_differences_and_quotients(is_first: bool) -> None:
    build = Builder(3, 6, 6)
    value = build.conv("x", 4, 3, bias=True)
    offset = build.normal(4, 1, 1)
    value = build.add("Sub", (value, offset) if is_first else (offset, value))
    value = build.add("Div", (value, build.normal(1, 4, 1, 1)))
    graph = build.graph(value)
    folded = fold_batch_norm(graph)
    assert [node.op for node in folded.nodes] == ["Conv"]
    check_same_outputs(graph, folded)


def test_quotients_that_do_not_scale_stay() -> None:
    build = Builder(3, 6, 6)
    above = build.add("Div", (build.normal(4, 1, 1), build.conv("x", 4, 3)))
    none = build.constant(np.array([1.0, 0.0, 2.0, 3.0]).reshape(4, 1, 1))
    graph = build.graph(build.add("Div", (build.conv(above, 4), none)))
    assert len(fold_batch_norm(graph).nodes) == 4


def test_one_constant_as_weight_and_as_bias() -> None:
    build = Builder(1)
    both = build.normal(1, 5)
    graph = build.graph(build.norm(build.add("Gemm", ("x", both, both))))
    folded = fold_batch_norm(graph)
    assert [node.op for node in folded.nodes] == ["Gemm"]
    check_same_outputs(graph, folded)
