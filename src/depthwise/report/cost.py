"""Cost reports as tables."""

from __future__ import annotations

import rich.table

from depthwise.costing import CostReport, Kind
from depthwise.report.terminal import table, thousands


def cost_tables(report: CostReport, *, layers: bool = True) -> list[rich.table.Table]:
    """Lay a cost report out for the terminal.

    Args:
        report: What to show.
        layers: Whether to show every layer that counts anything.

    Returns:
        Tables to print, totals last.

    Example:
        >>> len(cost_tables(CostReport("nothing", 1, ())))
        2
    """
    tables = []
    if layers:
        rows = [
            (
                layer.name,
                layer.kind,
                thousands(layer.macs),
                thousands(layer.params),
                "x".join(map(str, layer.output_shape)),
                _times(layer.dense_macs, layer.macs),
            )
            for layer in report.layers
            if layer.macs or layer.params
        ]
        head = ("layer", "kind", "MACs", "params", "output", "dense would cost")
        tables.append(table(f"{report.name}, batch {report.batch}", head, rows))
    kinds = [
        (str(kind), thousands(macs), _share(macs, report.macs), thousands(params))
        for kind, (macs, params) in report.by_kind.items()
        if macs or params or kind is Kind.DEPTHWISE
    ]
    total = ("total", thousands(report.macs), _share(1, 1), thousands(report.params))
    kinds.append(total)
    tables.append(table("by kind", ("kind", "MACs", "share", "params"), kinds))
    return tables


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _times(dense: int, own: int) -> str:
    return f"{dense / own:.0f}x" if own and dense != own else ""
