"""Weights in other files: read beside the model, refused everywhere else."""

import math
import os
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto
from tests.unit.formats.samples import small_network

from depthwise.errors import FormatError
from depthwise.formats import load_onnx, save_onnx


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.onnx"


@pytest.fixture
def valid(path: Path) -> onnx.ModelProto:
    return onnx.load(save_onnx(small_network(), path))


def external(valid: onnx.ModelProto, folder: Path, **entries: str) -> onnx.ModelProto:
    """Move the first weights to another file."""
    tensor = valid.graph.initializer[0]
    (folder / "weights.bin").write_bytes(bytes(16) + tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": "weights.bin", "offset": "16", **entries}.items():
        tensor.external_data.add(key=key, value=value)
    return valid


def test_external_data_beside_the_model_is_read(
    path: Path, valid: onnx.ModelProto
) -> None:
    weights = valid.graph.initializer[0].raw_data
    path.write_bytes(external(valid, path.parent).SerializeToString())
    assert load_onnx(path).constants["stem.weight"].tobytes() == weights
    size = math.prod(valid.graph.initializer[0].dims) * 4
    assert len(weights) == size


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"location": "/etc/passwd"}, "own folder; got '/etc/passwd'"),
        ({"location": "../outside.bin"}, "own folder"),
        ({"location": "a/../../outside.bin"}, "own folder"),
        ({"location": "a\\..\\outside.bin"}, "own folder"),
        ({"location": ""}, "own folder; got ''"),
        ({"location": "."}, "own folder|must be a file"),
        ({"location": "link.bin"}, "own folder"),
        ({"location": "linked/outside.bin"}, "own folder"),
        ({"location": "loop.bin"}, "must exist"),
        ({"location": "nothing.bin"}, "must exist; got 'nothing.bin'"),
        ({"location": "pipe.bin"}, "must be a file"),
        ({"offset": "17"}, "must end within its file; got byte 449 of 448"),
        ({"offset": "-1"}, "must be numbers"),
        ({"offset": "9" * 30}, "must be numbers"),
        ({"offset": "٣"}, "must be numbers"),
        (
            {"length": "431"},
            "must have 432 bytes of external data; got a length of 431",
        ),
        ({"length": str(2**40)}, "must have 432 bytes"),
    ],
)
def test_external_data_elsewhere_is_refused(
    tmp_path: Path, entries: dict[str, str], sentence: str
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "outside.bin").write_bytes(bytes(1000))
    (folder / "link.bin").symlink_to(tmp_path / "outside.bin")
    (folder / "linked").symlink_to(tmp_path)
    (folder / "loop.bin").symlink_to(folder / "loop.bin")
    os.mkfifo(folder / "pipe.bin")
    path = folder / "model.onnx"
    valid = onnx.load(save_onnx(small_network(), path))
    path.write_bytes(external(valid, folder, **entries).SerializeToString())
    with pytest.raises(FormatError, match=sentence):
        load_onnx(path)


def test_external_data_may_be_shared_but_not_multiplied(
    path: Path, valid: onnx.ModelProto
) -> None:
    external(valid, path.parent)
    for index in range(8):
        copy = valid.graph.initializer.add()
        copy.CopyFrom(valid.graph.initializer[0])
        copy.name = f"copy{index}"
    path.write_bytes(valid.SerializeToString())
    with pytest.raises(FormatError, match="may be read 2 times"):
        load_onnx(path)
