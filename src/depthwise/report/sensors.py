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
    names = dict.fromkeys(entry.sensor for entry in told.contributions)
    drops = {(entry.sensor, entry.way): entry.drop for entry in told.contributions}
    rows = [(name, *(_points(drops.get((name, way))) for way in Way)) for name in names]
    title = (
        f"accuracy lost without a sensor, in points with 95 % intervals "
        f"(of {100 * told.accuracy:.1f} %, {told.samples} samples)"
    )
    head = ("sensor", *(f"{way}" for way in Way))
    count = len(told.channels)
    layers = [
        (entry.layer, f"{entry.mean_reach:.1f} of {count}", f"{_single(entry):.0f} %")
        for entry in told.mixing
    ]
    mixed = ("layer", "channels a filter is made of", "filters of one channel")
    return [
        table(title, head, rows),
        table("how filters mix the channels", mixed, layers),
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
        points = _points(pair.drop)
        lines.append(f"{names} {tail} {points} points are lost")
    return lines


def _points(drop: Estimate | None) -> str:
    if drop is None:
        return ""
    value, low, high = (100 * part for part in (drop.value, drop.low, drop.high))
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def _single(entry: Mixing) -> float:
    """Share of filters, in percent, of which one channel is all but everything."""
    return 100 * float((entry.reach < _ALONE).mean())
