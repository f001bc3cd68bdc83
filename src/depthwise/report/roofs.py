"""Layers under the roofs of a machine, as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from depthwise.costing.roofline import Machine, Roofline, UnitTime
from depthwise.report.figures import PALETTE, ticks, titled
from depthwise.report.page import Section, Table

_SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up", "x")


def roofs(networks: Mapping[str, Roofline]) -> Section:
    """Draw every layer of networks under the roofs of their machine.

    Args:
        networks: Rooflines by name, of one machine.

    Returns:
        A section with one figure: operations a byte against operations a second.

    Example:
        >>> from depthwise.costing.roofline import Level, Pace
        >>> machine = Machine("small", 1, 50.0, (Level("memory", 1 << 40, 10.0),))
        >>> nothing = Roofline("nothing", 1, machine, Pace("engine"), ())
        >>> roofs({"nothing": nothing}).title
        'Under the roofs of this machine'
    """
    import plotly.graph_objects as go

    machine = next(iter(networks.values())).machine
    points = [
        (name, time)
        for name, found in networks.items()
        for time in found.units
        if time.unit.macs
    ]
    figure = go.Figure()
    x = [time.unit.intensity for _, time in points] or [1.0]
    _roof_lines(figure, machine, min(*x, 0.1) / 2, max(*x, 10.0) * 2)
    kinds = list(dict.fromkeys(time.unit.kind for _, time in points))
    for index, name in enumerate(networks):
        for kind in kinds:
            here = [t for owner, t in points if (owner, t.unit.kind) == (name, kind)]
            if here:
                title = f"{name}: {kind}" if len(networks) > 1 else kind
                marker = {
                    "color": PALETTE[kinds.index(kind) % 6],
                    "symbol": _SYMBOLS[(kinds.index(kind) + 3 * index) % 6],
                    "size": 9,
                }
                figure.add_scatter(**_points(here), name=title, marker=marker)
    figure.update_xaxes(type="log", dtick=1, tickformat="~g")
    y = [value for trace in figure.data for value in trace.y if value > 0]
    figure.update_yaxes(type="log", tickvals=ticks(y), tickformat=",~g")
    engines = sorted({e for found in networks.values() for e in found.engines})
    word = f"measured in {engines[0]}" if engines else "predicted for the engine"
    text = (
        f"{machine.cpu}, {machine.threads} thread(s), at most "
        f"{machine.peak_gflops:.1f} GFLOP/s. Each point is what runs as one, {word}. "
        "A point under a slope waits for that memory, whatever its arithmetic; one "
        "under the flat roof does not. "
        "Point at it for its figures."
    )
    titled(figure, "", "operations for each byte moved", "GFLOP/s")
    beside = {
        "orientation": "v",
        "x": 1.02,
        "xanchor": "left",
        "y": 1,
        "yanchor": "top",
    }
    figure.update_layout(height=480, legend=beside, margin_t=20)
    tables = {
        f"{name}: units in numbers": _table(one) for name, one in networks.items()
    }
    return Section("Under the roofs of this machine", text, [figure], details=tables)


def _table(found: Roofline) -> Table:
    engines = found.engines
    head = ["runs as one", "kind", "MACs", "operations a byte", "limit"]
    head += ["least, µs", "predicted, µs"]
    for engine in engines:
        head += [f"{engine}, µs", "of its bound"]
    rows = []
    for time in found.units:
        row = [time.unit.name, time.unit.kind, f"{time.unit.macs:,}"]
        row += [f"{time.unit.intensity:.2f}", time.limit]
        row += [f"{time.bound.latency_us:,.1f}", f"{time.predicted_us:,.1f}"]
        for engine in engines:
            share, spent = time.percent_of_bound(engine), time.measured_us.get(engine)
            row.append("" if spent is None else f"{spent:,.1f}")
            row.append("" if share is None else f"{share:.0f} %")
        rows.append(row)
    return Table(head, rows)


def _roof_lines(figure: Any, machine: Machine, low: float, high: float) -> None:
    for index, level in enumerate(machine.levels):
        ridge = machine.ridge(level)
        x = [low, max(low, min(ridge, high)), high]
        y = [min(machine.peak_gflops, level.bandwidth_gbs * each) for each in x]
        dash = ("solid", "dash", "dot", "dashdot")[index % 4]
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            name=f"{level.name}, {level.bandwidth_gbs:.0f} GB/s",
            line={"color": "#8894a3", "dash": dash, "width": 1.5},
            hoverinfo="name",
        )


def _points(times: list[UnitTime]) -> dict[str, Any]:
    spent = [_spent(time) for time in times]
    return {
        "x": [time.unit.intensity for time in times],
        "y": [2e-3 * t.unit.macs / us for t, us in zip(times, spent, strict=True)],
        "mode": "markers",
        "text": [
            f"{t.unit.name}<br>{us:.1f} µs, limit: {t.limit}"
            f"<br>{100 * t.bound.latency_us / us:.0f} % of its bound"
            for t, us in zip(times, spent, strict=True)
        ],
        "hovertemplate": "%{text}<br>%{x:.2f} op/byte, %{y:.1f} GFLOP/s",
    }


def _spent(time: UnitTime) -> float:
    return next(iter(time.measured_us.values()), time.predicted_us) or 1e-3
