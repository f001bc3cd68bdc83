"""A model folder: a network and everything needed to use it, as plain files.

``model.onnx`` holds the network unfolded with its weights; JSON files hold how samples
are prepared, what the outputs are called, how it was trained, and, where the network
has a name, that name and its settings. No pickle, no native code, no torch.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from depthwise.errors import FormatError, OutputExistsError
from depthwise.files import write_json
from depthwise.formats.onnx_file import load_onnx
from depthwise.formats.write import save_onnx
from depthwise.graph import Graph

Json: TypeAlias = Mapping[str, Any]

_GRAPH = "model.onnx"
_PARTS = ("preprocess", "classes", "training", "registry")
_MAX_JSON_BYTES = 2**24


@dataclass(frozen=True)
class ModelFolder:
    """A network with what belongs to it.

    Args:
        graph: The network, unfolded.
        preprocess: How samples become inputs.
        classes: What the outputs are called.
        training: How the network was trained.
        registry: The registered name and its settings, ``{"name": ..., "config":
            {...}}``, or None for a network without a name.
        notes: One sentence for each file in the folder that is none of these.

    Example:
        >>> graph = Graph("empty", (), (), ())
        >>> ModelFolder(graph, classes={"names": ["cat", "dog"]}).classes["names"]
        ['cat', 'dog']
    """

    graph: Graph
    preprocess: Json = field(default_factory=dict)
    classes: Json = field(default_factory=dict)
    training: Json = field(default_factory=dict)
    registry: Json | None = None
    notes: tuple[str, ...] = ()


def save_folder(
    path: Path | str,
    folder: ModelFolder,
    *,
    overwrite: bool = False,
) -> Path:
    """Write a model folder, whole or not at all.

    Args:
        path: The folder to make.
        folder: What to write; JSON parts hold plain values with text as keys.
        overwrite: Whether a folder that is there may be replaced; it stays until the
            new one is complete.

    Returns:
        The path.

    Raises:
        OutputExistsError: If the path exists and may not be replaced.

    Example:
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 4)))
        >>> model = ModelFolder(Graph("tiny", (x,), ("x",), ()))
        >>> path = save_folder(Path(tempfile.mkdtemp()) / "tiny", model)
        >>> load_folder(path).graph.name
        'tiny'
    """
    path = Path(path)
    _check_free(path, overwrite=overwrite)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        new.chmod(0o755)
        save_onnx(folder.graph, new / _GRAPH)
        for part in _PARTS:
            value = getattr(folder, part)
            if value is not None:
                write_json(new / f"{part}.json", value)
        _sync(new)
        _put(new, path, overwrite=overwrite)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    _sync(path.parent)
    return path


def _check_free(path: Path, *, overwrite: bool) -> None:
    if not path.exists() and not path.is_symlink():
        return
    if not overwrite:
        msg = f"the output folder must be new; got {path}, which exists"
        raise OutputExistsError(msg, "choose another folder, or ask to overwrite")
    if path.is_symlink() or not (path / _GRAPH).is_file():
        msg = f"only a model folder is overwritten; got {path}, which is not one"
        raise OutputExistsError(msg, "choose another folder")


def _put(new: Path, path: Path, *, overwrite: bool) -> None:
    """Rename the complete folder into its place."""
    if not overwrite or not path.exists():
        try:
            new.rename(path)
        except OSError as error:
            msg = f"the output folder must be new; got {path}, which exists"
            raise OutputExistsError(msg, "choose another folder") from error
        return
    old = new.with_name(f"{new.name}.old")
    path.rename(old)
    try:
        new.rename(path)
    except BaseException:
        old.rename(path)
        raise
    shutil.rmtree(old)


def _sync(folder: Path) -> None:
    """Make the names in a folder survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def load_folder(path: Path | str) -> ModelFolder:
    """Read a model folder; nothing in it is executed.

    Args:
        path: The folder.

    Returns:
        What it holds.

    Raises:
        FormatError: If a file is missing or damaged; the message names it.

    Example:
        >>> load_folder("/nothing")
        Traceback (most recent call last):
        depthwise.errors.FormatError: a model folder must be a folder; got /nothing
    """
    path = Path(path)
    if not path.is_dir():
        raise FormatError(f"a model folder must be a folder; got {path}")
    if not (path / _GRAPH).exists():
        raise FormatError(f"a model folder holds {_GRAPH}; got none in {path}")
    known = {_GRAPH, *(f"{part}.json" for part in _PARTS)}
    others = sorted(p.name for p in path.iterdir() if p.name not in known)
    return ModelFolder(
        graph=load_onnx(path / _GRAPH),
        preprocess=_read_json(path / "preprocess.json"),
        classes=_read_json(path / "classes.json"),
        training=_read_json(path / "training.json"),
        registry=_read_registry(path / "registry.json"),
        notes=tuple(f"{name} is no part of a model and is ignored" for name in others),
    )


def _read_registry(path: Path) -> Json | None:
    if not path.exists():
        return None
    registry = _read_json(path)
    if not isinstance(registry.get("name"), str):
        raise FormatError(f"{path}: a registry entry has a name; got {registry!r:.80}")
    return registry


def _read_json(path: Path) -> Json:
    try:
        if path.stat().st_size > _MAX_JSON_BYTES:
            msg = f"{path}: at most {_MAX_JSON_BYTES} bytes; got {path.stat().st_size}"
            raise FormatError(msg)
        value = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except OSError as error:
        raise FormatError(f"{path}: the file must be readable; got {error}") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: the file must be JSON; got {error}") from error
    if not isinstance(value, dict):
        raise FormatError(f"{path}: the file must hold an object; got {value!r:.80}")
    return value


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is not JSON")
