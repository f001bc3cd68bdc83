"""Patterns: pairs, blocks and gates are found where they are, and not elsewhere."""

import numpy as np
import pytest
from tests.building import Builder

from depthwise.graph.patterns import PairKind, Patterns, find_patterns
from depthwise.graph.rewrite import simplify


def test_a_separable_pair_with_norm_and_activation() -> None:
    build = Builder(4, 6, 6)
    value = build.add("Relu", (build.norm(build.depthwise("x")),))
    found = find_patterns(build.graph(build.conv(value, 8)))
    (pair,) = found.pairs
    assert pair.kind is PairKind.SEPARABLE
    assert (pair.first, pair.second) == (*found.depthwise, *found.pointwise)
    assert pair.between == ("batchnormalization.n1", "relu.n2")


def test_silu_between_is_followed() -> None:
    build = Builder(4, 6)
    value = build.depthwise("x", multiplier=2)
    swish = build.add("Mul", (build.add("Sigmoid", (value,)), value))
    (pair,) = find_patterns(build.graph(build.conv(swish, 8))).pairs
    assert pair.between == ("mul.n2",)


def test_padding_between_is_followed() -> None:
    build = Builder(4, 6)
    value = build.add("Relu", (build.conv("x", 12),))
    value = build.add("Pad", (value, build.constant(np.array([0, 0, 1, 0, 0, 2]))))
    value = build.add("Relu", (build.conv(value, 12, 3, group=12),))
    found = find_patterns(build.graph(build.conv(value, 4)))
    assert len(found.inverted_residuals) == 1


def test_a_blueprint_pair_has_no_activation_between() -> None:
    build = Builder(4, 6, 6)
    value = build.depthwise(build.norm(build.conv("x", 8)))
    (pair,) = find_patterns(build.graph(value)).pairs
    assert pair.kind is PairKind.BLUEPRINT
    build = Builder(4, 6, 6)
    value = build.depthwise(build.add("Relu", (build.conv("x", 8),)))
    assert find_patterns(build.graph(value)).pairs == ()


@pytest.mark.parametrize("kind", ["fork", "output", "dense", "add"])
def test_no_pair_where_the_way_forks_or_leads_elsewhere(kind: str) -> None:
    build = Builder(4, 6, 6)
    value = build.depthwise("x")
    outputs = [value] if kind == "output" else []
    if kind == "fork":
        outputs.append(build.add("Abs", (value,)))
    if kind == "add":
        value = build.add("Add", (value, "x"))
    outputs.append(build.conv(value, 8, 3 if kind == "dense" else 1))
    assert find_patterns(build.graph(*outputs)).pairs == ()


@pytest.mark.parametrize("gate", [False, True])
@pytest.mark.parametrize("residual", [False, True])
def test_an_inverted_residual(residual: bool, gate: bool) -> None:
    build = Builder(4, 6, 6)
    value = build.add("HardSwish", (build.norm(build.conv("x", 12)),))
    value = build.add("HardSwish", (build.norm(build.depthwise(value)),))
    value = build.gate(value, 3) if gate else value
    value = build.norm(build.conv(value, 4))
    value = build.add("Add", ("x", value)) if residual else value
    graph = build.graph(build.conv(value, 16))
    for form in (graph, simplify(graph)):
        found = find_patterns(form)
        (block,) = found.inverted_residuals
        assert (block.residual != "") == residual
        assert (block.squeeze_excite is not None) == gate
        assert block.depthwise == found.depthwise[0]
        assert [pair.kind for pair in found.pairs] == ["separable"]
        assert len(found.squeeze_excites) == gate


def test_a_chain_of_separable_layers_is_no_inverted_residual() -> None:
    build = Builder(4, 6, 6)
    value = "x"
    for channels in (12, 4, 12):
        value = build.add("Relu", (build.depthwise(value),))
        value = build.add("Relu", (build.conv(value, channels),))
    found = find_patterns(build.graph(value))
    assert len(found.pairs) == 3
    assert found.inverted_residuals == ()


def test_a_gate_spelled_with_products_and_views() -> None:
    build = Builder(4, 6, 6)
    value = build.add("Relu", ("x",))
    pooled = build.add("GlobalAveragePool", (value,))
    flat = build.add("Flatten", (pooled,))
    inner = build.add("Relu", (build.add("Gemm", (flat, build.normal(4, 2))),))
    outer = build.add("Sigmoid", (build.add("Gemm", (inner, build.normal(2, 4))),))
    shape = build.constant(np.array([0, 4, 1, 1]))
    wide = build.add("Reshape", (outer, shape))
    found = find_patterns(build.graph(build.add("Mul", (wide, value))))
    (gate,) = found.squeeze_excites
    names = (gate.pool, gate.reduce, gate.expand, gate.gate)
    assert [name.split(".")[0] for name in names] == [
        "globalaveragepool",
        "gemm",
        "gemm",
        "sigmoid",
    ]


def test_a_gate_of_another_value_is_none() -> None:
    build = Builder(4, 6, 6)
    pooled = build.add("GlobalAveragePool", ("x",))
    outer = build.add("Sigmoid", (build.conv(build.conv(pooled, 2), 4),))
    other = build.add("Abs", ("x",))
    graph = build.graph(build.add("Mul", (other, outer)))
    assert find_patterns(graph).squeeze_excites == ()


def test_a_graph_without_convolutions_has_no_patterns() -> None:
    build = Builder(4)
    assert find_patterns(build.graph(build.add("Relu", ("x",)))) == Patterns()


@pytest.mark.parametrize("axes", [(1,), (3,), (1, 2, 3)])
def test_means_over_other_axes_are_no_squeeze(axes: tuple[int, ...]) -> None:
    build = Builder(4, 6, 6)
    mean = build.add("ReduceMean", ("x", build.constant(np.array(axes))))
    inner = build.add("Relu", (build.conv(mean, 2),))
    outer = build.add("Sigmoid", (build.conv(inner, 4),))
    graph = build.graph(build.add("Mul", ("x", outer)))
    assert find_patterns(graph).squeeze_excites == ()


@pytest.mark.parametrize("spelling", ["reduced", "window"])
def test_a_squeeze_in_another_spelling(spelling: str) -> None:
    build = Builder(4, 6, 5)
    if spelling == "reduced":
        pooled = build.add("ReduceMean", ("x", build.constant(np.array([-1, 2]))))
    else:
        pooled = build.add("AveragePool", ("x",), {"kernel_shape": (6, 5)})
    outer = build.add("Sigmoid", (build.conv(build.conv(pooled, 2), 4),))
    graph = build.graph(build.add("Mul", (outer, "x")))
    assert len(find_patterns(graph).squeeze_excites) == 1


@pytest.mark.parametrize(("high", "count"), [(1.0, 1), (np.inf, 0), (None, 0)])
def test_a_gate_is_bounded(high: float | None, count: int) -> None:
    build = Builder(4, 6, 6)
    pooled = build.add("GlobalAveragePool", ("x",))
    value = build.conv(build.conv(pooled, 2), 4)
    bounds = [0.0] if high is None else [0.0, high]
    names = (build.constant(np.array(bound)) for bound in bounds)
    graph = build.graph(build.add("Mul", ("x", build.add("Clip", (value, *names)))))
    assert len(find_patterns(graph).squeeze_excites) == count


def test_slopes_are_not_what_an_activation_takes_on() -> None:
    build = Builder(4, 6, 6)
    slopes = build.depthwise("x")
    graph = build.graph(build.conv(build.add("PRelu", ("x", slopes)), 8))
    assert find_patterns(graph).pairs == ()


def test_padded_channels_make_another_convolution() -> None:
    build = Builder(4, 6, 6)
    wider = build.constant(np.array([0, 0, 0, 0, 0, 2, 0, 0]))
    value = build.add("Pad", (build.depthwise("x"), wider))
    assert find_patterns(build.graph(build.conv(value, 8))).pairs == ()


def test_a_residual_written_as_sum() -> None:
    build = Builder(4, 6, 6)
    value = build.depthwise(build.add("Relu", (build.conv("x", 12),)))
    value = build.conv(build.add("Relu", (value,)), 4)
    graph = build.graph(build.add("Sum", ("x", value)))
    (block,) = find_patterns(graph).inverted_residuals
    assert block.residual == "sum.n5"


@pytest.mark.parametrize("kind", ["separable", "blueprint"])
def test_transposed_depthwise_forms_pairs_too(kind: str) -> None:
    build = Builder(4, 6, 6)
    taps, attributes = build.normal(4, 2, 3, 3), {"group": 4, "strides": (2, 2)}
    value = "x" if kind == "separable" else build.conv("x", 4)
    value = build.add("ConvTranspose", (value, taps), attributes)
    value = build.conv(value, 5) if kind == "separable" else value
    found = find_patterns(build.graph(value))
    (pair,) = found.pairs
    assert pair.kind == kind
    assert len(found.depthwise) == len(found.pointwise) == 1


@pytest.mark.parametrize(("axis", "count"), [(3, 1), (-1, 1), (1, 0), (-3, 0)])
def test_samples_may_be_cut_off_in_a_pair_but_not_channels(
    axis: int, count: int
) -> None:
    build = Builder(4, 6, 6)
    value = build.depthwise("x")
    numbers = [build.constant(np.array([n])) for n in (1, 4, axis)]
    value = build.add("Slice", (value, *numbers))
    found = find_patterns(build.graph(build.conv(value, 3)))
    assert len(found.pairs) == count
