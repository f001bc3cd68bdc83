"""The index of a folder of recordings: ``file,label`` and, if known, ``group,part``."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from depthwise.data.recordings import Origin
from depthwise.data.rulebook import found
from depthwise.data.walk import PART_FOLDERS
from depthwise.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depthwise.data.rules import Finding

INDEX: Final = "recordings.csv"
KNOWN: Final = ("file", "label", "group", "part")


def read_index(
    index: Path, files: Sequence[Path]
) -> tuple[list[tuple[Path, Origin]], list[Finding]]:
    """Read which file holds what.

    Args:
        index: The index.
        files: The recordings that lie beside and below it.

    Returns:
        The files that it names, with their label, group and part; and findings on
        those that it does not name, or that are not there.

    Raises:
        FormatError: If the index has no column ``file``, or an unknown one.
    """
    rows = _rows(index)
    known = {_normal(p.relative_to(index.parent).as_posix()): p for p in files}
    origins, findings = [], []
    for line, row in enumerate(rows, start=2):
        name = _normal(row["file"])
        path = known.pop(name, None)
        if path is None:
            got = f"{name!r}, which is not there, or named before"
            findings.append(found("file-unreadable", f"{index}:{line}", got))
            continue
        words = {key: (row.get(key) or "").strip() for key in KNOWN[1:]}
        words["part"] = _part(words["part"], f"{index}:{line}")
        origins.append((path, Origin(name, **words)))
    findings += [found("file-foreign", p, "not in the index") for p in known.values()]
    return origins, findings


def _rows(index: Path) -> list[dict[str, str]]:
    """Rows of the index by column."""
    try:
        with index.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            names = tuple(reader.fieldnames or ())
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FormatError(
            f"{index} must be a CSV file in UTF-8; got {error}"
        ) from error
    if "file" not in names or set(names) - set(KNOWN):
        raise FormatError(f"{index} must have the columns {KNOWN}; got {names}")
    return rows


def _part(word: str, place: str) -> str:
    """The part that a word means."""
    if word and word not in PART_FOLDERS:
        known = ", ".join(sorted(PART_FOLDERS))
        raise FormatError(f"the part in {place} must be one of {known}; got {word!r}")
    return PART_FOLDERS.get(word, "")


def _normal(name: str) -> str:
    """Names in composed Unicode: one file system's accents are another's."""
    return unicodedata.normalize("NFC", name)
