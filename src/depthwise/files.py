"""Writing files whole or not at all; the one place where it is done."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def write_with(path: Path, write: Callable[[Path], object]) -> Path:
    """Let a function write a file that then appears whole, or not at all.

    Args:
        path: The file; its folder is made. What it held before is replaced.
        write: Given a temporary path in the same folder, writes it.

    Returns:
        The path.

    Raises:
        OSError: If the disk is full or the folder cannot be written; it names the
            file, the old one is untouched then, and nothing temporary stays.

    Example:
        >>> path = Path(tempfile.mkdtemp()) / "a.txt"
        >>> write_with(path, lambda place: place.write_text("hello")).read_text()
        'hello'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    try:
        write(temporary)
        temporary.chmod(0o644)
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            _name(error, path, temporary)
        raise
    return path


def _temporary(path: Path) -> Path:
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        error.filename = str(path)
        raise
    os.close(handle)
    return Path(name)


def _name(error: OSError, path: Path, temporary: Path) -> None:
    """Let what the system says of the temporary file be said of the file."""
    if error.errno is not None and error.filename in {None, str(temporary)}:
        error.filename = str(path)


def write_text(path: Path, text: str) -> Path:
    """Write a text file in UTF-8, whole or not at all.

    Args:
        path: The file; its folder is made.
        text: Its content.

    Returns:
        The path.

    Example:
        >>> write_text(Path(tempfile.mkdtemp()) / "a.txt", "hello").read_text()
        'hello'
    """
    return write_with(path, lambda place: place.write_text(text, encoding="utf-8"))


def write_json(path: Path, value: Any) -> Path:
    r"""Write plain values as JSON, whole or not at all.

    Args:
        path: The file; its folder is made.
        value: Dictionaries, lists, text and numbers.

    Returns:
        The path.

    Example:
        >>> write_json(Path(tempfile.mkdtemp()) / "a.json", [1]).read_text()
        '[\n  1\n]\n'
    """
    return write_text(path, to_json(value) + "\n")


def to_json(value: Any) -> str:
    r"""Turn plain values into JSON; numbers that are not finite become null.

    Args:
        value: Dictionaries, lists, text and numbers.

    Returns:
        The text, indented.

    Example:
        >>> to_json([float("nan")])
        '[\n  null\n]'
    """
    return json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return value
