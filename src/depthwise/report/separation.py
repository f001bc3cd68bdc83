"""What became of a network that was taken apart, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import rich.table

from depthwise.report.terminal import table, thousands

_STEPS = {
    "before": "as it was",
    "closed_form": "taken apart",
    "repaired": "repaired on data",
    "finetuned": "fine-tuned",
}


def separation_tables(told: Mapping[str, Any]) -> list[rich.table.Table]:
    """Lay out what separation did.

    Args:
        told: ``SeparationReport.to_dict()``.

    Returns:
        Layers that changed, layers that stayed and why, and costs before and after.

    Example:
        >>> cost = {"before": 4, "after": 2}
        >>> made = {"name": "n", "layers": [], "samples": 0, "macs": cost}
        >>> len(separation_tables(made | {"params": cost, "accuracy": {}}))
        2
    """
    changed = [layer for layer in told["layers"] if layer["order"]]
    stayed = [layer for layer in told["layers"] if not layer["order"]]
    source = f"{told['samples']:,} samples" if told["samples"] else "weights alone"
    what = "output" if told["samples"] else "weights"
    head = ("layer", "order", "terms", "of", "energy kept", f"error of {what}")
    rows = [_changed(layer) for layer in changed]
    title = f"{told['name']}: taken apart, judged by {source}"
    tables = [table(title, (*head, "MACs before", "after"), rows)]
    if stayed:
        kept = [
            (layer["layer"], thousands(layer["macs"]["before"]), layer["kept_because"])
            for layer in stayed
        ]
        names = ("stays", "MACs", "because")
        tables.append(table("", names, kept, prose=[2]))
    figures = [_figure("MACs", told["macs"]), _figure("parameters", told["params"])]
    tables.append(table("cost", ("", "before", "after", "share"), figures))
    if told["accuracy"]:
        scores = [(_STEPS[k], f"{100 * v:.2f} %") for k, v in told["accuracy"].items()]
        tables.append(table("accuracy on samples not looked at", ("", ""), scores))
    return tables


def _changed(layer: Mapping[str, Any]) -> tuple[str, ...]:
    costs = layer["macs"]
    return (
        layer["layer"],
        layer["order"],
        str(layer["terms"]),
        str(layer["rank"]),
        f"{100 * layer['energy']:.1f} %",
        f"{100 * layer['error']:.1f} %",
        *(thousands(costs[end]) for end in ("before", "after")),
    )


def _figure(name: str, ends: Mapping[str, int]) -> tuple[str, ...]:
    before, after = ends["before"], ends["after"]
    share = f"{100 * after / before:.1f} %" if before else ""
    return name, thousands(before), thousands(after), share
