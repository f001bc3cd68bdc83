"""What a dataset holds, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import rich.table

from depthwise.report.terminal import table

_SHOWN = 20


def data_tables(summary: Mapping[str, Any]) -> list[rich.table.Table]:
    """Lay the description of a dataset out for the terminal.

    Args:
        summary: The description in plain values.

    Returns:
        Tables to print: the whole, classes, channels, and their correlation.

    Example:
        >>> channel = {"name": "x", "mean": 0.0, "std": 1.0, "min": -1.0, "max": 1.0}
        >>> report = {"read": 2, "skipped": [], "repaired": [], "noted": []}
        >>> toy = {"name": "toy", "kind": "sensor", "samples": 2, "shape": [1, 8],
        ...     "dtype": "float32", "rate_hz": None, "classes": {"a": 1, "b": 1},
        ...     "parts": {}, "groups": {}, "recordings": 0, "channels": [channel],
        ...     "correlation": [[1.0]], "mean_absolute_correlation": 0.0,
        ...     "copies": [], "leaks": [], "report": report}
        >>> [laid.title for laid in data_tables(toy)]
        ['toy', 'classes', 'channels']
    """
    tables = [_whole(summary), _classes(summary), _channels(summary)]
    if len(summary["channels"]) > 1:
        tables.append(_correlation(summary))
    return tables


def _whole(summary: Mapping[str, Any]) -> rich.table.Table:
    report = summary["report"]
    counted = ", ".join(
        f"{len(report[name])} {name}" for name in ("skipped", "repaired", "noted")
    )
    rows = [
        ("samples", f"{summary['samples']:,}"),
        ("shape", "x".join(map(str, summary["shape"]))),
        ("kind", f"{summary['kind']}, {summary['dtype']}"),
        ("rate", f"{summary['rate_hz']:g} Hz" if summary["rate_hz"] else "-"),
        ("groups", str(len(summary["groups"]) or "-")),
        ("recordings", str(summary["recordings"] or "-")),
        ("read", f"{report['read']:,}; {counted}"),
    ]
    return table(summary["name"], ("", ""), rows)


def _classes(summary: Mapping[str, Any]) -> rich.table.Table:
    parts = list(summary["parts"])
    rows = [
        (name, f"{count:,}", *(f"{summary['parts'][part][name]:,}" for part in parts))
        for name, count in summary["classes"].items()
    ]
    return table("classes", ("class", "samples", *parts), rows)


def _channels(summary: Mapping[str, Any]) -> rich.table.Table:
    keys = ("mean", "std", "min", "max")
    rows = [
        (channel["name"], *(f"{channel[key]:.4g}" for key in keys))
        for channel in summary["channels"][:_SHOWN]
    ]
    return table("channels", ("channel", *keys), rows)


def _correlation(summary: Mapping[str, Any]) -> rich.table.Table:
    names = [channel["name"] for channel in summary["channels"][:_SHOWN]]
    rows = [
        (name, *("-" if r is None else f"{r:+.2f}" for r in row[: len(names)]))
        for name, row in zip(names, summary["correlation"], strict=False)
    ]
    title = f"correlation, mean |r| {summary['mean_absolute_correlation']:.3f}"
    return table(title, ("", *names), rows)


def suspicions(summary: Mapping[str, Any]) -> list[str]:
    """Say what deserves a look: leaks, copies, and what reading came across.

    Args:
        summary: The description in plain values.

    Returns:
        The first twenty in a line each, and how many more there are.

    Example:
        >>> report = {"skipped": [], "repaired": [], "noted": []}
        >>> leaks = ["group 'ann' is in train and test"]
        >>> suspicions({"leaks": leaks, "copies": [], "report": report})
        ["leak: group 'ann' is in train and test"]
    """
    report = summary["report"]
    lines = [f"leak: {text}" for text in summary["leaks"]]
    for findings in (
        summary["copies"],
        report["skipped"],
        report["repaired"],
        report["noted"],
    ):
        lines += [f"{f['rule']}: {f['path']}: {f['got']}" for f in findings]
    more = len(lines) - _SHOWN
    return [*lines[:_SHOWN], f"and {more} more"] if more > 0 else lines
