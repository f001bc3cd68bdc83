"""Weights in files beside the model: only inside its folder, only what is there."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from depthwise.errors import FormatError
from depthwise.formats.messages import TensorMessage
from depthwise.formats.tensors import check_shape, stored_bytes

_EXTERNAL = 1
_REUSE = 2
"""How often the bytes of a file may be read: shared weights, but no bomb."""


@dataclass(slots=True)
class ExternalData:
    """Reads weights from files in one folder.

    Args:
        folder: The model's own folder.
        left: Bytes that may still be read of each file.
    """

    folder: Path
    left: dict[str, int] = field(default_factory=dict)

    def read(self, tensor: TensorMessage) -> memoryview | None:
        """Read the bytes of an array.

        Args:
            tensor: The message.

        Returns:
            The bytes; None where the message holds them itself.

        Raises:
            FormatError: If the file is outside the folder, no plain file, or too
                short for what the message claims.
        """
        if tensor.location != _EXTERNAL:
            return None
        entries = {entry.key: entry.value for entry in tensor.external}
        location = entries.get("location", "")
        wanted = check_shape(tensor.name, tuple(tensor.dims))
        wanted *= stored_bytes(tensor.data_type)
        offset = _number(entries.get("offset", "0"), tensor.name)
        length = _number(entries.get("length", str(wanted)), tensor.name)
        if length != wanted:
            msg = f"{tensor.name!r} must have {wanted} bytes of external data"
            raise FormatError(f"{msg}; got a length of {length}")
        place = locate(self.folder, location)
        try:
            return self._bytes(place, location, offset, wanted)
        except OSError as error:
            msg = f"external data must be readable; got {location!r}: {error.strerror}"
            raise FormatError(msg) from error

    def _bytes(self, place: Path, location: str, offset: int, size: int) -> memoryview:
        handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise FormatError(f"external data must be a file; got {location!r}")
            end = offset + size
            if end > status.st_size:
                msg = f"external data must end within its file; got byte {end}"
                raise FormatError(f"{msg} of {status.st_size} in {location!r}")
            left = self.left.setdefault(location, _REUSE * status.st_size) - size
            if left < 0:
                msg = f"external data may be read {_REUSE} times; got more"
                raise FormatError(f"{msg} of {location!r}")
            self.left[location] = left
            with os.fdopen(handle, "rb", closefd=False) as stream:
                stream.seek(offset)
                data = stream.read(size)
        finally:
            os.close(handle)
        return memoryview(data)


def locate(folder: Path, location: str) -> Path:
    """Find a file below a folder, and refuse every way out.

    Args:
        folder: The folder.
        location: A path relative to it, as a file states it.

    Returns:
        The path.

    Raises:
        FormatError: If it is absolute, climbs, or leads through a link to elsewhere.

    Example:
        >>> locate(Path("/"), "../etc/passwd")
        Traceback (most recent call last):
        depthwise.errors.FormatError: external data must be in the model's own \
folder; got '../etc/passwd'
    """
    parts = PurePosixPath(location)
    climbs = parts.is_absolute() or ".." in parts.parts or not parts.parts
    problem = FormatError(
        f"external data must be in the model's own folder; got {location!r}"
    )
    if climbs or "\0" in location or "\\" in location:
        raise problem
    try:
        root = folder.resolve(strict=True)
        place = (root / parts).resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise FormatError(f"external data must exist; got {location!r}") from error
    if not place.is_relative_to(root):
        raise problem
    return place


def _number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        msg = f"offset and length of external data must be numbers; got {text!r:.40}"
        raise FormatError(f"{msg} for {name!r}")
    return int(text)
