"""Rewrites one by one: the shape of the result; that outputs stay is a law."""

import numpy as np
import pytest
from tests.building import Builder, check_same_outputs

from depthwise.graph import Graph, verify
from depthwise.graph.patterns import find_patterns
from depthwise.graph.rewrite import (
    fold_constants,
    fold_pads,
    recognise_gemm,
    recognise_global_pool,
    recognise_hard_swish,
    remove_identities,
    simplify,
)


def ops(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


def three_more(build: Builder, x: str) -> str:
    return build.add("Add", (x, build.constant(np.array(3.0))))


def relu6_clip(build: Builder, x: str) -> str:
    return build.clip(three_more(build, x), 0.0, 6.0)


def relu6_min(build: Builder, x: str) -> str:
    positive = build.add("Relu", (three_more(build, x),))
    return build.add("Min", (build.constant(np.array(6.0)), positive))


def relu6_min_max(build: Builder, x: str) -> str:
    zero, six = build.constant(np.array(0.0)), build.constant(np.array(6.0))
    return build.add("Min", (build.add("Max", (three_more(build, x), zero)), six))


def sixth(build: Builder, x: str, *, divide: bool) -> str:
    if divide:
        return build.add("Div", (x, build.constant(np.array(6.0))))
    return build.add("Mul", (build.constant(np.array([1 / 6])), x))


@pytest.mark.parametrize("divide", [True, False])
@pytest.mark.parametrize("relu6", [relu6_clip, relu6_min, relu6_min_max])
@pytest.mark.parametrize("place", ["after", "gate", "value"])
def test_hard_swish_in_its_spellings(place: str, relu6, divide: bool) -> None:
    build = Builder(3, 5)
    x = build.add("Mul", ("x", build.constant(np.array(4.0))))
    gate = relu6(build, x)
    if place == "after":
        result = sixth(build, build.add("Mul", (x, gate)), divide=divide)
    elif place == "gate":
        result = build.add("Mul", (sixth(build, gate, divide=divide), x))
    else:
        result = build.add("Mul", (sixth(build, x, divide=divide), gate))
    graph = build.graph(result)
    found = recognise_hard_swish(graph)
    assert ops(found) == ["Mul", "HardSwish"]
    check_same_outputs(graph, found)


@pytest.mark.parametrize("divide", [True, False])
def test_hard_sigmoid_in_its_spellings(divide: bool) -> None:
    build = Builder(3, 5)
    first = sixth(build, relu6_clip(build, "x"), divide=divide)
    half = build.constant(np.array(0.5))
    offset = build.add("Add", (sixth(build, "x", divide=divide), half))
    graph = build.graph(first, build.clip(offset, 0.0, 1.0))
    found = recognise_hard_swish(graph)
    assert ops(found) == ["HardSigmoid", "HardSigmoid"]
    check_same_outputs(graph, found)


@pytest.mark.parametrize(("shift", "high", "part"), [(2, 6, 6), (3, 5, 6), (3, 6, 5)])
def test_other_numbers_are_no_hard_swish(shift: int, high: int, part: int) -> None:
    build = Builder(3, 5)
    moved = build.add("Add", ("x", build.constant(np.array(float(shift)))))
    product = build.add("Mul", ("x", build.clip(moved, 0.0, float(high))))
    divisor = build.constant(np.array(float(part)))
    graph = build.graph(build.add("Div", (product, divisor)))
    assert ops(recognise_hard_swish(graph)) == ["Add", "Clip", "Mul", "Div"]


def test_a_gate_on_another_value_is_no_hard_swish() -> None:
    build = Builder(3, 5)
    gate = build.add("HardSigmoid", ("x",), {"alpha": 1 / 6})
    graph = build.graph(build.add("Mul", (build.add("Relu", ("x",)), gate)))
    assert ops(recognise_hard_swish(graph)) == ["HardSigmoid", "Relu", "Mul"]


def test_identities_of_every_kind_go() -> None:
    build = Builder(3, 5, 6)
    value = build.add("Relu", ("x",))
    for op in ("Identity", "Dropout", "Concat", "Sum"):
        value = build.add(op, (value,), {"axis": 1} if op == "Concat" else {})
    value = build.add("Cast", (value,), {"to": 11})
    value = build.add("Add", (value, build.constant(np.array(0.0))))
    value = build.add("Div", (value, build.constant(np.array(1.0))))
    value = build.add("Reshape", (value, build.constant(np.array([0, 3, -1, 6]))))
    value = build.add("Transpose", (value,), {"perm": (0, 1, 2, 3)})
    value = build.add("Transpose", (value,), {"perm": (0, 2, 3, 1)})
    value = build.add("Transpose", (value,), {"perm": (0, 3, 1, 2)})
    value = build.add("Pad", (value, build.constant(np.zeros(8, np.int64))))
    whole = (np.array([0]), np.array([2**40]), np.array([2]))
    value = build.add("Slice", (value, *map(build.constant, whole)))
    value = build.add("Tile", (value, build.constant(np.ones(4, np.int64))))
    scales = build.constant(np.ones(4))
    value = build.add("Resize", (value, "", scales))
    axes = build.constant(np.array([1]))
    value = build.add("Unsqueeze", (value, axes))
    value = build.add("Squeeze", (value, axes))
    graph = build.graph(build.add("Abs", (value,)))
    found = remove_identities(graph)
    assert ops(found) == ["Relu", "Unsqueeze", "Squeeze", "Abs"]
    check_same_outputs(graph, found)


def test_what_changes_something_stays() -> None:
    build = Builder(3, 4, 4)
    value = build.add("Add", ("x", build.constant(np.zeros((2, 1, 1, 1, 1)))))
    value = build.add("Transpose", (value,), {"perm": (0, 1, 2, 4, 3)})
    ends = (np.array([-1]), np.array([-100]), np.array([3]), np.array([-1]))
    value = build.add("Slice", (value, *map(build.constant, ends)))
    value = build.add("Pad", (value, build.constant(np.eye(10, dtype=int)[3] * 2)))
    graph = build.graph(build.add("Sub", (build.constant(np.array(0.0)), value)))
    assert ops(remove_identities(graph)) == ops(graph)


def test_dropout_stays_for_training() -> None:
    build = Builder(3)
    value = build.add("Dropout", (build.add("Relu", ("x",)),))
    graph = build.graph(build.add("Abs", (value,)))
    kept = remove_identities(graph, keep_dropout=True)
    assert ops(kept) == ["Relu", "Dropout", "Abs"]


def test_outputs_keep_their_names() -> None:
    build = Builder(3)
    first = build.add("Identity", (build.add("Relu", ("x",)),))
    second = build.add("Identity", (first,))
    third = build.add("Identity", ("x",))
    graph = build.graph(first, second, third, build.add("Abs", (second,)))
    found = remove_identities(graph)
    assert found.outputs == graph.outputs
    check_same_outputs(graph, found)


def test_sizes_are_folded_and_the_batch_stays_open() -> None:
    build = Builder(4, 6, 6)
    shape = build.add("Shape", ("x",))
    zero, half = build.constant(np.array(0)), build.constant(np.array(2))
    batch = build.add("Gather", (shape, zero))
    one = build.constant(np.array([0]))
    batch = build.add("Unsqueeze", (batch, one))
    channels = build.add("Gather", (shape, build.constant(np.array([1]))))
    channels = build.add("Div", (channels, half))
    rest = build.constant(np.array([2, -1]))
    target = build.add("Concat", (batch, channels, rest), {"axis": 0})
    graph = build.graph(build.add("Reshape", ("x", target)))
    found = fold_constants(graph)
    assert ops(found) == ["Reshape"]
    assert found.constants[found.nodes[0].inputs[1]].tolist() == [-1, 2, 2, 36]
    check_same_outputs(graph, found)


def test_an_expansion_over_the_batch_keeps_it_open() -> None:
    build = Builder(1, 6)
    shape = build.add("Shape", ("x",))
    batch = build.add("Gather", (shape, build.constant(np.array([0]))))
    rest = build.constant(np.array([4, 6]))
    target = build.add("Concat", (batch, rest), {"axis": 0})
    graph = build.graph(build.add("Expand", ("x", target)))
    found = fold_constants(graph)
    assert ops(found) == ["Expand"]
    assert found.constants[found.nodes[0].inputs[1]].tolist() == [1, 4, 1]
    check_same_outputs(graph, found)


def test_what_is_computed_from_parameters_is_a_parameter() -> None:
    build = Builder(4)
    weight = build.constant(np.ones((3, 4)), "fc.weight")
    turned = build.add("Transpose", (weight,))
    graph = build.graph(build.add("MatMul", ("x", turned)))
    trained = Graph(
        graph.name,
        graph.inputs,
        graph.outputs,
        graph.nodes,
        graph.constants,
        frozenset({weight}),
    )
    assert fold_constants(trained).parameters == {turned}
    assert fold_constants(graph).parameters == frozenset()


def test_huge_expansions_are_not_folded() -> None:
    build = Builder(4)
    wide = build.constant(np.array([1, 2**30]))
    huge = build.add("Expand", (build.constant(np.array(0.0)), wide))
    ends = (np.array([0]), np.array([4]), np.array([1]))
    few = build.add("Slice", (huge, *map(build.constant, ends)))
    graph = build.graph(build.add("Add", ("x", few)))
    assert ops(fold_constants(graph)) == ["Expand", "Slice", "Add"]


@pytest.mark.parametrize("auto", ["NOTSET", "SAME_UPPER", "VALID"])
def test_pads_go_into_every_convolution_that_reads_them(auto: str) -> None:
    build = Builder(3, 7, 6)
    pads = build.constant(np.array([1, 0, 0, 2]))
    axes = build.constant(np.array([3, 2]))
    value = build.add("Pad", ("x", pads, build.constant(np.array(0.0)), axes))
    attributes = {"auto_pad": auto, "strides": (2, 1)}
    graph = build.graph(
        build.conv(value, 4, 3, **attributes), build.depthwise(value, 5)
    )
    found = fold_pads(graph)
    assert ops(found) == ["Conv", "Conv"]
    check_same_outputs(graph, found)


@pytest.mark.parametrize("kind", ["value", "mode", "channels", "crop"])
def test_other_pads_stay(kind: str) -> None:
    build = Builder(3, 7, 6)
    numbers = [0, 0, 1, 0, 0, 0, 1, 0]
    numbers[1] += kind == "channels"
    numbers[3] -= kind == "crop"
    fill = build.constant(np.array(float(kind == "value")))
    mode = {"mode": "edge" if kind == "mode" else "constant"}
    value = build.add("Pad", ("x", build.constant(np.array(numbers)), fill), mode)
    graph = build.graph(build.conv(value, 2, 3))
    assert ops(fold_pads(graph)) == ["Pad", "Conv"]


def test_products_and_rows_become_gemm() -> None:
    build = Builder(5)
    product = build.add("MatMul", ("x", build.normal(5, 3)))
    value = build.add("Add", (build.normal(3), product))
    graph = build.graph(build.add("MatMul", (value, build.normal(3, 2))))
    found = recognise_gemm(graph)
    assert [len(node.inputs) for node in found.nodes] == [3, 2]
    assert ops(found) == ["Gemm", "Gemm"]
    check_same_outputs(graph, found)


def test_products_of_more_axes_stay() -> None:
    build = Builder(4, 5)
    graph = build.graph(build.add("MatMul", ("x", build.normal(5, 3))))
    assert ops(recognise_gemm(graph)) == ["MatMul"]


def test_global_pooling_in_its_spellings() -> None:
    build = Builder(3, 4, 6)
    axes = build.constant(np.array([-1, 2]))
    whole = {"kernel_shape": (4, 6)}
    graph = build.graph(
        build.add("ReduceMean", ("x", axes)),
        build.add("ReduceMax", ("x", axes), {"keepdims": 0}),
        build.add("AveragePool", ("x",), whole),
        build.add("MaxPool", ("x",), {**whole, "strides": (4, 6)}),
        build.add("AveragePool", ("x",), {"kernel_shape": (4, 5)}),
        build.add("ReduceMean", ("x", build.constant(np.array([2])))),
    )
    found = recognise_global_pool(graph)
    pools = ["GlobalAveragePool", "GlobalMaxPool"]
    expected = [*pools, "Flatten", *pools, "AveragePool", "ReduceMean"]
    assert ops(found) == expected
    check_same_outputs(graph, found)


def test_simplify_finds_gates_behind_a_convolution() -> None:
    build = Builder(3, 6, 6)
    pooled = build.add("ReduceMean", ("x", build.constant(np.array([2, 3]))))
    inner = build.add("Relu", (build.conv(pooled, 2, bias=True),))
    outer = relu6_clip(build, build.conv(inner, 3, bias=True))
    gate = sixth(build, outer, divide=True)
    graph = build.graph(build.add("Mul", ("x", gate)))
    found = simplify(graph)
    expected = ["GlobalAveragePool", "Conv", "Relu", "Conv", "HardSigmoid", "Mul"]
    assert ops(found) == expected
    assert len(find_patterns(found).squeeze_excites) == 1
    check_same_outputs(graph, found)


def test_simplify_does_it_all() -> None:
    build = Builder(3, 8, 8)
    value = build.norm(build.conv("x", 8, 3))
    value = sixth(
        build, build.add("Mul", (value, relu6_clip(build, value))), divide=True
    )
    pooled = build.add("ReduceMean", (value, build.constant(np.array([2, 3]))))
    flat = build.add("Dropout", (build.add("Flatten", (pooled,)),))
    product = build.add("MatMul", (flat, build.normal(8, 4)))
    graph = build.graph(build.add("Add", (product, build.normal(4))))
    found = simplify(graph)
    assert ops(found) == ["Conv", "HardSwish", "GlobalAveragePool", "Flatten", "Gemm"]
    check_same_outputs(graph, found)


def test_dropout_with_a_mask_goes_where_the_mask_is_unread() -> None:
    build = Builder(3, 5)
    value = build.add("Dropout", (build.add("Relu", ("x",)),), outputs=2)
    graph = build.graph(value)
    after = verify(remove_identities(graph))
    assert ops(after) == ["Relu"]
    check_same_outputs(graph, after)


def test_dropout_stays_where_its_mask_is_a_result() -> None:
    build = Builder(3, 5)
    value = build.add("Dropout", (build.add("Relu", ("x",)),), outputs=2)
    graph = build.graph(value, f"{value}.1")
    after = verify(remove_identities(graph))
    assert ops(after) == ["Relu", "Dropout"]
    check_same_outputs(graph, after)


def test_transposes_that_an_identity_keeps_apart() -> None:
    build = Builder(3, 5, 4)
    there = build.add("Transpose", ("x",), {"perm": (0, 2, 3, 1)})
    back = build.add("Identity", (there,))
    back = build.add("Transpose", (back,), {"perm": (0, 3, 1, 2)})
    assert ops(remove_identities(build.graph(build.conv(back, 2)))) == ["Conv"]


def test_a_bound_of_one_operand_is_no_hard_swish() -> None:
    build = Builder(3, 5)
    above = build.add("Max", (three_more(build, "x"),))
    gate = build.add("Min", (above, build.constant(np.array(6.0))))
    graph = build.graph(sixth(build, build.add("Mul", ("x", gate)), divide=True))
    assert "HardSwish" not in ops(recognise_hard_swish(graph))


def test_whole_numbers_are_no_hard_swish() -> None:
    build = Builder(5, dtype="int64")
    zero, three, six = (build.constant(np.array(number)) for number in (0, 3, 6))
    gate = build.add("Clip", (build.add("Add", ("x", three)), zero, six))
    graph = build.graph(build.add("Div", (build.add("Mul", ("x", gate)), six)))
    assert ops(verify(simplify(graph))) == ops(graph)


def test_one_pad_after_the_other() -> None:
    build = Builder(3, 5, 4)
    value = "x"
    for before, after in (([1, 0], [0, 2]), ([0, 1], [2, 0])):
        sizes = build.constant(np.array([0, 0, *before, 0, 0, *after]))
        value = build.add("Pad", (value, sizes))
    graph = build.graph(build.conv(value, 2, 3))
    folded = fold_pads(graph)
    assert ops(folded) == ["Conv"]
    assert folded.nodes[0].attributes["pads"] == (1, 1, 2, 2)
    check_same_outputs(graph, folded)
