"""Folders of images: one folder a class, in one tree or in ``train/ val/ test/``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depthwise.data.dataset import IN_MEMORY_BYTES
from depthwise.data.image_file import SUFFIXES, read_header
from depthwise.data.image_set import Place, Target, build_images
from depthwise.data.names import class_name, readable
from depthwise.data.rulebook import found
from depthwise.data.rules import Finding, OnBad
from depthwise.data.walk import PART_FOLDERS, empty_folders, list_files

if TYPE_CHECKING:
    from pathlib import Path

    from depthwise.data.dataset import Dataset


def read_image_folder(
    root: Path,
    target: Target,
    *,
    on_bad: OnBad = "fail",
    in_memory_bytes: int = IN_MEMORY_BYTES,
) -> Dataset:
    """Read a folder of images.

    Args:
        root: The folder, with a folder a class, or those within ``train``, ``val``
            and ``test``.
        target: Their size and mode.
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
    findings += empty_folders(root, files)
    return build_images(
        places,
        target,
        source=root,
        findings=findings,
        on_bad=on_bad,
        in_memory_bytes=in_memory_bytes,
    )


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
        label = class_name(classes[0])
        if label != readable(classes[0]):
            findings.append(found("name-form", path, ascii(classes[0])))
        header = read_header(path)
        if isinstance(header, Finding):
            findings.append(header)
        else:
            places.append(Place(header, label, part))
    return places
