"""Why fewer multiply-accumulates are not always faster, in sentences with figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from depthwise.costing.roofline.bound import COMPUTE
from depthwise.costing.roofline.times import Roofline, UnitTime

_FAR = 0.1
"""Below this share of the bound, nothing that a roof stands for can be the reason."""


@dataclass(frozen=True, slots=True)
class KindTime:
    """Units of one kind together.

    Args:
        kind: "depthwise", "depthwise+pointwise" and so on.
        units: How many.
        macs: Multiply-accumulates.
        moved_bytes: Bytes read and written.
        bound_us: The least time.
        predicted_us: The predicted time.
        measured_us: The measured time, or 0 where none is known.
        limit: What limits most of the time.

    Example:
        >>> KindTime("linear", 1, 1000, 4000, 2.0, 4.0, 0.0, "L2").intensity
        0.5
    """

    kind: str
    units: int
    macs: int
    moved_bytes: int
    bound_us: float
    predicted_us: float
    measured_us: float
    limit: str

    @property
    def intensity(self) -> float:
        """Operations a byte."""
        return 2 * self.macs / self.moved_bytes if self.moved_bytes else 0.0

    @property
    def time_us(self) -> float:
        """The measured time where there is one, else the predicted."""
        return self.measured_us or self.predicted_us


def times_by_kind(roofline: Roofline, engine: str = "") -> tuple[KindTime, ...]:
    """Add units up by kind.

    Args:
        roofline: A network on a machine.
        engine: Whose measured times count; none if empty.

    Returns:
        The kinds, the one that takes longest first.
    """
    held: dict[str, list[UnitTime]] = {}
    for time in roofline.units:
        held.setdefault(time.unit.kind, []).append(time)
    sums = [_together(kind, times, engine) for kind, times in held.items()]
    return tuple(sorted(sums, key=lambda one: -one.time_us))


def _together(kind: str, times: list[UnitTime], engine: str) -> KindTime:
    limits: Counter[str] = Counter()
    for time in times:
        limits[time.limit] += round(1e3 * time.bound.latency_us)
    return KindTime(
        kind,
        len(times),
        sum(time.unit.macs for time in times),
        sum(time.unit.moved_bytes for time in times),
        sum(time.bound.latency_us for time in times),
        sum(time.predicted_us for time in times),
        sum(time.measured_us.get(engine, 0.0) for time in times),
        limits.most_common(1)[0][0],
    )


def reasons(roofline: Roofline, engine: str = "") -> tuple[str, ...]:
    """Say which kinds of layer take more of the time than of the arithmetic, and why.

    Args:
        roofline: A network on a machine.
        engine: Whose measured times count; the prediction's if empty.

    Returns:
        One sentence a kind; none where time follows the multiply-accumulates.
    """
    kinds = times_by_kind(roofline, engine)
    whole = sum(kind.time_us for kind in kinds)
    if not whole:
        return ()
    word = "measured" if engine else "predicted"
    return tuple(
        f"{kind.kind}: {_percent(kind.macs, roofline.macs)} of the "
        f"multiply-accumulates, {_percent(kind.time_us, whole)} of the {word} time. "
        f"{_reason(kind, roofline)}"
        for kind in kinds
        if kind.time_us / whole > max(1.25 * kind.macs / (roofline.macs or 1), 0.01)
    )


def _reason(kind: KindTime, roofline: Roofline) -> str:
    percent = _percent(kind.bound_us, kind.time_us)
    if kind.bound_us < _FAR * kind.time_us:
        return (
            f"No roof limits it: {percent} of its own is reached; calls take the rest."
        )
    if kind.limit != COMPUTE:
        levels = {level.name: level for level in roofline.machine.levels}
        ridge = roofline.machine.ridge(levels[kind.limit])
        return (
            f"{kind.intensity:.2g} operations a byte, where {kind.limit} needs "
            f"{ridge:.2g} to keep the arithmetic busy: {kind.limit} limits it."
        )
    return f"Arithmetic limits it, and {percent} of that roof is reached."


def compared(first: Roofline, second: Roofline, engine: str = "") -> str:
    """Say how the times of two networks compare, and their multiply-accumulates.

    Args:
        first: The one that is the measure.
        second: The other one.
        engine: Whose measured times count; the prediction's if empty.

    Returns:
        A sentence.
    """
    macs = second.macs / (first.macs or 1)
    bytes_moved = _moved(second.units) / (_moved(first.units) or 1)
    time = _spent(second, engine) / (_spent(first, engine) or 1)
    return (
        f"{second.name} has {macs:.2f} times the multiply-accumulates of {first.name}, "
        f"moves {bytes_moved:.2f} times the bytes, and takes {time:.2f} times as long."
    )


def _moved(times: Iterable[UnitTime]) -> int:
    return sum(time.unit.moved_bytes for time in times)


def _spent(roofline: Roofline, engine: str) -> float:
    return sum(kind.time_us for kind in times_by_kind(roofline, engine))


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "0 %"
