"""The rules of a graph, each broken once."""

import numpy as np
import pytest

from depthwise.errors import GeometryError, GraphError, UnsupportedOperatorError
from depthwise.graph import Batch, Graph, Input, Node, TensorType, verify

X = Input("x", TensorType("float32", (Batch(), 4, 8)))
RELU = Node("Relu", ("x",), ("y",), name="relu")


def test_a_good_graph_prints_every_type():
    graph = verify(Graph("g", (X,), ("y",), (RELU,)))
    lines = str(graph).splitlines()
    assert lines == ["graph g(x: float32[N,4,8]) -> y", "  y: float32[N,4,8] = Relu(x)"]


@pytest.mark.parametrize(
    ("nodes", "outputs", "sentence"),
    [
        ((Node("Relu", ("q",), ("y",), name="r"),), ("y",), "r reads 'q', nowhere"),
        ((Node("Relu", ("z",), ("y",)), Node("Relu", ("y",), ("z",))), ("z",), "later"),
        ((RELU, Node("Relu", ("x",), ("y",))), ("y",), "defined once; got 2 times 'y'"),
        (
            (RELU, Node("Relu", ("y",), ("z",), name="relu")),
            ("z",),
            "names must differ",
        ),
        ((RELU,), ("z",), "a graph needs outputs that exist"),
        ((RELU,), (), "got none"),
        ((Node("Relu", ("x", "x"), ("y",)),), ("y",), "takes 1 to 1 inputs; got 2"),
        ((Node("Relu", ("x",), ("y",), {"a": 1}),), ("y",), "has no attribute 'a'"),
    ],
)
def test_broken_rules(nodes, outputs, sentence):
    with pytest.raises(GraphError, match=sentence):
        verify(Graph("g", (X,), outputs, nodes))


def test_unknown_operator_names_node_and_table():
    node = Node("Frob", ("x",), ("y",), name="here")
    with pytest.raises(
        UnsupportedOperatorError, match="'Frob' at here\nhint: supported"
    ):
        verify(Graph("g", (X,), ("y",), (node,)))


def test_shape_errors_name_the_node():
    weight = {"w": np.ones((3, 5, 1), "float32")}
    node = Node("Conv", ("x", "w"), ("y",), name="stem")
    with pytest.raises(GeometryError, match=r"stem \(Conv\): input channels must be"):
        verify(Graph("g", (X,), ("y",), (node,), weight))


def test_parameters_must_be_constants():
    with pytest.raises(GraphError, match="parameters must be constants"):
        verify(Graph("g", (X,), ("y",), (RELU,), {}, frozenset({"w"})))


def test_constants_cannot_be_written():
    graph = Graph("g", (X,), ("y",), (RELU,), {"w": np.ones(3)})
    with pytest.raises(ValueError, match="read-only"):
        graph.constants["w"][0] = 2


def test_the_batch_is_a_symbol_until_it_is_bound():
    graph = Graph("g", (X,), ("y",), (RELU,))
    assert graph.batch is None
    assert graph.output_shapes() == ((Batch(), 4, 8),)
    assert graph.bind(3).output_shapes() == ((3, 4, 8),)
    assert graph.bind(3).bind(5).batch == 3
