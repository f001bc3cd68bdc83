"""CSV tables as columns: numbers for channels and time, text for the rest."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from depthwise.data.rulebook import found

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from depthwise.data.columns import Columns
    from depthwise.data.dataset import Array
    from depthwise.data.rules import Finding

SUFFIXES: Final = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
DELIMITERS: Final = (",", ";", "\t")
QUOTED: Final = re.compile(r'"(?:[^"]|"")*"')
ZONE: Final = re.compile(r"(Z|[+-]\d\d:?\d\d)$", re.IGNORECASE)
CHUNK_ROWS: Final = 50_000
MAX_COLUMNS: Final = 10_000
MISSING: Final = {"", "na", "n/a", "null", "none", "nan", "?"}


@dataclass(frozen=True, eq=False)
class Table:
    """The columns of one table.

    Args:
        path: The file.
        columns: Which of them are no channels.
        values: Every column by its name: float64, or text for label, group and
            recording.
        findings: What was repaired in it.
    """

    path: Path
    columns: Columns
    values: dict[str, Array]
    findings: tuple[Finding, ...] = ()

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels, in the order of the file."""
        return tuple(name for name in self.values if name not in self.columns.taken)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.values.values())))

    def times(self, rows: Array) -> Array | None:
        """Times of the given ``rows`` in seconds, or None without such a column."""
        name = self.columns.time
        if name is None:
            return None
        return np.asarray(self.values[name][rows] * self.columns.time_scale)


class _BadTableError(Exception):
    """A finding that ends the reading of a table."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def read_csv(
    path: Path, columns: Columns, *, channels: Collection[str] | None = None
) -> Table | Finding:
    """Read a CSV file with a header; commas, semicolons or tabs.

    Args:
        path: The file, compressed by gzip or not.
        columns: Names of the columns that are no channels.
        channels: Names of those to read; whatever is in others. All if None.

    Returns:
        The table, or why it cannot be used.
    """
    try:
        content = path.read_bytes()
        if path.suffix.lower() == ".gz":
            content = gzip.decompress(content)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return found("table-encoding", path, f"byte {error.start} in no such encoding")
    except (OSError, EOFError, zlib.error) as error:
        return found("file-unreadable", path, str(error))
    try:
        return _parse(path, text, columns, channels)
    except _BadTableError as error:
        return error.finding
    except csv.Error as error:
        return found("table-ragged", path, str(error))


def _parse(
    path: Path, text: str, columns: Columns, channels: Collection[str] | None
) -> Table:
    delimiter = separator(text.split("\n", maxsplit=1)[0])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [name.strip() for name in next(reader, [])]
    _check_header(path, header)
    here = columns.among(header)
    words = {here.label, here.group, here.recording}
    lacks = lacking(path, header, channels)
    if lacks is not None:
        raise _BadTableError(lacks)
    asked = wanted(header, here, channels)
    pieces: dict[int, list[Array]] = {number: [] for number in asked}
    for lines, rows in _chunks(reader, path, len(header)):
        for number, name in asked.items():
            column = [row[number] for row in rows]
            made = (
                np.array([cell.strip() for cell in column], np.str_)
                if name in words
                else _numbers((path, name), lines, column, dates=name == here.time)
            )
            pieces[number].append(made)
    if not any(pieces.values()):
        raise _BadTableError(found("table-empty", path, "no row below the header"))
    joined = {name: np.concatenate(pieces[number]) for number, name in asked.items()}
    return Table(path, here, joined, nameless(path, header))


def separator(line: str) -> str:
    """Tell what separates the fields of a table, by its first line.

    Args:
        line: Names or numbers; what stands in quotes separates nothing.

    Returns:
        A comma, a semicolon or a tab.

    Example:
        >>> separator('"x, left";"x, right"')
        ';'
    """
    return max(DELIMITERS, key=QUOTED.sub("", line).count)


def _check_header(path: Path, header: Sequence[str]) -> None:
    """Refuse a first line that cannot name columns."""
    if len(header) > MAX_COLUMNS:
        raise _BadTableError(found("table-wide", path, f"{len(header)} columns"))
    if any(header) and all(_is_number(name) for name in header):
        got = ", ".join(header)
        raise _BadTableError(found("table-header", f"{path}:1", f"numbers: {got}"))
    names = [name for name in header if name]
    if len(set(names)) != len(names):
        raise _BadTableError(found("table-ragged", path, "two columns of one name"))


def nameless(path: Path, names: Sequence[str]) -> tuple[Finding, ...]:
    """Count the columns that have no name.

    Args:
        path: The table.
        names: Its header.

    Returns:
        One finding, or none.

    Example:
        >>> from pathlib import Path
        >>> print(*nameless(Path("walk.csv"), ["", "ax", "ay"]))
        walk.csv: every column should have a name; got 1 without
    """
    count = sum(not name for name in names)
    return (found("column-nameless", path, f"{count} without"),) if count else ()


def lacking(
    path: Path, names: Sequence[str], channels: Collection[str] | None
) -> Finding | None:
    """Look for channels that a table does not have.

    Args:
        path: The table.
        names: Its header.
        channels: Names of the channels to read; all if None.

    Returns:
        What is missing, or None.

    Example:
        >>> from pathlib import Path
        >>> print(lacking(Path("walk.csv"), ["ax"], ["ax", "ay"]))
        walk.csv: recordings must have the same channels; got no ay among ax
    """
    missing = [name for name in channels or () if name not in names]
    if not missing:
        return None
    got = f"no {', '.join(missing)} among {', '.join(names) or 'none'}"
    return found("channels-other", path, got)


def wanted(
    names: Sequence[str], here: Columns, channels: Collection[str] | None
) -> dict[int, str]:
    """Choose the columns to read.

    Args:
        names: The header.
        here: Which of them are no channels.
        channels: Names of the channels to read; all if None.

    Returns:
        Names by position; columns without a name are left out.

    Example:
        >>> from depthwise.data.columns import Columns
        >>> wanted(["ax", "note", "label"], Columns(label="label"), ["ax"])
        {0: 'ax', 2: 'label'}
    """
    kept = set(names) if channels is None else {*channels, *here.taken}
    kept.discard("")
    return {place: name for place, name in enumerate(names) if name in kept}


def _chunks(
    reader: Iterator[list[str]], path: Path, width: int
) -> Iterator[tuple[list[int], list[list[str]]]]:
    """Rows by the many, with the line of each; blank lines are passed over."""
    line = 2
    while rows := list(islice(reader, CHUNK_ROWS)):
        for offset, row in enumerate(rows):
            if row and len(row) != width:
                raise _BadTableError(
                    found(
                        "table-ragged",
                        f"{path}:{line + offset}",
                        f"{len(row)} fields for {width} columns",
                    )
                )
        full = [offset for offset, row in enumerate(rows) if row]
        if full:
            yield [line + offset for offset in full], [rows[n] for n in full]
        line += len(rows)


def _numbers(
    where: tuple[Path, str], lines: list[int], column: Sequence[str], *, dates: bool
) -> Array:
    """Cells as float64; missing ones are NaN, dates are seconds since 1970."""
    try:
        return np.array(column, np.float64)
    except ValueError:
        pass
    cells = [cell.strip() for cell in column]
    cells = ["nan" if cell.lower() in MISSING else cell for cell in cells]
    try:
        return np.array(cells, np.float64)
    except ValueError:
        pass
    dated = dates and not _is_number(next((c for c in cells if c != "nan"), ""))
    read = _is_date if dated else _is_number
    if dated and all(read(cell) for cell in cells):
        return _seconds(cells)
    first = next(n for n, cell in enumerate(cells) if not read(cell))
    path, name = where
    kinds = ", neither seconds nor ISO 8601" if dates else ""
    place = f"{path}:{lines[first]} {name}"
    raise _BadTableError(found("table-text", place, f"{cells[first]!r}{kinds}"))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _is_date(cell: str) -> bool:
    try:
        _date(cell)
    except ValueError:
        return False
    return True


def _date(cell: str) -> float:
    """Seconds since 1970; a date that names no zone is taken as UTC."""
    if cell == "nan":
        return np.nan
    moment = datetime.fromisoformat(cell)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _seconds(cells: Sequence[str]) -> Array:
    """Dates as seconds since 1970, to the nanosecond where none names a zone."""
    try:
        zoned = any(ZONE.search(cell) for cell in cells)
        known = [] if zoned else ["NaT" if cell == "nan" else cell for cell in cells]
        moments = np.array(known, "datetime64[ns]")
    except ValueError:
        zoned = True
    if zoned:
        return np.array([_date(cell) for cell in cells])
    return np.where(np.isnat(moments), np.nan, moments.astype(np.int64) * 1e-9)
