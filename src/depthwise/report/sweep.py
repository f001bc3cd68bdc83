"""Widths and resolutions as a table."""

from __future__ import annotations

import rich.table

from depthwise.costing.sweep import Sweep, Variant
from depthwise.report.terminal import table, thousands


def sweep_table(found: Sweep) -> rich.table.Table:
    """Lay widths and resolutions out, the cheapest last.

    Args:
        found: What was counted.

    Returns:
        One row a variant; those that no other beats bear a mark.

    Example:
        >>> sweep_table(Sweep("nothing", 1, ())).row_count
        0
    """
    head = ["width", "input", "MACs", "params", "bytes moved", "most alive"]
    head += ["predicted µs", "top-1", "Pareto"]
    front = set(found.front)
    order = sorted(found.variants, key=lambda one: -one.macs)
    rows = [[*_sizes(one), "*" if one in front else ""] for one in order]
    return table(f"{found.name}, batch {found.batch}", head, rows)


def _sizes(one: Variant) -> list[str]:
    return [
        f"{one.width_multiplier:g}",
        "x".join(map(str, one.size)),
        f"{one.macs / 1e6:,.3f} M",
        thousands(one.params),
        thousands(one.moved_bytes),
        thousands(one.peak_bytes),
        "" if one.predicted_us is None else f"{one.predicted_us:,.0f}",
        "" if one.top1 is None else f"{one.top1:.1f} %",
    ]
