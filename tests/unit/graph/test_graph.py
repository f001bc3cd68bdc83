"""The rules of a graph, and the questions it answers."""

from dataclasses import replace

import numpy as np
import pytest
from tests.building import Builder

from depthwise.errors import GeometryError, GraphError, UnsupportedOperatorError
from depthwise.graph import Batch, Graph, Input, Node, TensorType, verify


@pytest.fixture
def graph() -> Graph:
    build = Builder(4, 8)
    value = build.conv("x", 6, 3)
    return build.graph(build.add("Add", (build.add("Relu", (value,)), value)))


def test_producers_and_consumers(graph: Graph) -> None:
    conv, relu, add = graph.nodes
    assert graph.producers[conv.outputs[0]] is conv
    assert graph.consumers[conv.outputs[0]] == (relu, add)
    assert graph.consumers.get(add.outputs[0]) is None
    assert graph.call(conv).constant(1) is not None


def test_types_of_all_values(graph: Graph) -> None:
    assert str(graph.types["n0"]) == "float64[N,6,6]"
    assert graph.output_shapes() == ((Batch(), 6, 6),)


def test_a_batch_is_bound_once(graph: Graph) -> None:
    assert graph.batch is None
    bound = graph.bind(3)
    assert (bound.batch, bound.bind(5).batch) == (3, 3)
    assert bound.output_shapes() == ((3, 6, 6),)


def test_constants_cannot_be_written(graph: Graph) -> None:
    array = next(iter(graph.constants.values()))
    with pytest.raises(ValueError, match="read-only"):
        array[...] = 0
    with pytest.raises(TypeError):
        graph.constants["more"] = array  # type: ignore[index]


def test_a_graph_prints_its_types(graph: Graph) -> None:
    lines = str(graph).splitlines()
    assert lines[0] == "graph test(x: float64[N,4,8]) -> n2"
    assert lines[1].strip() == "n0: float64[N,6,6] = Conv(x, c0, group=1)"


def rules() -> dict[str, tuple[dict, str]]:
    x = Input("x", TensorType("float32", (Batch(), 4)))
    relu = Node("Relu", ("x",), ("y",), name="relu")
    late = Node("Abs", ("y",), ("z",))
    good = {"name": "g", "inputs": (x,), "outputs": ("y",), "nodes": (relu,)}
    one = {"y": np.zeros(4, "float32")}
    return {
        "order": (good | {"nodes": (late, relu)}, "Abs reads 'y', later"),
        "absent": (good | {"nodes": (late,)}, "Abs reads 'y', nowhere"),
        "twice": (good | {"constants": one}, "defined once; got 2 times 'y'"),
        "names": (
            good | {"nodes": (relu, replace(relu, outputs=("z",)))},
            "names must differ; got 2 nodes 'relu'",
        ),
        "outputs": (good | {"outputs": ("w",)}, r"outputs that exist; got \['w'\]"),
        "none": (good | {"outputs": ()}, "outputs that exist; got none"),
        "parameters": (good | {"parameters": frozenset("p")}, "got 'p'"),
        "attribute": (
            good | {"nodes": (replace(relu, attributes={"slope": 1}),)},
            "Relu has no attribute 'slope'",
        ),
        "inputs": (
            good | {"nodes": (replace(relu, inputs=("x", "x")),)},
            "Relu takes 1 to 1 inputs; got 2 at 'relu'",
        ),
        "unnamed": (
            good | {"nodes": (replace(relu, inputs=("",)),)},
            "inputs of Relu that it needs have names",
        ),
    }


@pytest.mark.parametrize("rule", rules())
def test_a_broken_rule_is_named(rule: str) -> None:
    parts, message = rules()[rule]
    with pytest.raises(GraphError, match=message):
        verify(Graph(**parts))


def test_an_unknown_operator_names_the_node_and_what_is_supported() -> None:
    x = Input("x", TensorType("float32", (2,)))
    node = Node("Fft", ("x",), ("y",), name="strange")
    with pytest.raises(UnsupportedOperatorError, match="'Fft' at strange") as error:
        verify(Graph("g", (x,), ("y",), (node,)))
    assert "Conv, " in error.value.hint


def test_element_types_must_be_what_the_operator_takes() -> None:
    x = Input("x", TensorType("float32", (2,)))
    i = Input("i", TensorType("int64", (2,)))
    for node, message in (
        (Node("Add", ("x", "i"), ("y",)), "takes one type; got float32 and int64"),
        (Node("Sigmoid", ("i",), ("y",)), "input 0 of Sigmoid cannot be int64"),
        (Node("Gather", ("x", "x"), ("y",)), "input 1 of Gather cannot be float32"),
    ):
        with pytest.raises(GraphError, match=message):
            verify(Graph("g", (x, i), ("y",), (node,)))


def test_shapes_that_do_not_fit_name_the_node() -> None:
    x = Input("x", TensorType("float32", (Batch(), 3, 8, 8)))
    weights = {"w": np.zeros((4, 2, 3, 3), "float32")}
    node = Node("Conv", ("x", "w"), ("y",), name="stem")
    with pytest.raises(GeometryError, match=r"^stem \(Conv\): input channels"):
        verify(Graph("g", (x,), ("y",), (node,), weights))
