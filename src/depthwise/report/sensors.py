"""What sensors contribute, as tables."""

from __future__ import annotations

import rich.table

from depthwise.diagnosis.sensors import Estimate, Mixing, SensorAnalysis, Way
from depthwise.report.terminal import table

_PAIRS = 3
_ALONE = 1.05


def sensor_tables(told: SensorAnalysis) -> list[rich.table.Table]:
    """Lay a sensor analysis out for the terminal.

    Args:
        told: What was found.

    Returns:
        What each sensor contributes, and how layers mix them.
    """
    title = (
        f"accuracy lost without a sensor, in points with 95 % intervals "
        f"(of {100 * told.accuracy:.1f} %, {told.samples} samples)"
    )
    head = ("sensor", *(f"{way}" for way in Way))
    mixed = ("layer", "channels a filter is made of", "filters of one channel")
    return [
        table(title, head, contribution_rows(told)),
        table("how filters mix the channels", mixed, mixing_rows(told)),
    ]


def contribution_rows(told: SensorAnalysis) -> list[tuple[str, ...]]:
    """Write what is lost without each sensor, one column a way.

    Args:
        told: What was found.

    Returns:
        Rows of text.
    """
    names = dict.fromkeys(entry.sensor for entry in told.contributions)
    drops = {(entry.sensor, entry.way): entry.drop for entry in told.contributions}
    return [
        (name, *(points_of(drops.get((name, way))) for way in Way)) for name in names
    ]


def mixing_rows(told: SensorAnalysis) -> list[tuple[str, ...]]:
    """Write of how many channels each layer's filters are made.

    Args:
        told: What was found.

    Returns:
        Rows of text.
    """
    count = len(told.channels)
    return [
        (entry.layer, f"{entry.mean_reach:.1f} of {count}", f"{_single(entry):.0f} %")
        for entry in told.mixing
    ]


def sensor_lines(told: SensorAnalysis) -> list[str]:
    """Say how alike the sensors are, and which matter together.

    Args:
        told: What was found.

    Returns:
        A line a fact.
    """
    near = told.closeness
    known = (("within", near.within), ("across", near.across))
    means = [f"{value:.2f} {where} sensors" for where, value in known if value]
    lines = [f"mean |correlation| of channels: {', '.join(means)}"] if means else []
    strongest = told.strongest_lags()[:1]
    for first, second, rho, lag in strongest:
        steps = "1 sample" if abs(lag) == 1 else f"{abs(lag)} samples"
        when = f"{steps} {'later' if lag > 0 else 'earlier'}"
        where = when if lag else "at the same time"
        lines.append(f"most alike: {first} and {second} {where}, ρ {rho:+.2f}")
    for pair in [p for p in told.pairs if p.beyond.sure][:_PAIRS]:
        names = " and ".join(pair.sensors)
        tail = (
            "stand in for one another: without both"
            if pair.beyond.value > 0
            else "are worth little without the other: without both"
        )
        points = points_of(pair.drop)
        lines.append(f"{names} {tail} {points} points are lost")
    return lines


def points_of(drop: Estimate | None) -> str:
    """Write a share in points, with its interval.

    Args:
        drop: The share, 0 to 1; None for none.

    Returns:
        The text.

    Example:
        >>> points_of(Estimate(0.1, 0.05, 0.2))
        '10.0 (5.0 to 20.0)'
    """
    if drop is None:
        return ""
    value, low, high = (100 * part for part in (drop.value, drop.low, drop.high))
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def _single(entry: Mixing) -> float:
    """Share of filters, in percent, of which one channel is all but everything."""
    return 100 * float((entry.reach < _ALONE).mean())
