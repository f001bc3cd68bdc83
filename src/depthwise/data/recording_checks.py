"""What recordings must have in common before they become one dataset.

Each check returns the recordings that pass, and says on the others what is wrong.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from depthwise.data.duplicates import Fingerprints, hash_values, judge_copies
from depthwise.data.rulebook import found

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from depthwise.data.recordings import Recording
    from depthwise.data.rules import Finding

    Checked = tuple[list[Recording], list[Finding]]

RATE_TOLERANCE: Final = 0.02
USUAL_HZ: Final = (0.1, 1e6)


def _most_frequent(values: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return Counter(values).most_common(1)[0][0]


def same_channels(recordings: Sequence[Recording]) -> Checked:
    """Bring the channels into the most frequent order.

    Args:
        recordings: The recordings.

    Returns:
        Those that have the most frequent set of channels, and the findings.
    """
    if not recordings:
        return [], []
    usual = _most_frequent(tuple(sorted(r.channels)) for r in recordings)
    order = _most_frequent(
        r.channels for r in recordings if tuple(sorted(r.channels)) == usual
    )
    kept, findings = [], []
    for recording in recordings:
        if recording.channels == order:
            kept.append(recording)
            continue
        names = ", ".join(recording.channels) or "none"
        if tuple(sorted(recording.channels)) == usual:
            findings.append(found("channels-order", recording.path, names))
            rows = [recording.channels.index(name) for name in order]
            values = recording.values[rows]
            kept.append(replace(recording, channels=order, values=values))
        else:
            got = f"{names} where others have {', '.join(order)}"
            findings.append(found("channels-other", recording.path, got))
    return kept, findings


def same_rate(recordings: Sequence[Recording], rate_hz: float | None) -> Checked:
    """Keep the recordings of one sampling rate.

    Args:
        recordings: The recordings.
        rate_hz: The rate that they must have; the middle one of theirs if None.

    Returns:
        Those that have it or do not know theirs, and the findings.
    """
    rates = sorted(r.rate_hz for r in recordings if r.rate_hz)
    if rate_hz is None and rates:
        rate_hz = rates[(len(rates) - 1) // 2]
    kept, findings = [], []
    for recording in recordings:
        own = recording.rate_hz
        if own and rate_hz and abs(own - rate_hz) > RATE_TOLERANCE * rate_hz:
            got = f"{own:g} Hz where others have {rate_hz:g}"
            findings.append(found("rate-other", recording.path, got))
        else:
            kept.append(replace(recording, rate_hz=rate_hz))
    return kept, findings


def odd_rates(recordings: Sequence[Recording]) -> list[Finding]:
    """Note rates that hardly any sensor has: milliseconds that are taken for seconds.

    Args:
        recordings: The recordings.

    Returns:
        One finding a recording.
    """
    slowest, fastest = USUAL_HZ
    return [
        found("rate-odd", recording.path, f"{recording.rate_hz:g} Hz")
        for recording in recordings
        if recording.rate_hz and not slowest <= recording.rate_hz <= fastest
    ]


def one_label_each(recordings: Sequence[Recording]) -> Checked:
    """Keep the recordings whose rows all have one class.

    Args:
        recordings: The recordings.

    Returns:
        Those, and the findings.
    """
    classes: dict[tuple[Path, str], set[str]] = {}
    for recording in recordings:
        key = (recording.path, recording.name)
        classes.setdefault(key, set()).update(np.unique(recording.labels).tolist())
    mixed = {key: names for key, names in classes.items() if len(names) > 1}
    kept = [r for r in recordings if (r.path, r.name) not in mixed]
    findings = [
        found("label-mixed", path, f"{len(names)} labels: {', '.join(sorted(names))}")
        for (path, _), names in mixed.items()
    ]
    return kept, findings


def long_enough(recordings: Sequence[Recording], window: int) -> Checked:
    """Keep the pieces that hold at least one window.

    Args:
        recordings: The recordings, in pieces where samples were missing.
        window: Length of a window in samples.

    Returns:
        Those, and a finding on each recording without any.
    """
    longest: dict[tuple[Path, str], int] = {}
    for recording in recordings:
        key = (recording.path, recording.name)
        longest[key] = max(longest.get(key, 0), recording.values.shape[1])
    kept = [r for r in recordings if r.values.shape[1] >= window]
    findings = [
        found("recording-short", f"{path} ({name})", f"{length} samples of {window}")
        for (path, name), length in longest.items()
        if length < window
    ]
    return kept, findings


def without_copies(recordings: Sequence[Recording]) -> Checked:
    """Apply the rules on equal samples to whole recordings.

    Args:
        recordings: The recordings.

    Returns:
        Those that may stay, and the findings.
    """
    prints = Fingerprints(
        [f"{r.path} ({r.name})" for r in recordings],
        ["/".join(np.unique(r.labels).tolist()) for r in recordings],
        [r.part for r in recordings],
        [hash_values(r.values) for r in recordings],
    )
    drop, findings = judge_copies(prints)
    kept = [r for r, out in zip(recordings, drop.tolist(), strict=True) if not out]
    return kept, findings


def constant_channels(recordings: Sequence[Recording]) -> list[Finding]:
    """Note the channels that never change within a recording.

    Args:
        recordings: The recordings.

    Returns:
        One finding a channel and recording.
    """
    return [
        found("channel-constant", recording.path, recording.channels[channel])
        for recording in recordings
        for channel in np.flatnonzero(np.ptp(recording.values, axis=1) == 0).tolist()
    ]
