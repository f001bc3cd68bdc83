"""Folders of arrays, for sets that are larger than memory.

``inputs.npy``, or shards ``inputs-00000.npy`` and so on; ``labels.npy``; if known,
``groups.npy``, ``recordings.npy`` and ``parts.npy``; and ``dataset.json`` with
``classes``, ``channels`` and ``rate_hz``. Samples stay on disk until asked for.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from depthwise.data.arrays import dataset_of
from depthwise.data.rules import ReadReport
from depthwise.data.stored_rows import join_rows, open_npy
from depthwise.errors import DataError, FormatError, OutputExistsError
from depthwise.files import write_json

if TYPE_CHECKING:
    from depthwise.data.dataset import Array, Dataset

PER_SAMPLE: Final = ("labels", "groups", "recordings", "parts")
ABOUT: Final = "dataset.json"


def find_shards(folder: Path) -> list[Path]:
    """Find the files of samples in a folder of arrays.

    Args:
        folder: The folder.

    Returns:
        ``inputs.npy``, or the shards in their order; none if it is no such folder.
    """
    whole = folder / "inputs.npy"
    return [whole] if whole.is_file() else sorted(folder.glob("inputs-*.npy"))


def read_array_folder(folder: Path) -> Dataset:
    """Open a folder of arrays.

    Args:
        folder: The folder.

    Returns:
        A dataset whose samples stay on disk.

    Raises:
        FormatError: If a file is missing, damaged or pickled.
    """
    arrays: dict[str, Any] = _about(folder / ABOUT)
    arrays["inputs"] = join_rows([open_npy(p) for p in find_shards(folder)], folder)
    for name in PER_SAMPLE:
        path = folder / f"{name}.npy"
        if path.is_file():
            arrays[name] = open_npy(path)[:]
    made = dataset_of(arrays, source=folder)
    return replace(made, report=ReadReport(read=len(made)))


def _about(path: Path) -> dict[str, Any]:
    """Classes, channels and rate, where they are known."""
    if not path.is_file():
        return {}
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(f"{path} must be JSON; got {error}") from error
    if not isinstance(stored, dict):
        raise FormatError(f"{path} must hold an object; got {type(stored).__name__}")
    return stored


def write_array_folder(
    folder: Path,
    batches: Iterable[tuple[Array, Array]],
    *,
    classes: Sequence[str],
    channels: Sequence[str],
    groups: Sequence[str] | None = None,
    recordings: Sequence[str] | None = None,
    parts: Sequence[str] | None = None,
    rate_hz: float | None = None,
) -> Path:
    """Write samples that come batch by batch as a folder of arrays.

    The folder appears whole, or not at all.

    Args:
        folder: Where to write; nothing may be there.
        batches: Pairs of samples ``[b, C, …]`` and labels ``[b]``; each is one shard.
        classes: Names of the classes.
        channels: Names of the channels.
        groups: Group of each sample.
        recordings: Recording of each sample.
        parts: Part of each sample.
        rate_hz: Samples a second, for sensors.

    Returns:
        The folder.

    Raises:
        OutputExistsError: If the folder exists.
        DataError: If the disk is full or cannot be written; nothing is left then.

    Example:
        >>> folder = Path(tempfile.mkdtemp()) / "toy"
        >>> pieces = ((np.full((2, 1, 4), n), np.array([0, 1])) for n in range(3))
        >>> _ = write_array_folder(folder, pieces, classes=["a", "b"], channels=["x"])
        >>> read_array_folder(folder).inputs.shape
        (6, 1, 4)
    """
    if folder.exists():
        raise OutputExistsError(f"a new folder must not exist yet; got {folder}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    about = {"classes": list(classes), "channels": list(channels), "rate_hz": rate_hz}
    names = {"groups": groups, "recordings": recordings, "parts": parts}
    known = {name: np.array(v, np.str_) for name, v in names.items() if v is not None}
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        known["labels"] = _write_shards(temporary, batches)
        for name, values in known.items():
            np.save(temporary / f"{name}.npy", values)
        write_json(temporary / ABOUT, about)
        read_array_folder(temporary)
        temporary.chmod(0o755)
        temporary.rename(folder)
    except OSError as error:
        raise DataError(
            f"a folder of arrays must fit on the disk; got {error.strerror or error}"
            f" while writing {folder}",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _write_shards(folder: Path, batches: Iterable[tuple[Array, Array]]) -> Array:
    """Write each batch of samples; return all labels."""
    labels: list[Array] = []
    for number, (samples, numbers) in enumerate(batches):
        np.save(folder / f"inputs-{number:05d}.npy", np.ascontiguousarray(samples))
        labels.append(np.asarray(numbers, np.int64))
    if not labels:
        raise DataError("a folder of arrays must hold samples; got no batch")
    return np.concatenate(labels)
