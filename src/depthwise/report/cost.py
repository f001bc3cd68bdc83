"""Cost reports as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import rich.table

from depthwise.costing import Branch, CostReport, Kind
from depthwise.report.terminal import table, thousands


def cost_tables(report: CostReport, *, layers: bool = True) -> list[rich.table.Table]:
    """Lay a cost report out for the terminal.

    Args:
        report: What to show.
        layers: Whether to show the tree of layers.

    Returns:
        Tables to print, totals last.

    Example:
        >>> len(cost_tables(CostReport("nothing", 1, ())))
        3
    """
    tables = [_layers(report)] if layers else []
    kinds = [
        (str(kind), thousands(macs), _share(macs, report.macs), thousands(params))
        for kind, (macs, params) in report.by_kind.items()
        if macs or params or kind is Kind.DEPTHWISE
    ]
    total = ("total", thousands(report.macs), _share(1, 1), thousands(report.params))
    kinds.append(total)
    tables.append(
        table(f"{report.name} by kind", ("kind", "MACs", "share", "params"), kinds)
    )
    if report.unknown:
        tables.append(unknown_table(report))
    tables.append(_totals(report))
    return tables


def all_tables(
    reports: Sequence[CostReport], *, layers: bool = True, what_if: bool = False
) -> list[rich.table.Table]:
    """Lay networks out one below the other, then side by side.

    Args:
        reports: One or more.
        layers: Whether to show the trees of layers.
        what_if: Whether to show what dense layers would cost taken apart.

    Returns:
        Tables to print.

    Example:
        >>> nothing = CostReport("nothing", 1, ())
        >>> len(all_tables([nothing])), len(all_tables([nothing, nothing]))
        (3, 7)
    """
    found = []
    for report in reports:
        tables = cost_tables(report, layers=layers)
        if what_if:
            tables.insert(-1, alternatives_table(report))
        found += tables
    return [*found, comparison_table(reports)] if len(reports) > 1 else found


def _layers(report: CostReport) -> rich.table.Table:
    head = ("layer", "kind", "MACs", "share", "params", "output", "sees", "dense")
    rows = [_row(depth, branch, report.macs) for depth, branch in _visible(report.tree)]
    return table(f"{report.name}, batch {report.batch}", head, rows)


def _visible(root: Branch, depth: int = 0) -> Iterator[tuple[int, Branch]]:
    for branch in root.children:
        if branch.macs:
            yield depth, branch
            yield from _visible(branch, depth + 1)


def _row(depth: int, branch: Branch, whole: int) -> tuple[str, ...]:
    """Lay out one branch; kind, output, field and dense cost of single layers only."""
    name = "  " * depth + branch.name + _folded(branch.times)
    macs, share = thousands(branch.macs), _share(branch.macs, whole)
    params = thousands(branch.params)
    if branch.children:
        return (name, "", macs, share, params, "", "", "")
    first = branch.layers[0]
    dense = sum(layer.dense_macs for layer in branch.layers)
    shape = _product(first.output_shape[1:])
    field = _square(first.receptive_field)
    times = _times(dense, branch.macs)
    return (name, str(first.kind), macs, share, params, shape, field, times)


def _square(sizes: tuple[int, ...]) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else _product(sizes)


TOTALS = {
    "forward MACs, as papers count": "macs",
    "  without taps on padding": "real_macs",
    "backward MACs, for all that is trained": "backward_macs",
    "parameters": "params",
    "bytes moved, each operand once": "moved_bytes",
    "most bytes of activations alive at once": "peak_bytes",
}
"""Attributes of a report, by what they are called."""


def _totals(report: CostReport) -> rich.table.Table:
    rows = [(title, f"{getattr(report, name):,}") for title, name in TOTALS.items()]
    return table(f"{report.name}: totals", ("", ""), rows)


def comparison_table(reports: Sequence[CostReport]) -> rich.table.Table:
    """Lay totals of networks side by side.

    Args:
        reports: Two or more.

    Returns:
        One column a network.

    Example:
        >>> nothing = CostReport("nothing", 1, ())
        >>> comparison_table([nothing, nothing]).row_count
        6
    """
    rows = [
        (title, *(thousands(getattr(report, name)) for report in reports))
        for title, name in TOTALS.items()
    ]
    return table("side by side", ("", *(report.name for report in reports)), rows)


ALTERNATIVES = (
    "dense layer", "MACs", "separable", "ratio", "blueprint", "rank 2", "rank 4",
    "pays up to rank",
)  # fmt: skip


def alternatives_rows(report: CostReport) -> list[tuple[str, ...]]:
    """Write what each dense layer would cost taken apart.

    Args:
        report: What was counted.

    Returns:
        One row a dense layer with more than one tap, under the titles of
        ``ALTERNATIVES``; of rank T is a sum of T separable convolutions.

    Example:
        >>> alternatives_rows(CostReport("nothing", 1, ()))
        []
    """
    return [
        (
            layer.name,
            thousands(layer.dense),
            thousands(layer.separable),
            f"{layer.ratio:.3f}",
            thousands(layer.blueprint),
            thousands(layer.rank(2)),
            thousands(layer.rank(4)),
            str(layer.pays_up_to) if layer.pays_up_to else "never",
        )
        for layer in report.taken_apart
    ]


def alternatives_table(report: CostReport) -> rich.table.Table:
    """Lay out what each dense layer would cost taken apart.

    Args:
        report: What was counted.

    Returns:
        One row a dense layer with more than one tap.

    Example:
        >>> alternatives_table(CostReport("nothing", 1, ())).row_count
        0
    """
    return table(f"{report.name} taken apart", ALTERNATIVES, alternatives_rows(report))


def unknown_table(report: CostReport) -> rich.table.Table:
    """Lay out operators that the table lacks: what they do is in no total.

    Args:
        report: What was counted.

    Returns:
        One row a node.

    Example:
        >>> unknown_table(CostReport("nothing", 1, ())).row_count
        0
    """
    rows = [
        (layer.name, layer.op, _product(layer.output_shape[1:]), "not counted")
        for layer in report.unknown
    ]
    title = "unknown operators, in no total; memory is at most what is said"
    return table(title, ("node", "operator", "output", "MACs"), rows)


def _folded(times: int) -> str:
    return f" (x{times})" if times > 1 else ""


def _product(sizes: tuple[int, ...]) -> str:
    return "x".join(map(str, sizes))


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _times(dense: int, own: int) -> str:
    return f"{dense / own:.0f}x" if own and dense != own else ""
