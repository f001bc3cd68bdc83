"""Execution with taps, and what it refuses."""

import numpy as np
import pytest

from depthwise.errors import GeometryError, GraphError
from depthwise.execute import run
from depthwise.graph import Batch, Graph, Input, Node, TensorType, verify


@pytest.fixture
def graph():
    x = Input("x", TensorType("float32", (Batch(), 2, 3)))
    nodes = (
        Node("Relu", ("x",), ("a",), name="relu"),
        Node("Add", ("a", "b"), ("c",), name="add"),
        Node("Mul", ("c", "c"), ("d",), name="square"),
    )
    return verify(Graph("g", (x,), ("d",), nodes, {"b": np.float32([1])}))


def test_outputs_and_taps_of_every_batch(graph):
    batches = [np.full((n, 2, 3), -1 + n, "float32") for n in (1, 2)]
    first, second = run(graph, batches, ["a", "x"])
    assert list(first) == ["d", "a", "x"]
    assert first["d"].tolist() == np.ones((1, 2, 3)).tolist()
    assert second["d"].tolist() == np.full((2, 2, 3), 4.0).tolist()
    assert second["a"].shape == (2, 2, 3)


def test_float64_oracle(graph):
    (result,) = run(graph, [np.full((1, 2, 3), 0.1)], dtype="float64")
    assert result["d"].dtype == np.float64


@pytest.mark.parametrize(
    ("batch", "sentence"),
    [
        (
            np.zeros((1, 3, 3), "float32"),
            r"input x must be float32\[N,2,3\]; got shape",
        ),
        (np.zeros((1, 2), "float32"), r"got shape \[1,2\]"),
        (np.zeros((1, 2, 3), "int64"), "input x must be float32; got int64"),
        ([[1.0]], "input x must be an array; got list"),
    ],
)
def test_wrong_batches(graph, batch, sentence):
    with pytest.raises(GeometryError, match=sentence):
        list(run(graph, [batch]))


def test_wrong_names(graph):
    with pytest.raises(GraphError, match="every input is given once"):
        list(run(graph, [{"y": np.zeros((1, 2, 3), "float32")}]))
    with pytest.raises(GraphError, match="a tap must be a value of the graph; got 'q'"):
        run(graph, [], ["q"])
