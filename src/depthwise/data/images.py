"""Folders of images: one folder a class, in one tree or in ``train/ val/ test/``."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from depthwise.data.class_counts import note_single_classes
from depthwise.data.dataset import IN_MEMORY_BYTES, Dataset, Rows
from depthwise.data.duplicates import Fingerprints, judge_copies
from depthwise.data.image_file import SUFFIXES, ImageHeader, read_header
from depthwise.data.image_rows import ImageRows, decode_once
from depthwise.data.rulebook import found
from depthwise.data.rules import Finding, OnBad, settle
from depthwise.data.walk import PART_FOLDERS, list_files
from depthwise.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from depthwise.data.dataset import Array, Indices, Inputs
    from depthwise.data.rules import ReadReport


@dataclass(frozen=True)
class Place:
    """Where one image lies, and what that says.

    Args:
        header: The image.
        label: Its class.
        part: Its part, or empty text.
    """

    header: ImageHeader
    label: str
    part: str


def read_image_folder(
    root: Path,
    *,
    size: tuple[int, int] | None = None,
    mode: str | None = None,
    on_bad: OnBad = "fail",
    in_memory_bytes: int = IN_MEMORY_BYTES,
) -> Dataset:
    """Read a folder of images; every file is decoded once to see that it is whole.

    Args:
        root: The folder, with a folder a class, or those within ``train``, ``val``
            and ``test``.
        size: Rows and columns; the most frequent ones if None.
        mode: "L" or "RGB"; RGB if None, unless every image is grey.
        on_bad: Refuse or leave out what breaks a rule.
        in_memory_bytes: Up to this size the images are held decoded; above it they
            are decoded again whenever they are asked for.

    Returns:
        uint8 images ``[n, C, H, W]``; the classes are the folders' names, sorted.

    Raises:
        DataError: If a rule is broken and ``on_bad`` is "fail", or nothing is left.
    """
    files, findings = list_files(root, SUFFIXES)
    places = _look(root, files, findings)
    findings += _empty_folders(root, files)
    if not places:
        settle(findings, read=0, on_bad=on_bad)
        raise DataError(f"an image folder must hold CLASS/image; got none in {root}")
    size = size or Counter(p.header.size for p in places).most_common(1)[0][0]
    mode = mode or ("L" if all(p.header.grey for p in places) else "RGB")
    rows = ImageRows(tuple(p.header.path for p in places), size, mode)
    fits = int(np.prod(rows.shape)) <= in_memory_bytes
    held, hashes = decode_once(rows, hold=fits)
    keep, more = _judge(places, hashes)
    findings += more
    kept = [places[n] for n in keep.tolist()]
    findings += _changes(kept, size, mode)
    findings += note_single_classes([place.label for place in kept], root)
    report = settle(findings, read=len(kept), on_bad=on_bad)
    if not kept:
        raise DataError(f"an image folder must hold whole images; got none in {root}")
    inputs = Rows(rows, keep) if held is None else held[keep]
    return _build(root, inputs, kept, report)


def _look(root: Path, files: list[Path], findings: list[Finding]) -> list[Place]:
    """Headers and places of the files that can be images of a class."""
    stated = {p.relative_to(root).parts[0] for p in files} <= set(PART_FOLDERS)
    places = []
    for path in files:
        folders = path.relative_to(root).parts[:-1]
        part = PART_FOLDERS[folders[0]] if stated and folders else ""
        classes = folders[1:] if part else folders
        if not classes:
            findings.append(found("label-missing", path, "an image outside a class"))
            continue
        label = unicodedata.normalize("NFC", classes[0])
        if label != classes[0]:
            findings.append(found("name-form", path, ascii(classes[0])))
        header = read_header(path)
        if isinstance(header, Finding):
            findings.append(header)
        else:
            places.append(Place(header, label, part))
    return places


def _empty_folders(root: Path, files: list[Path]) -> list[Finding]:
    """Folders of a class that hold no image at all."""
    used = {parent for path in files for parent in path.parents}
    parts = sorted({root / name for name in PART_FOLDERS} & used)
    return [
        found("folder-empty", folder, "no image")
        for top in parts or [root]
        for folder in sorted(top.iterdir())
        if folder.is_dir()
        and folder not in used
        and not folder.is_symlink()
        and not folder.name.startswith(".")
    ]


def _judge(places: list[Place], hashes: Sequence[str]) -> tuple[Indices, list[Finding]]:
    """Which images stay, and findings on those that were cut short or are copies."""
    names = [str(place.header.path) for place in places]
    broken = np.array([not digest for digest in hashes])
    findings = [
        found("image-truncated", names[n], "fewer rows")
        for n in np.flatnonzero(broken).tolist()
    ]
    labels = [place.label for place in places]
    parts = [place.part for place in places]
    copies, more = judge_copies(Fingerprints(names, labels, parts, hashes))
    return np.flatnonzero(~broken & ~copies), findings + more


def _changes(
    places: Sequence[Place], size: tuple[int, int], mode: str
) -> list[Finding]:
    """What was changed in the images that are kept."""
    changes: list[Finding] = []
    for place in places:
        header = place.header
        changes += header.findings
        if header.size != size:
            shown = f"{header.size[0]} by {header.size[1]}"
            changes.append(found("image-size", header.path, shown))
        if header.grey != (mode == "L"):
            shown = "grey" if header.grey else "colour"
            changes.append(found("image-mode", header.path, shown))
    return changes


def _build(
    root: Path, inputs: Inputs, places: Sequence[Place], report: ReadReport
) -> Dataset:
    """Put the kept images together."""
    names, labels = np.unique([p.label for p in places], return_inverse=True)
    parts: Array = np.array([place.part for place in places])
    return Dataset(
        inputs,
        labels,
        classes=tuple(names.tolist()),
        channels=("grey",) if inputs.shape[1] == 1 else ("red", "green", "blue"),
        name=root.resolve().name,
        files=np.array([str(p.header.path.relative_to(root)) for p in places]),
        parts=parts if np.all(parts != "") else None,
        report=report,
    )
