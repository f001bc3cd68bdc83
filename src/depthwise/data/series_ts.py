"""UEA ``.ts`` files: lines after ``@data``, channels by ``:``, values by ``,``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from depthwise.data.dataset import IN_MEMORY_BYTES
from depthwise.data.recording_set import Windowing, build_dataset
from depthwise.data.recordings import Recording
from depthwise.data.rulebook import found
from depthwise.data.timeline import find_whole
from depthwise.errors import DataError, FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from depthwise.data.dataset import Array, Dataset
    from depthwise.data.rules import Finding, OnBad

MISSING: Final = "?"


@dataclass(frozen=True)
class TsHeader:
    """What stands above ``@data``.

    Args:
        name: The problem's name, or empty text.
        classes: The class labels, or none where the file states none.
        lines: Number of lines up to ``@data``.
    """

    name: str
    classes: tuple[str, ...]
    lines: int


def read_ts(
    paths: Sequence[Path],
    *,
    windowing: Windowing | None = None,
    parts: Sequence[str] = (),
    source: Path | None = None,
    on_bad: OnBad = "fail",
    in_memory_bytes: int = IN_MEMORY_BYTES,
) -> Dataset:
    """Read the cases of ``.ts`` files.

    Args:
        paths: The files.
        windowing: How to cut the cases; None keeps each whole, and they must have one
            length then.
        parts: "train", "validation" or "test" for each file, or nothing.
        source: What to name the dataset after; the first file if None.
        on_bad: Refuse or leave out what breaks a rule.
        in_memory_bytes: As for recordings.

    Returns:
        float32 ``[n, C, L]``.

    Raises:
        FormatError: If a file is no such file.
        DataError: If a rule is broken and ``on_bad`` is "fail", or nothing is left.
    """
    cases: list[Recording] = []
    findings: list[Finding] = []
    for number, path in enumerate(paths):
        made, more = _read_cases(path, parts[number] if parts else "")
        cases += made
        findings += more
    lengths = {case.values.shape[1] for case in cases}
    if windowing is None and len(lengths) > 1:
        raise DataError(
            "cases must have one length where no window is given; got"
            f" {min(lengths)} to {max(lengths)} in {source or paths[0]}",
            f"window={min(lengths)}, step={min(lengths)}"
            f" (--window {min(lengths)} --step {min(lengths)})",
        )
    longest = max(lengths, default=1)
    dataset = build_dataset(
        cases,
        windowing or Windowing(longest, longest),
        source=source or paths[0],
        findings=findings,
        on_bad=on_bad,
        in_memory_bytes=in_memory_bytes,
    )
    return replace(dataset, name=(source or paths[0]).stem)


def find_ts(folder: Path) -> tuple[list[Path], tuple[str, ...]]:
    """Find the files of a problem, and the parts that their names state.

    Args:
        folder: Where they lie.

    Returns:
        The files, and "train" or "test" for each, or nothing where a name says neither.
    """
    paths = sorted(folder.glob("*.ts"))
    words = [path.stem.lower().rsplit("_", maxsplit=1)[-1] for path in paths]
    return paths, tuple(words) if set(words) <= {"train", "test"} else ()


def _read_cases(path: Path, part: str) -> tuple[list[Recording], list[Finding]]:
    """The whole cases of one file, and findings on the others."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(
            f"{path} must be a text file in UTF-8; got {error}"
        ) from error
    header = _header(path, lines)
    cases: list[Recording] = []
    findings: list[Finding] = []
    for number, line in enumerate(lines[header.lines :], start=header.lines + 1):
        if not line.strip() or line.startswith(("#", "%")):
            continue
        case = _case(path, number, line, header)
        if isinstance(case, Recording):
            cases.append(replace(case, part=part))
        else:
            findings += case
    return cases, findings


def _header(path: Path, lines: Sequence[str]) -> TsHeader:
    """Read the lines that begin with @."""
    fields: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        word, _, rest = line.strip().partition(" ")
        if word.lower() == "@data":
            if fields.get("@timestamps", "false").lower() == "true":
                raise FormatError(f"{path} must have no time stamps; it says it has")
            labels = fields.get("@classlabel", "").split()
            return TsHeader(fields.get("@problemname", ""), tuple(labels[1:]), number)
        if word.startswith("@"):
            fields[word.lower()] = rest.strip()
    raise FormatError(f"{path} must be a .ts file; it has no line @data")


def _case(
    path: Path, number: int, line: str, header: TsHeader
) -> Recording | list[Finding]:
    """One case, or why it cannot be used."""
    place = f"{path}:{number}"
    *channels, label = line.strip().split(":")
    if header.classes and label not in header.classes:
        return [found("label-missing", place, f"{label!r}, which is in no header")]
    if not channels:
        return [found("table-empty", place, "no channel")]
    try:
        rows = [_values(channel) for channel in channels]
    except ValueError as error:
        return [found("table-text", place, str(error))]
    lengths = sorted({len(row) for row in rows})
    if len(lengths) > 1:
        return [found("table-ragged", place, f"channels of {lengths} samples")]
    with np.errstate(over="ignore"):  # what is too large becomes infinite
        values = np.stack(rows).astype(np.float32)
    labels = np.full(values.shape[1], label)
    whole, findings = find_whole(values, labels, place)
    if not np.all(whole):
        return findings
    names = tuple(f"channel-{c}" for c in range(len(rows)))
    name = f"{path.stem}:{number}"
    return Recording(name, path, names, values, labels)


def _values(channel: str) -> Array:
    """The samples of one channel; a question mark is a missing one."""
    cells = channel.replace(MISSING, "nan").split(",")
    return np.array(cells, np.float64)
