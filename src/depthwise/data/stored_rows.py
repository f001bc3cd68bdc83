"""Rows of ``.npy`` files that stay on disk.

Rows are read with plain positioned reads, not through a memory map: the pages of a map
count as memory of the process, and a shuffled epoch would touch all of them.
"""

from __future__ import annotations

import math
import os
import zipfile
import zlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from depthwise.data.row_indices import wanted_rows
from depthwise.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depthwise.data.dataset import Array, Indices, Inputs


@dataclass(frozen=True)
class StoredRows:
    """One array on disk, read row by row.

    Args:
        path: The file.
        offset: Where the values begin, in bytes.
        shape: ``[n, …]``.
        dtype: Type of the values.
    """

    path: Path
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, indices: Any, /) -> Array:
        wanted, single = wanted_rows(indices, len(self))
        out = np.empty((len(wanted), *self.shape[1:]), self.dtype)
        if out.size:
            self._read(wanted, out)
        return out[0] if single else out

    def _read(self, wanted: Indices, out: Array) -> None:
        """Fill ``out`` with the ``wanted`` rows, adjacent ones in one read."""
        cuts = np.flatnonzero(np.diff(wanted) != 1) + 1
        edges = [0, *cuts.tolist(), len(wanted)]
        stride = out.nbytes // len(wanted)
        buffer = out.reshape(-1).view(np.uint8).data
        handle = os.open(self.path, os.O_RDONLY)
        try:
            for start, stop in pairwise(edges):
                position = self.offset + int(wanted[start]) * stride
                target = buffer[start * stride : stop * stride]
                _read_fully(handle, target, position, self.path)
        finally:
            os.close(handle)


def _read_fully(handle: int, target: memoryview, position: int, path: Path) -> None:
    """Fill a buffer from a position; one read returns at most 2 GiB."""
    done = 0
    while done < len(target):
        count = os.preadv(handle, [target[done:]], position + done)
        if not count:
            raise FormatError(f"{path} must be a whole file; it became shorter")
        done += count


@dataclass(frozen=True)
class JoinedRows:
    """Readers one after the other that look like one.

    Args:
        parts: The readers, of one sample shape and type.
    """

    parts: tuple[Inputs, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """``[n, …]``."""
        return (sum(len(part) for part in self.parts), *self.parts[0].shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the first reader."""
        return self.parts[0].dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, indices: Any, /) -> Array:
        wanted, single = wanted_rows(indices, len(self))
        bounds = np.cumsum([0, *(len(part) for part in self.parts)])
        owner = np.searchsorted(bounds, wanted, side="right") - 1
        out = np.empty((len(wanted), *self.shape[1:]), self.dtype)
        for number in np.unique(owner).tolist():
            here = owner == number
            out[here] = self.parts[number][wanted[here] - bounds[number]]
        return out[0] if single else out


def join_rows(parts: Sequence[Inputs], source: Path) -> Inputs:
    """Join readers of the same kind of samples.

    Args:
        parts: The readers.
        source: Where they are from, for messages.

    Returns:
        One reader.

    Raises:
        FormatError: If their samples differ in shape or type.

    Example:
        >>> one, two = np.zeros((2, 1, 3)), np.ones((1, 1, 3))
        >>> join_rows([one, two], Path("x"))[np.array([2, 0])].ravel().tolist()
        [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    """
    kinds = {(part.shape[1:], str(part.dtype)) for part in parts}
    if len(kinds) != 1:
        shown = ", ".join(f"{dtype} {list(shape)}" for shape, dtype in sorted(kinds))
        raise FormatError(f"shards in {source} must be of one kind; got {shown}")
    return parts[0] if len(parts) == 1 else JoinedRows(tuple(parts))


def open_npy(path: Path) -> StoredRows:
    """Open an ``.npy`` file without reading its values.

    Args:
        path: The file.

    Returns:
        Its rows.

    Raises:
        FormatError: If it is damaged, shorter than it says, or holds objects.
    """
    try:
        with path.open("rb") as file:
            return _open_at(path, file, path.stat().st_size)
    except OSError as error:
        raise FormatError(f"{path} must be readable; got {error}") from error


def check_members(path: Path, in_memory_bytes: int) -> None:
    """Refuse an archive that is none, or whose arrays are not what they announce.

    Nothing is allocated before that: a header of a hundred bytes can announce
    terabytes, and a compressed file of a megabyte can hold gigabytes.

    Args:
        path: The ``.npz`` file.
        in_memory_bytes: What a compressed array may unpack to.

    Raises:
        FormatError: If it cannot be read as it is.
    """
    try:
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise FormatError(f"{path} must be an .npz file; it is no archive")
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                with archive.open(info) as member:
                    _read_header(path, member, info.file_size)
                _check_room(path, info, in_memory_bytes)
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise FormatError(f"{path} must be a whole .npz file; got {error}") from error


def _check_room(path: Path, info: zipfile.ZipInfo, in_memory_bytes: int) -> None:
    packed = info.compress_type != zipfile.ZIP_STORED
    if packed and info.file_size > in_memory_bytes:
        raise FormatError(
            f"a compressed .npz file must fit into {in_memory_bytes} bytes;"
            f" got {info.file_size} in {path}",
            "write it with np.savez, or as a folder of arrays",
        )


def open_npz_member(path: Path, name: str) -> StoredRows:
    """Open an array of an uncompressed ``.npz`` file without reading its values.

    Args:
        path: The file.
        name: The array.

    Returns:
        Its rows.

    Raises:
        FormatError: If the array is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(f"{name}.npy")
    with path.open("rb") as file:
        file.seek(info.header_offset + 26)
        name_bytes, extra_bytes = np.frombuffer(file.read(4), "<u2").tolist()
        start = info.header_offset + 30 + name_bytes + extra_bytes
        file.seek(start)
        return _open_at(path, file, start + info.file_size)


def _open_at(path: Path, file: IO[bytes], end: int) -> StoredRows:
    """Rows whose header is at the current position, and whose values end there."""
    shape, fortran, dtype = _read_header(path, file, end)
    if fortran or not shape:
        raise FormatError(f"{path} must hold rows of numbers, not {dtype} by columns")
    return StoredRows(path, file.tell(), shape, dtype)


def _read_header(
    path: Path, file: IO[bytes], end: int
) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read the header at the current position; the values must reach to ``end``."""
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        version = np.lib.format.read_magic(file)
        shape, fortran, dtype = readers[version](file)
    except (ValueError, KeyError) as error:
        raise FormatError(f"{path} must hold .npy arrays; got {error}") from error
    if dtype.hasobject:
        raise FormatError(f"{path} must hold numbers and text; got a pickle")
    offset = file.tell()
    wanted = offset + dtype.itemsize * math.prod(shape)
    if wanted != end or min(shape, default=0) < 0:
        raise FormatError(
            f"{path} must hold the {list(shape)} values its header announces,"
            f" {wanted - offset} bytes; got {end - offset}"
        )
    return shape, bool(fortran), dtype
