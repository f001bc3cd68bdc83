"""Images of any origin, brought to one size and pixel format, as one dataset."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from depthwise.data.class_counts import note_single_classes
from depthwise.data.dataset import IN_MEMORY_BYTES, Dataset, Rows
from depthwise.data.duplicates import Fingerprints, judge_copies, number_copies
from depthwise.data.image_file import ImageHeader
from depthwise.data.image_rows import Decoded, Encoded, ImageRows, decode_once
from depthwise.data.names import readable
from depthwise.data.rulebook import found
from depthwise.data.rules import OnBad, settle
from depthwise.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from depthwise.data.dataset import Indices, Inputs, Names
    from depthwise.data.rules import Finding, ReadReport


@dataclass(frozen=True)
class Place:
    """Where one image lies, and what that says.

    Args:
        header: The image.
        label: Its class.
        part: Its part, or empty text.
        group: Who or what it shows, or empty text.
    """

    header: ImageHeader
    label: str
    part: str = ""
    group: str = ""


@dataclass(frozen=True)
class Target:
    """What images are brought to.

    Args:
        size: Rows and columns; the most frequent ones if None.
        mode: "L" or "RGB"; RGB if None, unless every image is grey.
    """

    size: tuple[int, int] | None = None
    mode: str | None = None


def build_images(
    places: Sequence[Place],
    target: Target,
    *,
    source: Path,
    contents: Encoded | None = None,
    findings: Sequence[Finding] = (),
    on_bad: OnBad = "fail",
    in_memory_bytes: int = IN_MEMORY_BYTES,
) -> Dataset:
    """Decode every image once, to see that it is whole and to find copies.

    Args:
        places: The images.
        target: Their size and mode.
        source: Where they come from, for the name and messages.
        contents: The encoded images; None if they are files.
        findings: What looking at them came across.
        on_bad: Refuse or leave out what breaks a rule.
        in_memory_bytes: Up to this size the images are held decoded; above it they
            are decoded again whenever they are asked for.

    Returns:
        uint8 images ``[n, C, H, W]``; the classes are sorted.

    Raises:
        DataError: If a rule is broken and ``on_bad`` is "fail", or nothing is left.
    """
    every = list(findings)
    if not places:
        raise _nothing(source, settle(every, read=0, on_bad=on_bad))
    sizes = Counter(place.header.size for place in places)
    size = target.size or sizes.most_common(1)[0][0]
    grey = all(place.header.grey for place in places)
    mode = target.mode or ("L" if grey else "RGB")
    rows = ImageRows(tuple(p.header.path for p in places), size, mode, contents)
    fits = int(np.prod(rows.shape)) <= in_memory_bytes
    decoded = decode_once(rows, hold=fits)
    keep, more = _judge(places, decoded)
    every += more
    kept = [places[n] for n in keep.tolist()]
    every += _changes(kept, size, mode)
    every += note_single_classes([place.label for place in kept], source)
    report = settle(every, read=len(kept), on_bad=on_bad)
    if not kept:
        raise _nothing(source, report)
    pixels = decoded.pixels
    inputs = Rows(rows, keep) if pixels is None else pixels[keep]
    copies = number_copies([decoded.hashes[n] for n in keep.tolist()])
    return replace(_build(source, inputs, kept, report), copies=copies)


def _nothing(source: Path, report: ReadReport) -> DataError:
    msg = f"a set of images must hold whole images; got none in {source}"
    return DataError(msg, report.why_nothing())


def _judge(places: Sequence[Place], decoded: Decoded) -> tuple[Indices, list[Finding]]:
    """Which images stay, and findings on those that were cut short or are copies."""
    names = [str(place.header.path) for place in places]
    broken = np.array([not digest for digest in decoded.hashes])
    findings = [
        found("image-truncated", names[n], reason)
        for n, reason in sorted(decoded.reasons.items())
    ]
    labels = [place.label for place in places]
    parts = [place.part for place in places]
    copies, more = judge_copies(Fingerprints(names, labels, parts, decoded.hashes))
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
    source: Path, inputs: Inputs, places: Sequence[Place], report: ReadReport
) -> Dataset:
    """Put the kept images together."""
    names, labels = np.unique([p.label for p in places], return_inverse=True)

    def known(words: list[str]) -> Names | None:
        return np.array(words) if all(words) else None

    return Dataset(
        inputs,
        labels,
        classes=tuple(names.tolist()),
        channels=("grey",) if inputs.shape[1] == 1 else ("red", "green", "blue"),
        name=source.resolve().name,
        files=np.array([_below(source, place.header.path) for place in places]),
        groups=known([place.group for place in places]),
        parts=known([place.part for place in places]),
        report=report,
    )


def _below(source: Path, path: Path) -> str:
    """The path as seen from the folder that was opened."""
    inside = path.is_relative_to(source)
    return readable(str(path.relative_to(source) if inside else path))
