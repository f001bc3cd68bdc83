"""One run at a time in a folder: a lock that the system frees when its holder ends."""

from __future__ import annotations

import errno
import os
import socket
import sys
import time
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import TYPE_CHECKING, Any

from depthwise.errors import TrainingError
from depthwise.training.world import is_main_process

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator

CLAIM = ".running"
PATIENCE = 30.0  # seconds for the processes of a run that was killed to follow it
# What systems say whose files cannot be locked: nobody is kept out there.
WITHOUT_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
_HELD: ContextVar[tuple[tuple[Path, int], ...]] = ContextVar("held", default=())


class Share:
    """A claim on its way to a process that this one starts, which then holds it too.

    Should this process be killed, the folder is free when the other has ended as well.

    Args:
        handle: The lock file, open.
    """

    def __init__(self, handle: int) -> None:
        self.handle = handle

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (DupFd(self.handle),)


def _received(sent: Any) -> Share:
    return Share(sent.detach())


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keep other processes from writing a run into a folder.

    The lock is the system's: it ends with the process, however that ends. In the
    processes above 0 of torchrun nothing is done, and what holds a folder may claim it
    again. On a file system without locks nobody is kept out.

    Args:
        folder: Made if need be, with those around it; gone again if it stays empty.

    Yields:
        Nothing.

    Raises:
        TrainingError: Another process holds the folder; the sentence says which.

    Example:
        >>> import tempfile
        >>> with claimed(Path(tempfile.mkdtemp())):
        ...     pass
    """
    place = folder.resolve()
    held = _HELD.get()
    if not is_main_process() or place in dict(held) or sys.platform == "win32":
        yield
        return
    fresh = [path for path in (place, *place.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    handle = _take(place / CLAIM, folder)
    token = _HELD.set((*held, (place, handle)))
    try:
        yield
    finally:
        _HELD.reset(token)
        # While it is held: whoever waits for this file sees that it is gone.
        (place / CLAIM).unlink(missing_ok=True)
        os.close(handle)
        for path in fresh:
            with suppress(OSError):
                path.rmdir()


def is_vacant(folder: Path) -> bool:
    """Say whether a folder is free for a new experiment.

    Args:
        folder: It need not exist.

    Returns:
        True if there is nothing in it, apart from a claim.

    Example:
        >>> is_vacant(Path("nothing"))
        True
    """
    return not folder.exists() or {path.name for path in folder.iterdir()} <= {CLAIM}


def share_of(folder: Path) -> Share | None:
    """Prepare a claim for a process that is about to be started.

    Args:
        folder: Claimed in this process, or not.

    Returns:
        Something to pickle for the process, or None.

    Example:
        >>> share_of(Path("nothing")) is None
        True
    """
    handle = dict(_HELD.get()).get(folder.resolve())
    return None if handle is None else Share(handle)


def _take(path: Path, folder: Path) -> int:
    """Open and lock a file, and be sure that it is still the one of that name."""
    end = time.monotonic() + PATIENCE
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if not _lock(handle):
                _refuse_or_wait(handle, folder, end)
            elif _is_at(handle, path):
                os.truncate(handle, 0)
                os.write(handle, f"{os.getpid()} {socket.gethostname()}\n".encode())
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _lock(handle: int) -> bool:
    """Lock a file; False if another process has."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise
    return True


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _refuse_or_wait(handle: int, folder: Path, end: float) -> None:
    words = os.pread(handle, 256, 0).decode(errors="replace").split()
    known = len(words) == 2 and words[0].isdecimal()
    owner, host = words if known else ("", "")
    gone = host == socket.gethostname() and not _runs(int(owner))
    if gone and time.monotonic() < end:  # its own processes are about to follow it
        time.sleep(0.05)
        return
    named = f"process {owner} on {host}" if owner else "another process"
    raise TrainingError(
        f"one run at a time may write into a folder; {named} writes into {folder}",
        "wait for it, or choose another folder",
    )


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True
