"""Model folders: whole or not at all, readable without torch, nothing executed."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.formats.samples import facts, small_network

from depthwise.errors import FormatError, OutputExistsError
from depthwise.formats import ModelFolder, load_folder, save_folder

SRC = Path(__file__).parents[3] / "src"


def full_folder(seed: int = 0) -> ModelFolder:
    return ModelFolder(
        graph=small_network(seed),
        preprocess={"mean": [0.5, 0.25], "window": 128, "names": ["ä", "z"]},
        classes={"names": ["cat", "dog"]},
        training={"epochs": 3, "history": [{"loss": 0.125}]},
        registry={"name": "small", "config": {"width": 0.5}},
    )


def folder_facts(folder: ModelFolder) -> tuple[object, ...]:
    parts = (folder.preprocess, folder.classes, folder.training, folder.registry)
    return (*facts(folder.graph), *parts)


def test_a_folder_survives(tmp_path: Path) -> None:
    path = save_folder(tmp_path / "deep" / "model", full_folder())
    assert folder_facts(load_folder(path)) == folder_facts(full_folder())


def test_a_network_without_a_name_has_no_registry(tmp_path: Path) -> None:
    path = save_folder(tmp_path / "m", replace(full_folder(), registry=None))
    names = {file.name for file in path.iterdir()}
    assert names == {
        "model.onnx",
        "preprocess.json",
        "classes.json",
        "training.json",
    }
    assert load_folder(path).registry is None


def test_an_existing_path_is_refused_and_kept(tmp_path: Path) -> None:
    path = save_folder(tmp_path / "m", full_folder())
    with pytest.raises(OutputExistsError, match="must be new"):
        save_folder(path, full_folder(1))
    assert folder_facts(load_folder(path)) == folder_facts(full_folder())
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize("kind", ["file", "empty folder", "other folder", "link"])
def test_only_model_folders_are_overwritten(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "m"
    if kind == "file":
        path.write_text("mine")
    elif kind == "link":
        path.symlink_to(save_folder(tmp_path / "real", full_folder()))
    else:
        path.mkdir()
        if kind == "other folder":
            (path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputExistsError):
        save_folder(path, full_folder())
    with pytest.raises(OutputExistsError, match="not one"):
        save_folder(path, full_folder(), overwrite=True)
    assert path.exists()


def test_overwriting_replaces_the_whole_folder(tmp_path: Path) -> None:
    path = save_folder(tmp_path / "m", full_folder())
    (path / "notes.txt").write_text("old")
    save_folder(path, replace(full_folder(1), registry=None), overwrite=True)
    assert folder_facts(load_folder(path)) == folder_facts(
        replace(full_folder(1), registry=None)
    )
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_a_failed_write_loses_nothing(tmp_path: Path) -> None:
    path = save_folder(tmp_path / "m", full_folder())
    bad = replace(full_folder(1), training={"model": object()})
    with pytest.raises(TypeError, match="object"):
        save_folder(path, bad, overwrite=True)
    assert folder_facts(load_folder(path)) == folder_facts(full_folder())
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_unknown_files_are_noted(tmp_path: Path) -> None:
    path = save_folder(tmp_path / "m", full_folder())
    (path / "weights.pkl").write_bytes(b"cos\nsystem\n")
    assert load_folder(path).notes == (
        "weights.pkl is no part of a model and is ignored",
    )


@pytest.mark.parametrize("name", ["preprocess", "classes", "training"])
def test_a_missing_part_is_named(tmp_path: Path, name: str) -> None:
    path = save_folder(tmp_path / "m", full_folder())
    (path / f"{name}.json").unlink()
    with pytest.raises(FormatError, match=rf"{name}\.json: the file must be readable"):
        load_folder(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1]", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000, b'{"a": 1} x'],
)
@pytest.mark.parametrize("name", ["training", "registry"])
def test_a_damaged_part_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    path = save_folder(tmp_path / "m", full_folder())
    (path / f"{name}.json").write_bytes(content)
    with pytest.raises(FormatError, match=rf"{name}\.json: "):
        load_folder(path)


def test_a_registry_entry_has_a_name(tmp_path: Path) -> None:
    path = save_folder(tmp_path / "m", full_folder())
    (path / "registry.json").write_text(json.dumps({"name": 3}))
    with pytest.raises(FormatError, match="a registry entry has a name"):
        load_folder(path)


def test_a_folder_without_a_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"holds model\.onnx"):
        load_folder(tmp_path)
    with pytest.raises(FormatError, match="must be a folder"):
        load_folder(tmp_path / "nothing")


def test_it_loads_without_torch_and_without_onnx(tmp_path: Path) -> None:
    path = save_folder(tmp_path / "m", full_folder())
    code = (
        "import sys; sys.modules['torch'] = sys.modules['onnx'] = None\n"
        "from depthwise.formats import load_folder\n"
        f"print(load_folder({str(path)!r}).registry['name'])"
    )
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "small\n"
