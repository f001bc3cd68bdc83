"""Machine code on disk: written whole, checked before use, never trusted blindly."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

_MAGIC = b"depthwise-object-1\n"
_DIGEST = 32


@dataclass(frozen=True)
class Cache:
    """A folder of compiled objects.

    An entry is its key, the SHA-256 of its content and the content. One that is
    damaged, or filed under another key, is deleted. A folder that others may write
    to is not used. Every failure to read or write is the same as an empty cache.

    Args:
        folder: Where entries live; made with mode 0700.
        limit_bytes: Above this the entries unused for longest go.

    Example:
        >>> cache = Cache(Path(tempfile.mkdtemp()) / "objects")
        >>> cache.store("00ff", b"code")
        >>> cache.load("00ff"), cache.load("ff00")
        (b'code', None)
    """

    folder: Path
    limit_bytes: int = 256 << 20

    def load(self, key: str) -> bytes | None:
        """Read the entry filed under ``key``; None if there is no sound one."""
        path = self._path(key)
        try:
            if not self._is_private():
                return None
            data = path.read_bytes()
        except OSError:
            return None
        head = _head(key)
        content = data[len(head) + _DIGEST :]
        digest = hashlib.sha256(head + content).digest()
        if data[: len(head) + _DIGEST] == head + digest:
            with contextlib.suppress(OSError):
                os.utime(path)
            return content
        with contextlib.suppress(OSError):
            path.unlink()
        return None

    def store(self, key: str, content: bytes) -> None:
        """File ``content`` under ``key``; silently not, where that is impossible."""
        head = _head(key)
        digest = hashlib.sha256(head + content).digest()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._is_private():
                return
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        except OSError:
            return
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(head + digest + content)
            Path(name).replace(self._path(key))
        except OSError:
            with contextlib.suppress(OSError):
                Path(name).unlink()
        self._shrink()

    def clear(self) -> int:
        """Delete every entry, and count them."""
        entries = self._entries()
        for _, _, path in entries:
            with contextlib.suppress(OSError):
                path.unlink()
        return len(entries)

    def size_bytes(self) -> int:
        """Add up the sizes of all entries."""
        return sum(size for _, size, _ in self._entries())

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.o"

    def _is_private(self) -> bool:
        state = self.folder.lstat()
        ours = not hasattr(os, "getuid") or state.st_uid == os.getuid()
        shared = state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        return ours and stat.S_ISDIR(state.st_mode) and not shared

    def _entries(self) -> list[tuple[float, int, Path]]:
        """Time of last use, size and path of every entry, the oldest first."""
        found = []
        try:
            for path in self.folder.glob("*.o"):
                with contextlib.suppress(OSError):
                    state = path.stat()
                    found.append((state.st_mtime, state.st_size, path))
        except OSError:
            return []
        return sorted(found)

    def _shrink(self) -> None:
        entries = self._entries()
        total = sum(size for _, size, _ in entries)
        for _, size, path in entries:
            if total <= self.limit_bytes:
                return
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size


def _head(key: str) -> bytes:
    return _MAGIC + key.encode("ascii") + b"\n"


def default_cache() -> Cache:
    """Find the user's cache of compiled objects.

    Returns:
        The cache; its folder need not exist yet, nor be writable.

    Example:
        >>> default_cache().folder.parts[-2:]
        ('depthwise', 'objects')
    """
    stated = os.environ.get("XDG_CACHE_HOME", "")
    try:
        root = Path(stated) if Path(stated).is_absolute() else Path.home() / ".cache"
    except RuntimeError:  # no home folder at all
        root = Path(tempfile.gettempdir()) / f"depthwise-{os.getpid()}"
    return Cache(root / "depthwise" / "objects")
