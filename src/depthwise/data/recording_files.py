"""Recordings in CSV or Parquet: a folder of them, or one table of many."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from depthwise.data.columns import Columns
from depthwise.data.dataset import IN_MEMORY_BYTES
from depthwise.data.names import class_name, readable
from depthwise.data.parquet import read_parquet
from depthwise.data.recording_index import INDEX, read_index
from depthwise.data.recording_set import Windowing, build_dataset
from depthwise.data.recordings import Origin, recordings_of
from depthwise.data.rulebook import found
from depthwise.data.rules import Finding, OnBad
from depthwise.data.tables import SUFFIXES as CSV_SUFFIXES
from depthwise.data.tables import Table, read_csv
from depthwise.data.walk import PART_FOLDERS, empty_folders, list_files

if TYPE_CHECKING:
    from collections.abc import Collection

    from depthwise.data.dataset import Dataset
    from depthwise.data.recordings import Recording

SUFFIXES: Final = (*CSV_SUFFIXES, ".parquet")


def read_table(
    path: Path, columns: Columns, *, channels: Collection[str] | None = None
) -> Table | Finding:
    """Read one file of recordings.

    Args:
        path: A CSV or Parquet file.
        columns: Names of the columns that are no channels.
        channels: Names of those to read; whatever is in others. All if None.

    Returns:
        The table, or why it cannot be used.

    Raises:
        MissingDependencyError: If Parquet needs a package that is not installed.
    """
    read = read_parquet if path.suffix.lower() == ".parquet" else read_csv
    return read(path, columns, channels=channels)


def read_recordings(
    source: Path,
    windowing: Windowing,
    *,
    columns: Columns | None = None,
    on_bad: OnBad = "fail",
    in_memory_bytes: int = IN_MEMORY_BYTES,
) -> Dataset:
    """Read recordings and cut them into windows.

    In a folder, the class of a recording stands in its ``label`` column, in the index
    ``recordings.csv``, or is the folder it lies in; folders named ``train``, ``val``
    and ``test`` around these are parts. In one table, the columns ``group`` and
    ``recording`` take it apart.

    Args:
        source: A folder, or one table.
        windowing: Length, step and labels of the windows.
        columns: Names of the columns that are no channels; the usual ones if None.
        on_bad: Refuse or leave out what breaks a rule.
        in_memory_bytes: Up to this size windows are copied; above it they are cut
            out whenever they are asked for.

    Returns:
        float32 windows ``[n, C, window]``.

    Raises:
        DataError: If a rule is broken and ``on_bad`` is "fail", or nothing is left.
        MissingDependencyError: If Parquet needs a package that is not installed.
    """
    columns = columns or Columns()
    origins, findings = _origins(source)
    recordings: list[Recording] = []
    for path, origin in origins:
        table = read_table(path, columns)
        if isinstance(table, Finding):
            findings.append(table)
        elif not origin.label and table.columns.label is None:
            findings.append(found("label-missing", path, "no label column"))
        elif not table.channels:
            findings.append(found("channels-other", path, "no channel"))
        else:
            made, more = recordings_of(table, origin)
            recordings += made
            findings += more
    return build_dataset(
        recordings,
        windowing,
        source=source,
        findings=findings,
        on_bad=on_bad,
        in_memory_bytes=in_memory_bytes,
    )


def _origins(source: Path) -> tuple[list[tuple[Path, Origin]], list[Finding]]:
    """Files of recordings, and what their places say."""
    if source.is_file():
        return [(source, Origin(readable(source.name)))], []
    files, findings = list_files(source, SUFFIXES)
    index = source / INDEX
    if index in files:
        origins, more = read_index(index, [f for f in files if f != index])
        return origins, findings + more
    tops = {path.relative_to(source).parts[0] for path in files}
    stated = bool(files) and tops <= set(PART_FOLDERS)
    origins = []
    for path in files:
        origin, folder = _place(path.relative_to(source), stated)
        origins.append((path, origin))
        if origin.label != readable(folder):
            findings.append(found("name-form", path, ascii(folder)))
    if any(origin.label for _, origin in origins):
        findings += empty_folders(source, files)
    return origins, findings


def _place(path: Path, stated: bool) -> tuple[Origin, str]:
    """Part and class of a file below the folder that was opened, and its folder."""
    folders = path.parts[:-1]
    part = PART_FOLDERS[folders[0]] if stated else ""
    folder = "".join((folders[1:] if stated else folders)[:1])
    name = readable(str(path))
    return Origin(name, label=class_name(folder), part=part), folder
