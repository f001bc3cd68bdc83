"""``depthwise export``: any model as an ONNX file."""

import json
from pathlib import Path

import onnx
import pytest
from tests.unit.formats.samples import small_network

from depthwise.formats import ModelFolder, load_onnx, save_folder


def test_a_registered_network_is_exported_and_checked(run_cli, tmp_path: Path) -> None:
    out = tmp_path / "net.onnx"
    command = ["export", "sensor_net", "--input", "1,6,128", "-o", out]
    done = run_cli(*command, "--check", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["path"] == str(out)
    assert found["inputs"] == {"x": "float32[N,6,128]"}
    assert found["check"]["error"] < 1e-5
    assert found["check"]["runtime"].startswith("onnxruntime 1.")
    onnx.checker.check_model(onnx.load(out), full_check=True)
    again = run_cli(*command)
    assert again.returncode == 1
    assert "must be new" in again.stderr


def test_a_model_folder_is_exported_for_people(run_cli, tmp_path: Path) -> None:
    save_folder(tmp_path / "model", ModelFolder(small_network()))
    done = run_cli("export", tmp_path / "model", "-o", tmp_path / "a.onnx", "--check")
    assert done.returncode == 0, done.stderr
    assert "compared with" in done.stdout
    assert load_onnx(tmp_path / "a.onnx").name == "small"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["sensornet", "-o", "a.onnx"], 2, "model must be a known name"),
        (["sensor_net", "-o", "a.txt"], 2, "ends in .onnx"),
        (["broken.onnx", "-o", "a.onnx"], 1, "broken.onnx: "),
        (["absent.onnx", "-o", "a.onnx"], 1, "absent.onnx: the file must be readable"),
        (["sensor_net"], 2, "--out"),
    ],
)
def test_what_cannot_be_exported_is_a_sentence(
    run_cli, tmp_path: Path, arguments: list[str], code: int, sentence: str
) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"\x3a\xff\xff")
    done = run_cli("export", *arguments, cwd=tmp_path)
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["broken.onnx"]
