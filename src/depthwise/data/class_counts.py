"""Classes that are too small to be tested."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from depthwise.data.rulebook import found

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from depthwise.data.rules import Finding


def note_single_classes(labels: Iterable[str], source: Path | str) -> list[Finding]:
    """Note the classes with one example.

    Args:
        labels: Class of each sample or recording.
        source: Where they come from.

    Returns:
        One finding a class.

    Example:
        >>> [finding.got for finding in note_single_classes("aab", "toy")]
        ["one of 'b'"]
    """
    counts = Counter(labels)
    return [
        found("class-single", f"{source} ({name})", f"one of {name!r}")
        for name, count in sorted(counts.items())
        if count == 1
    ]
