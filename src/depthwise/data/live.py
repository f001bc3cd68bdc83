"""Windows of a stream of rows: one label a hop, as soon as the samples are there."""

from __future__ import annotations

import csv
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from depthwise.data.rulebook import found
from depthwise.data.rules import SKIP_HINT, check_on_bad
from depthwise.data.tables import separator
from depthwise.errors import DataError, UsageError

if TYPE_CHECKING:
    from depthwise.data.dataset import Array
    from depthwise.data.preprocess import Preprocessing
    from depthwise.data.rules import Finding, OnBad


@dataclass(frozen=True, eq=False)
class LiveWindow:
    """The newest samples of a stream.

    Args:
        row: Number of the newest row, from 1; a header does not count.
        values: float32 ``[C, L]`` in raw units, the oldest sample first.
        skipped: Rows left out so far.
    """

    row: int
    values: Array
    skipped: int


@dataclass(frozen=True)
class LiveReport:
    """What came of a stream that ended.

    Args:
        rows: Rows that came, without a header.
        windows: Windows that were cut.
        skipped: Rows left out.
        first: What was wrong with the first of them, or None.
        length: Rows of a window.

    Example:
        >>> print(LiveReport(rows=3, windows=0, skipped=0, first=None, length=4))
        3 rows, 0 skipped, 0 windows; a window needs 4 rows in a row
    """

    rows: int
    windows: int
    skipped: int
    first: Finding | None
    length: int

    def __str__(self) -> str:
        said = [f"{self.rows} rows, {self.skipped} skipped, {self.windows} windows"]
        if not self.windows:
            said.append(f"a window needs {self.length} rows in a row")
        if self.first is not None:
            said.append(f"the first skipped: {self.first}")
        return "; ".join(said)


def live_windows(
    lines: Iterable[str],
    preprocessing: Preprocessing,
    *,
    hop: int | None = None,
    on_bad: OnBad = "fail",
) -> Generator[LiveWindow, None, LiveReport]:
    """Cut a stream of rows into windows while it arrives.

    Args:
        lines: A row a line, separated by commas, semicolons or tabs, whichever the
            first has most of. The first may be a header, which then picks the channels
            by name; without one every row holds exactly the channels, in their order.
        preprocessing: What the model expects: channels and window.
        hop: Rows from one window to the next; the model's own step if None.
        on_bad: Refuse a row that is no row of numbers ("fail"), or leave it out
            ("skip"); no window spans a row that was left out.

    Yields:
        A window as soon as it is full, then one every ``hop`` rows.

    Returns:
        What came of the stream, when it ends.

    Raises:
        UsageError: If the model takes no windows, or hop is below 1.
        DataError: If the header lacks a channel, or a row is bad and ``on_bad`` is
            "fail".

    Example:
        >>> from depthwise.data.preprocess import Preprocessing
        >>> asked = Preprocessing("sensor", ("y",), (0.0,), (1.0,), window=2, step=1)
        >>> rows = ["x,y", "0,1", "0,2", "0,3"]
        >>> [(w.row, w.values.tolist()) for w in live_windows(rows, asked)]
        [(2, [[1.0, 2.0]]), (3, [[2.0, 3.0]])]
    """
    check_on_bad(on_bad)
    length = preprocessing.window
    hop = hop if hop is not None else preprocessing.step or length
    if length is None or hop is None or hop < 1:
        raise UsageError(f"a live model needs a window and a hop; got {length}, {hop}")
    ring = np.zeros((len(preprocessing.channels), length), np.float32)
    full = skipped = row = windows = 0
    first: Finding | None = None
    order: list[int] | None = None
    for cells in _rows(lines):
        if not cells:
            continue
        if order is None:
            order = _order(cells, preprocessing)
            if order is not None:
                continue
            order = []
        row += 1
        values = _values(cells, order, row, len(ring))
        if not isinstance(values, np.ndarray):
            if on_bad == "fail":
                raise DataError(str(values), SKIP_HINT)
            skipped, full, first = skipped + 1, 0, first or values
            continue
        ring[:, :-1] = ring[:, 1:]
        ring[:, -1] = values
        full += 1
        if full == length or (full > length and (full - length) % hop == 0):
            windows += 1
            yield LiveWindow(row, ring.copy(), skipped)
    return LiveReport(row, windows, skipped, first, length)


def _rows(lines: Iterable[str]) -> Iterator[list[str]]:
    """Fields of each line on its own: an open quote does not swallow the next ones."""
    mark = ""
    for line in lines:
        text = line if mark else line.removeprefix("\ufeff").strip()
        if not text:
            continue
        mark = mark or separator(text)
        try:
            yield from csv.reader([text], delimiter=mark)
        except csv.Error as error:
            yield [str(error)]


def _order(cells: list[str], preprocessing: Preprocessing) -> list[int] | None:
    """Positions of the channels if this is a header, else None."""
    names = [cell.strip() for cell in cells]
    try:
        np.array(names, np.float64)
    except ValueError:
        missing = [name for name in preprocessing.channels if name not in names]
        if missing:
            raise DataError(
                f"the header must name the channels {list(preprocessing.channels)};"
                f" got {names}"
            ) from None
        return [names.index(name) for name in preprocessing.channels]
    return None


def _values(
    cells: list[str], order: list[int], row: int, channels: int
) -> Array | Finding:
    """One row of samples, or why it is none."""
    place = f"row {row}"
    if order and len(cells) > max(order):
        cells = [cells[position] for position in order]
    if len(cells) != channels:
        return found("table-ragged", place, f"{len(cells)} fields for {channels}")
    try:
        values = np.array(cells, np.float64)
    except ValueError as error:
        return found("table-text", place, str(error))
    if not np.all(np.isfinite(values)):
        return found("value-missing", place, ",".join(cells))
    return values
