"""ONNX Runtime behind three functions, its failures as sentences."""

import sys
from pathlib import Path

import numpy as np
import pytest
from tests.unit.formats.samples import small_network

from depthwise.errors import FormatError, MissingDependencyError
from depthwise.formats import save_onnx
from depthwise.measure.peers import onnx_runtime


def test_a_file_is_run(tmp_path: Path) -> None:
    session = onnx_runtime.open_session(save_onnx(small_network(), tmp_path / "a.onnx"))
    x = np.zeros((2, 3, 9, 8), "float32")
    (y,) = onnx_runtime.run(session, {"x": x})
    assert y.shape == (2, 5)
    with pytest.raises(FormatError, match=r"must run the file; got .*Expected: 3"):
        onnx_runtime.run(session, {"x": x[:, :2]})


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(b"hello")
    with pytest.raises(FormatError, match="must take the file"):
        onnx_runtime.open_session(path)


def test_its_absence_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(
        MissingDependencyError, match=r"pip install 'depthwise\[peers\]"
    ):
        onnx_runtime.version()
