"""Counts of graphs made by hand, against MISSION's formulas and plain loops."""

import itertools

import numpy as np
import pytest

from depthwise.costing import Kind, count
from depthwise.errors import UnsupportedOperatorError
from depthwise.graph import Batch, Graph, Input, Node, TensorType, verify


def conv_graph(channels, weights, *, size=(8, 8), **attributes):
    """One convolution after the other, on ``[N, channels, *size]``."""
    x = Input("x", TensorType("float32", (Batch(), channels, *size)))
    nodes, constants = [], {}
    for index, (shape, group) in enumerate(weights):
        constants[f"w{index}"] = np.ones(shape, "float32")
        source = f"y{index - 1}" if index else "x"
        extra = attributes if index == 0 else {}
        node = Node(
            "Conv",
            (source, f"w{index}"),
            (f"y{index}",),
            {"group": group, **extra},
            name=f"conv{index}",
        )
        nodes.append(node)
    outputs = (f"y{len(weights) - 1}",)
    names = frozenset(constants)
    return verify(Graph("g", (x,), outputs, tuple(nodes), constants, names))


@pytest.mark.parametrize(
    ("outputs", "separable", "dense"),
    [(1, 1080, 972), (2, 1188, 1944), (256, 28620, 248832)],
)
def test_worked_example(outputs, separable, dense):
    taken_apart = conv_graph(3, [((3, 1, 3, 3), 3), ((outputs, 3, 1, 1), 1)])
    ordinary = conv_graph(3, [((outputs, 3, 3, 3), 1)])
    assert count(taken_apart).macs == separable
    assert count(ordinary).macs == dense


def test_kinds_and_parameters():
    graph = conv_graph(4, [((8, 1, 3, 3), 4), ((6, 8, 1, 1), 1), ((6, 3, 3, 3), 2)])
    report = count(graph)
    kinds = [layer.kind for layer in report.layers]
    assert kinds == [Kind.DEPTHWISE, Kind.POINTWISE, Kind.GROUPED]
    assert [layer.params for layer in report.layers] == [72, 48, 162]
    assert report.params == 282
    assert sum(macs for macs, _ in report.by_kind.values()) == report.macs
    assert report.flops == 2 * report.macs


def test_dense_twin_of_a_layer_has_group_times_the_work():
    graph = conv_graph(4, [((8, 1, 3, 3), 4)])
    layer = count(graph).by_layer["conv0"]
    assert layer.dense_macs == 4 * layer.macs
    assert layer.dense_macs == count(conv_graph(4, [((8, 4, 3, 3), 1)])).macs


def test_cost_is_additive_over_the_batch():
    graph = conv_graph(3, [((8, 3, 3, 3), 1)])
    assert count(graph, batch=5).macs == 5 * count(graph).macs
    assert count(graph, batch=5).params == count(graph).params


def test_shared_parameters_count_once():
    x = Input("x", TensorType("float32", (Batch(), 4, 8)))
    twice = (
        Node("Conv", ("x", "w"), ("y",), {"pads": (1, 1)}, name="first"),
        Node("Conv", ("y", "w"), ("z",), {"pads": (1, 1)}, name="second"),
    )
    weight = {"w": np.ones((4, 4, 3), "float32")}
    graph = verify(Graph("g", (x,), ("z",), twice, weight, frozenset({"w"})))
    assert [layer.params for layer in count(graph).layers] == [48, 0]


def test_real_taps_against_plain_loops():
    from depthwise.graph import call_of

    graph = conv_graph(3, [((5, 3, 3, 2), 1)], strides=(2, 1), pads=(1, 0, 2, 1))
    bound = graph.bind(1)
    call = call_of(bound.nodes[0], bound.types, bound.constants)
    _, _, rows, columns = bound.types["y0"].shape
    real = 0
    for p, q, r, s in itertools.product(
        range(rows), range(columns), range(3), range(2)
    ):
        inside = 0 <= 2 * p + r - 1 < 8 and 0 <= q + s < 8
        real += 5 * 3 * inside
    assert call.operator.macs(call).real == real
    assert call.operator.macs(call).forward == 5 * 3 * rows * columns * 6


def test_unknown_operator_is_an_error_never_zero():
    x = Input("x", TensorType("float32", (Batch(), 4, 8)))
    graph = Graph("g", (x,), ("y",), (Node("Frobnicate", ("x",), ("y",), name="f"),))
    with pytest.raises(UnsupportedOperatorError, match="'Frobnicate' at f"):
        count(graph)
