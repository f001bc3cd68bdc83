"""Smartwatch recordings of shoulder exercises, from the seglearn package.

140 recordings by 10 people of 7 exercises: accelerometer and gyroscope, 6 channels at
50 Hz. The file is a pickle; it is read by an unpickler that can rebuild NumPy arrays
and do nothing else.

Source: Burns et al., "Shoulder Physiotherapy Exercise Recognition: Machine Learning the
Inertial Signals from a Smartwatch", arXiv:1802.01489, 2018.
"""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

import numpy as np

from depthwise.data.dataset import Dataset
from depthwise.data.rules import ReadReport
from depthwise.data.windows import cut_all
from depthwise.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BufferedReader
    from pathlib import Path

RATE_HZ: Final = 50.0
KEYS: Final = ("X", "y", "subject", "side", "X_labels", "y_labels")


def _latin1(text: str, encoding: str) -> bytes:
    """Give back the bytes that protocol 2 stores as text."""
    if encoding != "latin1":
        raise FormatError(f"bytes in a pickle must be latin1; got {encoding!r}")
    return text.encode("latin1")


# The function that NumPy's own pickles call; its module changed its name with NumPy 2.
_RECONSTRUCT = cast("Callable[..., Any]", np.empty(0).__reduce__()[0])

_ALLOWED: Final[dict[tuple[str, str], Callable[..., Any]]] = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    ("_codecs", "encode"): _latin1,
}


class ArrayUnpickler(pickle.Unpickler):
    """An unpickler that admits NumPy's array reconstruction and nothing else."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Look ``module_name.global_name`` up in the short list."""
        allowed = _ALLOWED.get((module_name, global_name))
        if allowed is None:
            _refuse(f"{module_name}.{global_name}")
        return allowed


def _refuse(what: str) -> NoReturn:
    raise FormatError(
        f"a pickle of recordings must hold arrays and nothing else; got {what}",
        "do not open this file with anything that unpickles",
    )


def read_pickled_arrays(path: Path) -> dict[str, Any]:
    """Read the dictionary of arrays in a pickled ``.npy``, running none of its code.

    Args:
        path: The file.

    Returns:
        The dictionary.

    Raises:
        FormatError: If the file is no such thing, or holds anything but arrays.
    """
    with path.open("rb") as file:
        _skip_header(file, path)
        try:
            stored = ArrayUnpickler(file).load()
        except FormatError:
            raise
        except Exception as error:
            raise FormatError(
                f"{path} must be a whole pickle of arrays; got {error}"
            ) from error
    if isinstance(stored, np.ndarray) and stored.size == 1:
        stored = stored.item()
    if not isinstance(stored, dict):
        raise FormatError(f"{path} must hold a dictionary; got {type(stored).__name__}")
    return stored


def _skip_header(file: BufferedReader, path: Path) -> None:
    """Move past the ``.npy`` header, which must announce one object."""
    try:
        version = np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    except ValueError as error:
        raise FormatError(f"{path} must be an .npy file; got {error}") from error
    if version != (1, 0) or dtype != np.dtype(object) or shape:
        raise FormatError(f"{path} must hold one object; got {dtype} {list(shape)}")


def read_watch(path: Path, *, window: int = 128, step: int = 64) -> Dataset:
    """Read the recordings and cut them into windows.

    Args:
        path: ``watch_dataset.npy`` of seglearn.
        window: Length of a window, in samples of 20 ms.
        step: From one window's start to the next one's, in samples.

    Returns:
        float32 windows ``[n, 6, window]``; groups are the people "1" to "10".

    Raises:
        FormatError: If the file is not that file.
    """
    stored = read_pickled_arrays(path)
    missing = sorted(set(KEYS) - set(stored))
    if missing:
        raise FormatError(f"{path} must hold {list(KEYS)}; it lacks {missing}")
    series = [np.asarray(x, np.float32).T for x in stored["X"]]
    windows, owner = cut_all(series, length=window, step=step)
    people = np.asarray(stored["subject"], np.int64)
    names = [f"recording-{number:03d}" for number in range(len(series))]
    return Dataset(
        windows,
        np.asarray(stored["y"], np.int64)[owner],
        classes=tuple(stored["y_labels"]),
        channels=tuple(stored["X_labels"]),
        name="watch",
        groups=people.astype(np.str_)[owner],
        recordings=np.array(names)[owner],
        rate_hz=RATE_HZ,
        report=ReadReport(read=len(series)),
    )
