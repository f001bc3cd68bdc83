"""Compiled networks in tables: where the time goes, and what the code is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import rich.table

from depthwise.engine import StepTime
from depthwise.report.terminal import table, thousands


def profile_table(times: Sequence[StepTime]) -> rich.table.Table:
    """Lay out where the time of one run goes.

    Args:
        times: One a step, in order.

    Returns:
        A table to print, with the sum below.

    Example:
        >>> profile_table([StepTime("relu", ("act",), 2.0, 0)]).row_count
        2
    """
    rows = [_time_row(short(time.nodes), time) for time in times]
    total = sum(time.latency_us for time in times)
    macs = sum(time.macs for time in times)
    peak = times[0].peak_gflops if times else 0.0
    rows.append(_time_row("all", StepTime("", (), total, macs, peak)))
    return table("", ("layers", "kernel", "us", "MACs", "% of peak"), rows, prose=[1])


def _time_row(name: str, time: StepTime) -> tuple[str, ...]:
    share = f"{time.percent_of_peak:.0f}" if time.macs else ""
    macs = thousands(time.macs) if time.macs else ""
    return (name, time.kernel, f"{time.latency_us:.1f}", macs, share)


def short(nodes: Sequence[str]) -> str:
    """Name several nodes in one cell.

    Args:
        nodes: Names.

    Returns:
        The first, and how many more there are.

    Example:
        >>> short(["a.conv", "a.relu"]), short([])
        ('a.conv +1', '')
    """
    if not nodes:
        return ""
    more = f" +{len(nodes) - 1}" if len(nodes) > 1 else ""
    return f"{nodes[0]}{more}"


def schedule_table(steps: Sequence[Mapping[str, Any]]) -> rich.table.Table:
    """Lay out the steps of a compiled network.

    Args:
        steps: Facts of each step, as ``jobs.inspecting.step_facts`` gives them.

    Returns:
        A table to print.

    Example:
        >>> facts = {"number": 0, "nodes": ["a"], "kernel": "relu", "macs": 0}
        >>> facts |= {"units": 4, "images": 1, "barrier": True, "weight_bytes": 0}
        >>> schedule_table([facts]).row_count
        1
    """
    rows = [
        (
            str(step["number"]),
            short(step["nodes"]),
            str(step["kernel"]),
            str(step["units"]),
            thousands(step["macs"]),
            thousands(step["weight_bytes"]),
            "yes" if step["barrier"] else "",
        )
        for step in steps
    ]
    head = ("step", "nodes", "kernel", "units", "MACs", "weights", "barrier")
    return table("", head, rows, prose=[1, 2])


def memory_line(memory: Mapping[str, int]) -> str:
    """Say in one line what a compiled network needs.

    Args:
        memory: Bytes by name, as ``jobs.inspecting.memory_facts`` gives them.

    Returns:
        A sentence.

    Example:
        >>> memory = {"arena_bytes": 64, "scratch_bytes": 0, "weight_bytes": 8}
        >>> memory_line({**memory, "predicted_bytes": 64, "limit_bytes": 96})
        'activations 64 bytes, scratch 0 (counted: 64, at most 96); weights 8 bytes'
    """
    arena, scratch = memory["arena_bytes"], memory["scratch_bytes"]
    counted, weights = memory["predicted_bytes"], memory["weight_bytes"]
    limit = memory["limit_bytes"]
    return (
        f"activations {arena:,} bytes, scratch {scratch:,} "
        f"(counted: {counted:,}, at most {limit:,}); weights {weights:,} bytes"
    )
