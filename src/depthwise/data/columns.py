"""Which column of a table is time, label, group or recording; the rest are channels."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

TIME: Final = ("time", "timestamp", "t", "time_s", "time_ms", "time_us", "time_ns")
LABEL: Final = ("label", "class", "activity", "target")
GROUP: Final = ("group", "subject", "person", "user", "participant")
RECORDING: Final = ("recording", "session", "trial", "file")
SCALES: Final = {"_ms": 1e-3, "_us": 1e-6, "_ns": 1e-9}


@dataclass(frozen=True)
class Columns:
    """Names of the columns that are no channels.

    Args:
        time: Seconds, or ISO 8601 dates; names ending in ``_ms``, ``_us`` or ``_ns``
            say their unit.
        label: The class, of every row.
        group: Who or what the row comes from, such as the person.
        recording: Which recording the row belongs to.

    Example:
        >>> Columns(label="exercise").among(["t", "ax", "exercise", "subject"])
        Columns(time='t', label='exercise', group='subject', recording=None)
    """

    time: str | None = None
    label: str | None = None
    group: str | None = None
    recording: str | None = None

    def among(self, names: Iterable[str]) -> Columns:
        """Find the columns of one table.

        Args:
            names: Its header.

        Returns:
            The names that are in it: those that were given, else the usual ones.
        """
        lower = {name.lower(): name for name in reversed(list(names))}

        def pick(given: str | None, usual: tuple[str, ...]) -> str | None:
            wanted = usual if given is None else (given.lower(),)
            return next((lower[name] for name in wanted if name in lower), None)

        return Columns(
            time=pick(self.time, TIME),
            label=pick(self.label, LABEL),
            group=pick(self.group, GROUP),
            recording=pick(self.recording, RECORDING),
        )

    @property
    def taken(self) -> frozenset[str]:
        """Every column that is no channel."""
        names = (getattr(self, field.name) for field in fields(self))
        return frozenset(name for name in names if name)

    @property
    def time_scale(self) -> float:
        """Seconds in one unit of the time column."""
        return SCALES.get((self.time or "")[-3:].lower(), 1.0)
