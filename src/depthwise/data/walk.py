"""Find the files of a folder, whatever links and names it holds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from depthwise.data.names import readable
from depthwise.data.rulebook import found
from depthwise.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection

    from depthwise.data.rules import Finding

# Names of folders that state a part.
PART_FOLDERS: Final = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}


def list_files(
    root: Path, suffixes: Collection[str]
) -> tuple[list[Path], list[Finding]]:
    """List the files below a folder, in the order of their names.

    Links are followed; one that leads into a folder around it is left out. Hidden
    names are passed over in silence.

    Args:
        root: The folder.
        suffixes: Endings of the files that are wanted, in lower case.

    Returns:
        The files, and findings on everything else.

    Raises:
        DataError: If there is no such folder.

    Example:
        >>> import tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> _ = (root / "a.csv").write_text(""), (root / "notes.md").write_text("")
        >>> files, findings = list_files(root, {".csv"})
        >>> [file.name for file in files], findings[0].rule.code
        (['a.csv'], 'file-foreign')
    """
    if not root.is_dir():
        raise DataError(f"data must be in a folder that exists; got {root}")
    files: list[Path] = []
    findings: list[Finding] = []
    _visit(root, (os.path.realpath(root),), suffixes, files, findings)
    return files, findings


def empty_folders(root: Path, files: Collection[Path]) -> list[Finding]:
    """Find the folders of classes that hold nothing to read.

    Args:
        root: The folder of the folders of classes, or of those of parts.
        files: What there is to read.

    Returns:
        One finding a folder.

    Example:
        >>> import tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> (root / "cat").mkdir()
        >>> [finding.rule.code for finding in empty_folders(root, [])]
        ['folder-empty']
    """
    used = {parent for path in files for parent in path.parents}
    parts = sorted({root / name for name in PART_FOLDERS} & used)
    return [
        found("folder-empty", folder, "nothing to read")
        for top in parts or [root]
        for folder in sorted(top.iterdir())
        if folder.is_dir()
        and folder not in used
        and not folder.is_symlink()
        and not folder.name.startswith(".")
    ]


def _visit(
    folder: Path,
    around: tuple[str, ...],
    suffixes: Collection[str],
    files: list[Path],
    findings: list[Finding],
) -> None:
    """Add what one folder holds; ``around`` are the real folders it lies in."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        findings.append(found("file-unreadable", folder, error.strerror or "an error"))
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.name != readable(entry.name):
            findings.append(found("name-bytes", entry, "bytes that are not"))
        if entry.is_symlink() and not entry.exists():
            findings.append(_dead_link(entry))
        elif entry.is_dir():
            real = os.path.realpath(entry)
            if real in around:
                findings.append(found("link-loop", entry, f"a link to {real}"))
            else:
                _visit(entry, (*around, real), suffixes, files, findings)
        elif entry.name.lower().endswith(tuple(suffixes)) and entry.is_file():
            files.append(entry)
        elif not entry.is_file():
            findings.append(found("file-unreadable", entry, "no regular file"))
        else:
            findings.append(found("file-foreign", entry, entry.suffix or "no suffix"))


def _dead_link(link: Path) -> Finding:
    """Tell a link to nothing from a link to itself."""
    try:
        link.stat()
    except FileNotFoundError:
        return found("link-broken", link, f"a link to {link.readlink()}")
    except OSError as error:
        return found("link-loop", link, error.strerror or "a circle")
    return found("link-broken", link, "a link that changes")
