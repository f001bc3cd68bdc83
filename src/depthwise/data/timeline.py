"""Order in time, gaps, and samples that are no numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from depthwise.data.rulebook import found

if TYPE_CHECKING:
    from depthwise.data.dataset import Array, Indices, Names
    from depthwise.data.rules import Finding

# A missing sample makes two periods; jitter of real clocks stays below one and a half.
GAP_PERIODS: Final = 1.5


@dataclass(frozen=True, eq=False)
class Timeline:
    """Which rows to take in which order, and where they are not adjacent.

    Args:
        order: Indices of the rows.
        gaps: Whether a gap comes before each of these rows, bool.
        rate_hz: Rows a second, or None without times.
        findings: What was repaired.
    """

    order: Indices
    gaps: Array
    rate_hz: float | None
    findings: tuple[Finding, ...]


def arrange(times: Array | None, rows: int, place: str) -> Timeline:
    """Put rows in order of time.

    Args:
        times: Seconds of each row, or None.
        rows: Number of rows.
        place: The file, for messages.

    Returns:
        Order, gaps and rate; no rows at all where a time is no number.

    Example:
        >>> line = arrange(np.array([0.0, 0.2, 0.1, 0.1, 0.5]), 5, "a.csv")
        >>> line.order.tolist(), line.gaps.tolist(), round(line.rate_hz)
        ([0, 2, 1, 4], [False, False, False, True], 10)
        >>> [finding.rule.code for finding in line.findings]
        ['time-unsorted', 'time-repeated', 'time-gap']
    """
    none = np.zeros(0, np.int64)
    if times is None:
        return Timeline(np.arange(rows), np.zeros(rows, bool), None, ())
    broken = int(np.sum(~np.isfinite(times)))
    if broken:
        bad = found("time-broken", place, f"{broken} times that are no number")
        return Timeline(none, none.astype(bool), None, (bad,))
    findings = []
    order = np.argsort(times, kind="stable")
    late = int(np.sum(np.diff(times) < 0))
    if late:
        findings.append(found("time-unsorted", place, f"{late} steps back"))
    again = np.concatenate([[False], np.diff(times[order]) == 0])
    if np.any(again):
        findings.append(found("time-repeated", place, f"{int(again.sum())} rows"))
        order = order[~again]
    steps = np.diff(times[order])
    period = float(np.median(steps)) if len(steps) else 0.0
    gaps = np.concatenate([[False], steps > GAP_PERIODS * period])
    if np.any(gaps):
        longest = f"{int(gaps.sum())}, the longest of {steps.max():.4g} s"
        findings.append(found("time-gap", place, longest))
    rate = round(1 / period, 9) if period > 0 else None
    return Timeline(order, gaps, rate, tuple(findings))


def find_whole(values: Array, labels: Names, place: str) -> tuple[Array, list[Finding]]:
    """Find the rows in which every channel is a number and the class is known.

    Args:
        values: ``[C, T]``.
        labels: Class of each row, ``[T]``; empty text where it is not known.
        place: The file, for messages.

    Returns:
        Which rows are whole, bool ``[T]``, and the findings on the others.

    Example:
        >>> values = np.array([[1.0, np.nan, 3.0]])
        >>> find_whole(values, np.array(["a", "a", ""]), "a.csv")[0].tolist()
        [True, False, False]
    """
    missing = np.any(np.isnan(values), axis=0)
    infinite = np.any(np.isinf(values), axis=0)
    unknown = labels == ""
    findings = [
        found(code, f"{place} row {int(np.argmax(bad)) + 1}", f"{int(bad.sum())} rows")
        for code, bad in (
            ("value-missing", missing),
            ("value-infinite", infinite),
            ("label-missing", unknown),
        )
        if np.any(bad)
    ]
    return ~(missing | infinite | unknown), findings


def runs(whole: Array, gaps: Array) -> list[tuple[int, int]]:
    """Find the stretches of adjacent rows.

    Args:
        whole: Which rows can be used, bool ``[T]``.
        gaps: Before which rows something is missing, bool ``[T]``.

    Returns:
        Pairs of first row and one past the last.

    Example:
        >>> runs(np.array([1, 1, 0, 1, 1], bool), np.array([0, 0, 0, 0, 1], bool))
        [(0, 2), (3, 4), (4, 5)]
    """
    if not len(whole):
        return []
    before = np.concatenate([[False], whole[:-1]])
    after = np.concatenate([whole[1:] & ~gaps[1:], [False]])
    starts = np.flatnonzero(whole & (~before | gaps))
    stops = np.flatnonzero(whole & ~after) + 1
    return list(zip(starts.tolist(), stops.tolist(), strict=True))
