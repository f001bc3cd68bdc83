"""Recordings: series of any length with their labels, group and rate.

A table becomes recordings in three steps: its rows are taken apart by group and
recording, put in order of time, and cut where samples are missing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from depthwise.data.rulebook import found
from depthwise.data.timeline import arrange, find_whole, runs

if TYPE_CHECKING:
    from pathlib import Path

    from depthwise.data.dataset import Array, Indices, Names
    from depthwise.data.rules import Finding
    from depthwise.data.tables import Table


@dataclass(frozen=True, eq=False)
class Recording:
    """One series without gaps.

    Args:
        name: What to call it; the pieces of one recording share it.
        path: The file it is from.
        channels: Names of its channels.
        values: float32 ``[C, T]``.
        labels: Class of every sample, ``[T]``.
        group: Who or what it comes from, or empty text.
        part: Its part, or empty text.
        rate_hz: Samples a second, or None if that is unknown.
        rows: Row of its table that each sample is from, from 1, ``[T]``; None where
            there is no table.
    """

    name: str
    path: Path
    channels: tuple[str, ...]
    values: Array
    labels: Names
    group: str = ""
    part: str = ""
    rate_hz: float | None = None
    rows: Indices | None = None


@dataclass(frozen=True)
class Origin:
    """What is known of a table from its place.

    Args:
        name: What to call its recordings.
        label: Class of all its rows; the label column if empty.
        group: Group of all its rows; the group column if empty.
        part: Its part, or empty text.
    """

    name: str
    label: str = ""
    group: str = ""
    part: str = ""


def recordings_of(
    table: Table, origin: Origin
) -> tuple[list[Recording], list[Finding]]:
    """Take a table apart into recordings.

    Args:
        table: The columns.
        origin: What is known from its place.

    Returns:
        Its recordings, without gaps and broken samples, and the findings.
    """
    here = table.columns
    groups = _words(table, here.group, origin.group)
    names = _words(table, here.recording, "")
    made: list[Recording] = []
    findings = list(table.findings)
    for unit in _units(groups, names):
        group, name = str(groups[unit[0]]), str(names[unit[0]])
        takes = _takes(table, unit)
        for number, rows in enumerate(takes, start=1):
            take = f"{name}#{number}" if len(takes) > 1 else name
            inside = "/".join(w for w in ("" if origin.group else group, take) if w)
            full = f"{origin.name}:{inside}" if inside else origin.name
            pieces, more = _pieces(table, rows, replace(origin, name=full, group=group))
            made += pieces
            findings += more
        if len(takes) > 1:
            place = f"{table.path} ({group})" if group else table.path
            findings.append(found("time-restart", place, f"{len(takes)} beginnings"))
    return made, findings


def _takes(table: Table, rows: Indices) -> list[Indices]:
    """Rows of each recording where time begins anew, if it ascends in between."""
    times = table.times(rows)
    if times is None or not np.all(np.isfinite(times)):
        return [rows]
    back = np.flatnonzero(np.diff(times) < 0) + 1
    begins = times[np.concatenate([[0], back])]
    if not len(back) or np.any(
        begins[1:] > begins[0] + 0.5 * np.median(np.diff(times))
    ):
        return [rows]
    return np.split(rows, back)


def _words(table: Table, column: str | None, known: str) -> Names:
    """A text column, or what is known of all rows."""
    if known or column is None:
        return np.full(table.rows, known)
    words: Names = table.values[column].astype(np.str_)
    return words


def _units(groups: Names, names: Names) -> list[Indices]:
    """Rows of each group and recording, in the order in which they first appear."""
    group = np.unique(groups, return_inverse=True)[1]
    name = np.unique(names, return_inverse=True)[1]
    owner = group * (name.max() + 1) + name
    order = np.argsort(owner, kind="stable")
    cuts = np.flatnonzero(np.diff(owner[order])) + 1
    return sorted(np.split(order, cuts), key=lambda rows: int(rows[0]))


def _pieces(
    table: Table, rows: Indices, origin: Origin
) -> tuple[list[Recording], list[Finding]]:
    """One recording, in order of time and cut where samples are missing."""
    place = str(table.path) if not origin.name else f"{table.path} ({origin.name})"
    labels = _words(table, table.columns.label, origin.label)[rows]
    with np.errstate(over="ignore"):  # what is too large becomes infinite
        values = np.stack(
            [table.values[name][rows].astype(np.float32) for name in table.channels]
        )
    timeline = arrange(table.times(rows), len(rows), place)
    findings = list(timeline.findings)
    values, labels = values[:, timeline.order], labels[timeline.order]
    numbers = rows[timeline.order] + 1
    whole, more = find_whole(values, labels, place)
    findings += more
    pieces = [
        Recording(
            origin.name,
            table.path,
            table.channels,
            np.ascontiguousarray(values[:, start:stop]),
            labels[start:stop],
            origin.group,
            origin.part,
            timeline.rate_hz,
            numbers[start:stop],
        )
        for start, stop in runs(whole, timeline.gaps)
    ]
    return pieces, findings
