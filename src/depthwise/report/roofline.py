"""Rooflines as tables, and the answer to "fewer MACs, why not faster?"."""

from __future__ import annotations

import rich.table

from depthwise.costing.roofline import Roofline, UnitTime, reasons, times_by_kind
from depthwise.report.terminal import table, thousands


def roofline_tables(
    roofline: Roofline, *, layers: bool = True
) -> list[rich.table.Table]:
    """Lay a roofline out for the terminal.

    Args:
        roofline: A network on a machine.
        layers: Whether to show every unit.

    Returns:
        Tables to print: the machine, units, kinds, whole networks where measured.

    Example:
        >>> from depthwise.costing.roofline import Level, Machine, Pace
        >>> machine = Machine("small", 1, 50.0, (Level("memory", 1 << 40, 10.0),))
        >>> nothing = Roofline("nothing", 1, machine, Pace("engine"), ())
        >>> len(roofline_tables(nothing))
        4
    """
    tables = [machine_table(roofline)]
    if layers:
        tables.append(_units(roofline))
    tables.append(_kinds(roofline))
    tables.append(_whole(roofline))
    return tables


def machine_table(roofline: Roofline) -> rich.table.Table:
    """Lay out the roofs of a machine.

    Args:
        roofline: Any network on it.

    Returns:
        The peak and a row a level of memory.

    Example:
        >>> from depthwise.costing.roofline import Level, Machine, Pace
        >>> machine = Machine("small", 1, 50.0, (Level("memory", 1 << 40, 10.0),))
        >>> machine_table(Roofline("n", 1, machine, Pace("engine"), ())).row_count
        2
    """
    machine = roofline.machine
    rows = [("arithmetic", "", f"{machine.peak_gflops:.1f} GFLOP/s", "")]
    for level in machine.levels:
        size = thousands(level.nbytes) if level is not machine.levels[-1] else ""
        speed = f"{level.bandwidth_gbs:.1f} GB/s"
        rows.append((level.name, size, speed, f"{machine.ridge(level):.2f}"))
    head = ("roof", "bytes", "at most", "operations a byte to reach the peak")
    return table(f"{machine.cpu}, {machine.threads} thread(s)", head, rows)


def reason_lines(roofline: Roofline) -> list[str]:
    """Answer why fewer multiply-accumulates are not always faster.

    Args:
        roofline: A network on a machine.

    Returns:
        Lines: for the prediction, and for each engine that was measured.

    Example:
        >>> from depthwise.costing.roofline import Level, Machine, Pace
        >>> machine = Machine("small", 1, 50.0, (Level("memory", 1 << 40, 10.0),))
        >>> reason_lines(Roofline("nothing", 1, machine, Pace("engine"), ()))
        ['Fewer MACs, why not faster?', '  time follows the multiply-accumulates']
    """
    lines = ["Fewer MACs, why not faster?"]
    for engine in roofline.engines or ("",):
        if engine:
            lines.append(f" In {engine}:")
        found = reasons(roofline, engine) or ("time follows the multiply-accumulates",)
        lines += [f"  {sentence}" for sentence in found]
    return lines


def _units(roofline: Roofline) -> rich.table.Table:
    engines = roofline.engines
    head = ("runs as one", "kind", "MACs", "op/B", "limit", "least", "predicted")
    rows = [_unit(time, roofline) for time in roofline.units]
    title = f"{roofline.name}, batch {roofline.batch}: µs (percent of the bound)"
    return table(title, (*head, *engines), rows)


def _unit(time: UnitTime, roofline: Roofline) -> list[str]:
    unit = time.unit
    row = [unit.name, _short(unit.kind), thousands(unit.macs), f"{unit.intensity:.1f}"]
    row += [time.limit, _us(time.bound.latency_us), _us(time.predicted_us)]
    for engine in roofline.engines:
        share = time.percent_of_bound(engine)
        spent = _us(time.measured_us.get(engine))
        row.append(spent if share is None else f"{spent} ({share:.0f} %)")
    return row


_SHORT = {"depthwise": "dw", "pointwise": "pw"}


def _short(kind: str) -> str:
    """Abbreviate kinds that run as one."""
    parts = kind.split("+")
    return "+".join(_SHORT.get(p, p) for p in parts) if len(parts) > 1 else kind


def _kinds(roofline: Roofline) -> rich.table.Table:
    head = ["kind", "units", "MACs", "share", "op/byte", "limit", "least", "predicted"]
    engines = roofline.engines
    columns = {
        engine: {k.kind: k for k in times_by_kind(roofline, engine)}
        for engine in engines
    }
    wholes = {e: sum(k.measured_us for k in columns[e].values()) for e in engines}
    rows = []
    for kind in times_by_kind(roofline):
        row = [kind.kind, str(kind.units), thousands(kind.macs)]
        row += [_share(kind.macs, roofline.macs), f"{kind.intensity:.2f}", kind.limit]
        row.append(_share(kind.bound_us, roofline.bound_us))
        row.append(_share(kind.predicted_us, roofline.predicted_us))
        row += [_share(columns[e][kind.kind].measured_us, wholes[e]) for e in engines]
        rows.append(row)
    return table("shares of arithmetic and of time", [*head, *engines], rows)


def _whole(roofline: Roofline) -> rich.table.Table:
    rows = [("each unit at its roof", _us(roofline.bound_us), "")]
    predicted = roofline.predicted_us
    share = _share(roofline.bound_us, predicted)
    rows.append((f"predicted for {roofline.pace.engine}", _us(predicted), share))
    for engine, spent in sorted(roofline.whole_us.items(), key=lambda item: item[1]):
        rows.append(
            (f"measured: {engine}", _us(spent), _share(roofline.bound_us, spent))
        )
    return table("the whole network", ("", "µs", "of bound"), rows)


def _us(spent: float | None) -> str:
    if spent is None:
        return ""
    return f"{spent:,.1f}" if spent < 1000 else f"{spent:,.0f}"


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"
