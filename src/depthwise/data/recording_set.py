"""Recordings of one kind, cut into windows, as one dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from depthwise.data.class_counts import note_single_classes
from depthwise.data.dataset import IN_MEMORY_BYTES, Dataset
from depthwise.data.duplicates import hash_values, number_copies
from depthwise.data.names import readable
from depthwise.data.recording_checks import (
    constant_channels,
    long_enough,
    odd_rates,
    one_label_each,
    same_channels,
    same_rate,
    without_copies,
)
from depthwise.data.rules import OnBad, settle
from depthwise.data.window_rows import WindowRows
from depthwise.data.windows import majority, window_starts
from depthwise.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from depthwise.data.dataset import Array, Indices, Inputs, Names
    from depthwise.data.recordings import Recording
    from depthwise.data.rules import Finding, ReadReport

LabelBy: TypeAlias = Literal["majority", "file"]


@dataclass(frozen=True)
class Windowing:
    """How recordings become samples.

    Args:
        window: Length of a window in samples.
        step: From one window to the next in samples.
        label: "majority" labels a window by most of its samples; "file" asks for one
            label a recording.
        rate_hz: Samples a second that every recording must have; the usual rate of
            the recordings if None.
    """

    window: int = 128
    step: int = 64
    label: LabelBy = "majority"
    rate_hz: float | None = None


def build_dataset(
    recordings: Sequence[Recording],
    windowing: Windowing,
    *,
    source: Path,
    findings: Sequence[Finding] = (),
    on_bad: OnBad = "fail",
    in_memory_bytes: int = IN_MEMORY_BYTES,
) -> Dataset:
    """Cut recordings into windows.

    Args:
        recordings: The recordings.
        windowing: Length, step and labels of the windows.
        source: Where they come from, for the name and messages.
        findings: What reading them came across.
        on_bad: Refuse or leave out what breaks a rule.
        in_memory_bytes: Up to this size windows are copied; above it they are cut
            out whenever they are asked for.

    Returns:
        float32 windows ``[n, C, window]``.

    Raises:
        DataError: If a rule is broken and ``on_bad`` is "fail", or nothing is left.
    """
    every = list(findings)
    kept, more = same_channels(recordings)
    every += more
    every += odd_rates(kept)
    kept, more = same_rate(kept, windowing.rate_hz)
    every += more
    if windowing.label == "file":
        kept, more = one_label_each(kept)
        every += more
    kept, more = long_enough(kept, windowing.window)
    every += more
    kept, more = without_copies(kept)
    every += more + constant_channels(kept)
    every += note_single_classes(_classes_by_recording(kept), source)
    report = settle(every, read=len({(r.path, r.name) for r in kept}), on_bad=on_bad)
    if not kept:
        msg = f"data must hold whole recordings; got none in {source}"
        raise DataError(msg, report.why_nothing())
    return _assemble(kept, windowing, source, report, in_memory_bytes)


def _classes_by_recording(recordings: Sequence[Recording]) -> Iterator[str]:
    """Each class once for each recording that it is in."""
    seen = set()
    for recording in recordings:
        for name in np.unique(recording.labels).tolist():
            key = (recording.path, recording.name, name)
            if key not in seen:
                seen.add(key)
                yield name


def _assemble(
    kept: Sequence[Recording],
    windowing: Windowing,
    source: Path,
    report: ReadReport,
    in_memory_bytes: int,
) -> Dataset:
    """Put whole recordings of the same channels together."""
    classes = np.unique(np.concatenate([np.unique(r.labels) for r in kept]))
    cuts = [_cut(recording, windowing, classes) for recording in kept]
    offsets = np.cumsum([0, *(r.values.shape[1] for r in kept)])
    starts = [cut[0] + offset for cut, offset in zip(cuts, offsets, strict=False)]
    counts = [len(cut[0]) for cut in cuts]
    series = np.concatenate([r.values for r in kept], axis=1)
    rows = WindowRows(series, np.concatenate(starts), windowing.window)
    fits = series.itemsize * int(np.prod(rows.shape)) <= in_memory_bytes
    inputs: Inputs = rows[:] if fits else rows

    def spread(values: list[str]) -> Names | None:
        return np.repeat(values, counts) if all(values) else None

    return Dataset(
        inputs,
        np.concatenate([cut[1] for cut in cuts]),
        classes=tuple(classes.tolist()),
        channels=kept[0].channels,
        name=source.resolve().name,
        groups=spread([r.group for r in kept]),
        recordings=spread([r.name for r in kept]),
        parts=spread([r.part for r in kept]),
        files=spread([readable(str(r.path)) for r in kept]),
        copies=np.repeat(number_copies([hash_values(r.values) for r in kept]), counts),
        rows=_newest(kept, [cut[0] for cut in cuts], windowing.window),
        rate_hz=kept[0].rate_hz,
        report=report,
    )


def _newest(
    recordings: Sequence[Recording], starts: Sequence[Indices], window: int
) -> Indices | None:
    """Row of its table that the newest sample of each window is from."""
    found = []
    for recording, own in zip(recordings, starts, strict=True):
        if recording.rows is None:
            return None
        found.append(recording.rows[own + window - 1])
    return np.concatenate(found)


def _cut(
    recording: Recording, windowing: Windowing, classes: Array
) -> tuple[Indices, Indices]:
    """Starts and labels of the windows of one recording."""
    length, step = windowing.window, windowing.step
    starts = window_starts(recording.values.shape[1], length=length, step=step)
    labels = np.searchsorted(classes, recording.labels)
    most = majority(labels, length=length, step=step, classes=len(classes))
    return starts, most
