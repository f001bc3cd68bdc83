"""The one file a run is resumed from, replaced as a whole after every epoch."""

from __future__ import annotations

import hashlib
import io
import pickle
import re
import zipfile
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from depthwise import files
from depthwise.errors import FormatError, TrainingError
from depthwise.training.journal import EpochRow
from depthwise.training.settings import WITHOUT_EFFECT, TrainingSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

State = dict[str, torch.Tensor]
CHECKPOINT = "checkpoint.pt"
FORMAT = "depthwise-checkpoint-1"
UNREADABLE = (
    pickle.UnpicklingError,
    RuntimeError,
    EOFError,
    KeyError,
    ValueError,
    AttributeError,
    zipfile.BadZipFile,
)


@dataclass(frozen=True)
class Checkpoint:
    """All that a run needs to go on as if it had not stopped.

    Args:
        settings: What the run was told.
        data: Fingerprint of data, split and preprocessing.
        rows: One for each finished epoch.
        weights: The network after the last of them.
        best: The network after the best of them.
        optimizer: The optimizer's state_dict.
        average: The moving average of the weights, or empty.
        updates: How often that was updated.
        threads: Torch threads a process; other numbers of threads round otherwise.
        seconds: Time spent so far.
        waited: Part of it spent waiting for data.
        layers: What torch prints of the network; empty where nobody wrote it down.
    """

    settings: TrainingSettings
    data: str
    rows: tuple[EpochRow, ...]
    weights: State
    best: State
    optimizer: dict[str, Any]
    average: State
    updates: int
    threads: int
    seconds: float
    waited: float
    layers: str = ""


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint: tensors, numbers and strings only, whole or not at all.

    Args:
        path: Replaced in one step if it exists.
        checkpoint: What to write.

    Raises:
        TrainingError: The disk is full or the folder cannot be written; the checkpoint
            before stays as it was.
    """
    values = {**vars(checkpoint), "format": FORMAT}
    values["settings"] = checkpoint.settings.to_json()
    values["rows"] = [list(astuple(row)) for row in checkpoint.rows]
    buffer = io.BytesIO()
    torch.save(values, buffer)
    try:
        files.write_with(path, lambda place: place.write_bytes(buffer.getvalue()))
    except OSError as error:
        raise TrainingError(
            f"{path} must be writable; got {error.strerror or error}",
            "free some space, then resume: the epoch before is safe",
        ) from error


def load(path: Path) -> Checkpoint:
    """Read a checkpoint with weights_only=True: nothing in it is executed.

    Args:
        path: A file that save wrote.

    Returns:
        The checkpoint, on the CPU.

    Raises:
        FormatError: Damaged, or no checkpoint.
    """
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
            raise FormatError(f"{path} must be a checkpoint of format {FORMAT}")
        values["settings"] = TrainingSettings.from_json(values["settings"])
        values["rows"] = tuple(EpochRow(*row) for row in values["rows"])
        return Checkpoint(**values)
    except (*UNREADABLE, TypeError) as error:
        raise FormatError(
            f"{path} must be a whole checkpoint; got {type(error).__name__} reading it",
            "delete it to start again, or restore it from a copy",
        ) from error


def check_same(
    checkpoint: Checkpoint,
    settings: TrainingSettings,
    module: nn.Module,
    data: str,
) -> None:
    """Refuse to go on from a checkpoint of something else.

    Args:
        checkpoint: What was saved.
        settings: What the run is told now.
        module: The network now.
        data: Fingerprint of the data now.

    Raises:
        TrainingError: The sentence names the first difference, with both values.
    """
    _compare("network", _shapes(checkpoint.weights), _shapes(module.state_dict()))
    if checkpoint.layers:
        old, new = checkpoint.layers.splitlines(), layers_of(module).splitlines()
        _compare("layers", _numbered(old), _numbered(new))
    before, now = vars(checkpoint.settings), vars(settings)
    effective = [name for name in now if name not in WITHOUT_EFFECT]
    _compare(
        "settings",
        {name: str(before[name]) for name in effective},
        {name: str(now[name]) for name in effective},
    )
    if checkpoint.data != data:
        raise TrainingError(
            "a checkpoint must be resumed on its own data, split and preprocessing; "
            f"got fingerprint {data[:12]}, checkpoint has {checkpoint.data[:12]}"
        )


def fingerprint(*arrays: NDArray[Any], text: str = "") -> str:
    """Hash arrays, to know them again.

    Args:
        arrays: Type, shape and contents count.
        text: Hashed as well.

    Returns:
        64 hexadecimal digits.

    Example:
        >>> import numpy as np
        >>> fingerprint(np.arange(3)) == fingerprint(np.arange(4))
        False
    """
    digest = hashlib.sha256(text.encode())
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def remove_leftovers(folder: Path) -> None:
    """Delete the half-written checkpoints of runs that were killed while writing.

    Args:
        folder: Of the run; it need not exist.
    """
    for path in folder.glob(f".{CHECKPOINT}.*"):
        path.unlink(missing_ok=True)


def _shapes(weights: Mapping[str, torch.Tensor]) -> dict[str, str]:
    return {name: str(list(value.shape)) for name, value in weights.items()}


def layers_of(module: nn.Module) -> str:
    """Write down what a network is made of, strides and dropout too.

    Args:
        module: The network.

    Returns:
        What torch prints, without addresses in memory.

    Example:
        >>> layers_of(nn.Dropout(0.5))
        'Dropout(p=0.5, inplace=False)'
    """
    return re.sub(r" at 0x[0-9a-f]+", "", repr(module))


def _numbered(lines: list[str]) -> dict[str, str]:
    return {f"line {n}": line.strip() for n, line in enumerate(lines, start=1)}


def _compare(what: str, before: dict[str, str], now: dict[str, str]) -> None:
    for name in [*before, *now]:
        old, new = before.get(name, "nothing"), now.get(name, "nothing")
        if old != new:
            raise TrainingError(
                f"a checkpoint must be resumed with its own {what}; "
                f"got {name}={new}, checkpoint has {name}={old}",
                "use the same, or train into another folder",
            )
