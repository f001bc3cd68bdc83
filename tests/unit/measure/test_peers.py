"""Every runtime gives the results of float64, and says what it does not take."""

from pathlib import Path

import numpy as np
import pytest

from depthwise.errors import FormatError, UnknownNameError, UnsupportedOperatorError
from depthwise.execute import run
from depthwise.formats import save_onnx
from depthwise.graph import Graph, Input, Node, TensorType
from depthwise.jobs.open import open_model
from depthwise.measure.peers import PEERS, peer
from depthwise.measure.peers.litert_file import write_litert

NETWORKS = {
    "sensor_net": (1, 6, 128),
    "ds_cnn": (1, 1, 49, 10),
    "mobilenet_v2": (1, 3, 64, 64),
}


@pytest.mark.parametrize("model", NETWORKS)
def test_runtimes_agree_with_float64(model: str, tmp_path: Path) -> None:
    shape = NETWORKS[model]
    graph = open_model(model, shape).graph
    path = save_onnx(graph, tmp_path / "model.onnx")
    array = np.random.default_rng(1).normal(size=shape).astype("float32")
    (values,) = run(graph, [array], dtype="float64")
    wanted = values[graph.outputs[0]]
    for name, runtime in PEERS.items():
        session = runtime.open_session(path, 1)
        (found,) = runtime.run(session, {graph.inputs[0].name: array})
        error = np.abs(np.reshape(found, wanted.shape) - wanted).max()
        assert error < 1e-4 * np.abs(wanted).max(), name
        call = runtime.prepare(session, {graph.inputs[0].name: array})
        (again,) = call()
        first = np.array(again).copy()
        np.testing.assert_array_equal(np.ravel(first), np.ravel(found), name)
        if isinstance(again, np.ndarray):
            again[:] = 0  # a call that computed nothing would leave it so
            (again,) = call()
            np.testing.assert_array_equal(np.array(again), first, name)


def test_padding_that_litert_has_no_word_for(tmp_path: Path) -> None:
    x = Input("x", TensorType("float32", (1, 3, 9, 7)))
    weight = np.arange(2 * 3 * 3 * 2, dtype="float32").reshape(2, 3, 3, 2)
    window = {"kernel_shape": (3, 2), "pads": (0, 1, 2, 0), "strides": (2, 1)}
    pool = {"kernel_shape": (3, 3), "pads": (1, 1, 1, 1), "strides": (2, 2)}
    nodes = (
        Node("Conv", ("x", "w"), ("a",), window),
        Node("MaxPool", ("a",), ("b",), pool),
        Node("GlobalAveragePool", ("b",), ("y",)),
    )
    graph = Graph("padded", (x,), ("y",), nodes, {"w": weight})
    path = save_onnx(graph, tmp_path / "model.onnx")
    array = -np.random.default_rng(0).integers(0, 9, (1, 3, 9, 7)).astype("float32")
    (values,) = run(graph, [array], dtype="float64")
    session = peer("litert").open_session(path)
    (found,) = peer("litert").run(session, {"x": array})
    np.testing.assert_allclose(np.ravel(found), np.ravel(values["y"]), rtol=1e-6)


def test_operators_that_litert_s_file_has_not() -> None:
    x = Input("x", TensorType("float32", (1, 3, 4, 4)))
    graph = Graph("erf", (x,), ("y",), (Node("Erf", ("x",), ("y",)),))
    with pytest.raises(UnsupportedOperatorError, match="got Erf"):
        write_litert(graph)


@pytest.mark.parametrize("name", ["openvino", "ncnn"])
def test_what_is_no_model_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(b"hello")
    with pytest.raises(FormatError):
        peer(name).open_session(path)


def test_unknown_runtimes_are_named() -> None:
    with pytest.raises(UnknownNameError, match="tensorrt"):
        peer("tensorrt")
