"""What was exported, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import rich.table

from depthwise.report.terminal import table


def export_table(exported: Mapping[str, Any]) -> rich.table.Table:
    """Lay out what an export wrote and how it compares.

    Args:
        exported: The fields of ``jobs.export.Exported`` as plain values.

    Returns:
        A table to print.

    Example:
        >>> facts = {"path": "a.onnx", "file_bytes": 2048, "opset": 22, "nodes": 3}
        >>> facts |= {"params": 5, "inputs": {"x": "float32[N,4]"}, "outputs": {}}
        >>> export_table({**facts, "check": None}).row_count
        6
    """
    rows = [
        ("file", str(exported["path"])),
        ("size", f"{exported['file_bytes'] / 1e6:.2f} MB"),
        ("opset", str(exported["opset"])),
        ("nodes", str(exported["nodes"])),
        ("parameters", f"{exported['params']:,}"),
    ]
    for kind in ("inputs", "outputs"):
        rows += [(kind[:-1], f"{n}: {t}") for n, t in exported[kind].items()]
    check = exported["check"]
    if check:
        rows += [
            ("compared with", str(check["runtime"])),
            ("its error", f"{check['error']:.1e} (at most {check['bar']:.0e})"),
            ("error of float32 in NumPy", f"{check['own_error']:.1e}"),
        ]
    return table("", ("exported", ""), rows)
