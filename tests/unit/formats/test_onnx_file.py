"""ONNX files: what is written is read back, and other tools read it too."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from tests.unit.formats.samples import facts, small_network

from depthwise.errors import FormatError
from depthwise.execute import run
from depthwise.formats import load_onnx, save_onnx
from depthwise.graph import Batch


def test_a_graph_survives_a_file(tmp_path: Path) -> None:
    graph = small_network()
    loaded = load_onnx(save_onnx(graph, tmp_path / "a.onnx"))
    assert facts(loaded) == facts(graph)


def test_equal_graphs_give_equal_bytes(tmp_path: Path) -> None:
    first = save_onnx(small_network(), tmp_path / "a.onnx")
    again = save_onnx(load_onnx(first), tmp_path / "b.onnx")
    assert again.read_bytes() == first.read_bytes()


def test_the_official_checker_accepts_the_file(tmp_path: Path) -> None:
    path = save_onnx(small_network(), tmp_path / "a.onnx")
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert (model.ir_version, model.opset_import[0].version) == (10, 22)
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"
    names = {tensor.name for tensor in model.graph.initializer}
    assert "block.depthwise.weight" in names


@pytest.mark.parametrize("batch", [1, 3])
def test_onnx_runtime_computes_the_same(tmp_path: Path, batch: int) -> None:
    graph = small_network()
    path = save_onnx(graph, tmp_path / "a.onnx")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(1).standard_normal((batch, 3, 9, 8)).astype("float32")
    (theirs,) = session.run(None, {"x": x})
    (exact,) = (values["y"] for values in run(graph, [x], dtype="float64"))
    np.testing.assert_allclose(theirs, exact, rtol=1e-5, atol=1e-5)


def test_scopes_survive_the_version_converter(tmp_path: Path) -> None:
    model = onnx.load(save_onnx(small_network(), tmp_path / "a.onnx"))
    older = onnx.version_converter.convert_version(model, 21)
    onnx.save(older, tmp_path / "b.onnx")
    scopes = [node.scope for node in load_onnx(tmp_path / "b.onnx").nodes]
    assert scopes == [node.scope for node in small_network().nodes]


def test_a_fixed_batch_stays_fixed(tmp_path: Path) -> None:
    path = save_onnx(small_network().bind(2), tmp_path / "a.onnx")
    assert load_onnx(path).batch == 2


def test_a_multiple_of_the_batch_is_written(tmp_path: Path) -> None:
    graph = small_network()
    path = save_onnx(graph, tmp_path / "a.onnx")
    assert load_onnx(path).types["y"].shape == (Batch(), 5)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"nothing\.onnx: the file must be readable"):
        load_onnx(tmp_path / "nothing.onnx")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = save_onnx(small_network(), tmp_path / "a.onnx")
    before = path.read_bytes()
    bad = small_network(1)
    complex_constants = {**bad.constants, "extra": np.zeros(2, "complex64")}
    object.__setattr__(bad, "constants", complex_constants)
    with pytest.raises(FormatError, match="element type"):
        save_onnx(bad, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.onnx"]
