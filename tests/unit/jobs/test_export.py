"""Exports: written only where ONNX Runtime agrees, and never over another file."""

from pathlib import Path

import numpy as np
import pytest
from tests.unit.formats.samples import facts, small_network

from depthwise.errors import FormatError, OutputExistsError, UsageError
from depthwise.formats import load_onnx
from depthwise.graph import Batch, Graph, Input, Node, TensorType
from depthwise.jobs.export import BAR, compare, draw, export, relative_error


def cancelling() -> Graph:
    """(x + 10^8) − 10^8: float32 keeps nothing of x."""
    x = Input("x", TensorType("float32", (Batch(), 4)))
    nodes = (
        Node("Add", ("x", "large"), ("sum",), {}, "add"),
        Node("Sub", ("sum", "large"), ("y",), {}, "subtract"),
    )
    return Graph("bad", (x,), ("y",), nodes, {"large": np.array(1e8, "float32")})


def test_an_export_is_checked_and_described(tmp_path: Path) -> None:
    found = export(small_network(), tmp_path / "a.onnx", check=True)
    assert found.check is not None
    assert found.check.batches == (1, 3)
    assert 0 < found.check.error < 1e-6
    assert 0 < found.check.own_error < 1e-6
    assert found.file_bytes == (tmp_path / "a.onnx").stat().st_size
    assert found.params == 4 * 27 + 4 + 72 + 16 + 45
    assert found.inputs == {"x": "float32[N,3,9,8]"}
    assert found.outputs == {"y": "float32[N,5]"}
    assert found.to_dict()["path"] == str(tmp_path / "a.onnx")
    assert facts(load_onnx(found.path)) == facts(small_network())


def test_a_fixed_batch_is_run_once(tmp_path: Path) -> None:
    found = export(small_network().bind(2), tmp_path / "a.onnx", check=True)
    assert found.check is not None
    assert found.check.batches == (2,)


def test_without_a_check_nothing_is_compared(tmp_path: Path) -> None:
    assert export(cancelling(), tmp_path / "a.onnx").check is None


def test_a_result_that_is_off_is_refused_and_not_written(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"must be within 0\.0001 of float64"):
        export(cancelling(), tmp_path / "a.onnx", check=True)
    assert list(tmp_path.iterdir()) == []


def test_the_bar_is_between_rounding_and_what_is_wrong() -> None:
    assert compare(small_network()).error < BAR / 100


@pytest.mark.parametrize("name", ["a.txt", "a", "a.onnx.zip"])
def test_the_name_says_what_it_is(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ends in \.onnx"):
        export(small_network(), tmp_path / name)


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_text("mine")
    with pytest.raises(OutputExistsError, match="must be new"):
        export(small_network(), path)
    assert path.read_text() == "mine"
    export(small_network(), path, overwrite=True)
    assert facts(load_onnx(path)) == facts(small_network())


def test_a_folder_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").mkdir()
    with pytest.raises(OutputExistsError):
        export(small_network(), tmp_path / "a.onnx", overwrite=True)


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
def test_inputs_of_every_kind_are_drawn(dtype: str) -> None:
    array = draw(TensorType(dtype, (Batch(2), 3)), batch=4)
    assert (array.dtype.name, array.shape) == (dtype, (8, 3))
    assert len(np.unique(array)) > 1


def test_errors_are_relative_and_see_what_is_not_finite() -> None:
    exact = [np.array([4.0, -8.0]), np.array([np.inf, 1.0])]
    assert relative_error(exact, exact) == 0
    off = [np.array([4.0, -6.0]), np.array([np.inf, 1.0])]
    assert relative_error(off, exact) == 0.25
    finite = [exact[0], np.array([1.0, 1.0])]
    assert relative_error(finite, exact) == float("inf")
    assert relative_error([exact[0][:1], exact[1]], exact) == float("inf")
    assert relative_error([np.array([np.nan])], [np.array([np.nan])]) == 0
