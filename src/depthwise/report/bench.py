"""Timings against other runtimes: for the terminal, the README and a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import rich.table

from depthwise.report.terminal import table

Row = Mapping[str, Any]

_HIDDEN = """This CPU has AVX-512. It was hidden from every runtime, the engine
included: CPUID faults and answers without it (`--isa avx2`,
`benchmarks/restrict_cpuid.c`), so each picks the code that it has for AVX2.
"""
_TINY = 10_000_000
_ENOUGH = {True: 85.0, False: 92.0}
"""Percent of peak at which a tiny network, or another, has met any bar."""


def bench_table(rows: Sequence[Row]) -> rich.table.Table:
    """Lay timings out for the terminal.

    Args:
        rows: What ``jobs.bench.bench`` gives.

    Returns:
        A table: a line a network and number of threads.

    Example:
        >>> bench_table([]).row_count
        0
    """
    head = ("network", "threads", "engine", "best peer", "ratio", "at least", "of peak")
    cells = []
    for row in rows:
        times, best = row["median_us"], row["best_peer"]
        cells.append(
            (
                row["case"],
                str(row["threads"]),
                microseconds(times["engine"]),
                f"{best} {microseconds(times[best])}",
                f"{row['ratio']:.2f}",
                f"{row['ratio_low']:.2f}",
                f"{row['percent_of_peak']:.0f} %",
            )
        )
    return table("", head, cells)


def microseconds(value: float) -> str:
    """Write a time so that a person can read it.

    Args:
        value: Microseconds.

    Returns:
        The time with its unit.

    Example:
        >>> microseconds(15.1), microseconds(7460)
        ('15.1 µs', '7.46 ms')
    """
    return f"{value / 1e3:.2f} ms" if value >= 1000 else f"{value:.1f} µs"


def readme_table(report: Mapping[str, Any]) -> str:
    """Write the short tables of the README.

    Args:
        report: Content of ``results/engine.json``.

    Returns:
        Markdown: a table a machine; a line a network, two columns a number of threads.

    Example:
        >>> readme_table({"machines": []})
        ''
    """
    tables = []
    for section in report["machines"]:
        head = machine_of(section["machine"])
        tables.append(f"{head}:\n\n{_short_table(section['cases'])}")
    return "\n".join(tables)


def machine_of(machine: Mapping[str, Any]) -> str:
    """Name a machine and the instructions that programs on it saw.

    Args:
        machine: "cpu", "cores", "isa" and "avx512_hidden".

    Returns:
        A phrase.

    Example:
        >>> facts = {"cpu": "Chip", "cores": 2, "isa": "avx2", "avx512_hidden": True}
        >>> machine_of(facts)
        'AVX2 (AVX-512 hidden from every runtime), 2 cores of Chip'
    """
    isa = {"avx2": "AVX2", "avx512": "AVX-512"}.get(machine["isa"], machine["isa"])
    hidden = " (AVX-512 hidden from every runtime)" if machine["avx512_hidden"] else ""
    return f"{isa}{hidden}, {machine['cores']} cores of {machine['cpu']}"


def _short_table(rows: Sequence[Row]) -> str:
    counts = sorted({row["threads"] for row in rows})
    head = ["network"]
    for count in counts:
        head += [_threads(count), "of peak"]
    lines = [head, ["---"] * len(head)]
    for case in dict.fromkeys(row["case"] for row in rows):
        found = {row["threads"]: row for row in rows if row["case"] == case}
        cells = [case]
        for count in counts:
            cells += _short(found[count]) if count in found else ["", ""]
        lines.append(cells)
    return _markdown(lines)


def bench_page(report: Mapping[str, Any]) -> str:
    """Write every timing, those that lose included.

    Args:
        report: Content of ``results/engine.json``.

    Returns:
        Markdown: for each machine a table a number of threads, then versions.
    """
    return "\n".join(_section(section) for section in report["machines"])


def _section(section: Mapping[str, Any]) -> str:
    rows, machine = section["cases"], section["machine"]
    parts = [f"## {machine_of(machine)}\n"]
    if machine["avx512_hidden"]:
        parts.append(_HIDDEN)
    for count in sorted({row["threads"] for row in rows}):
        chosen = [row for row in rows if row["threads"] == count]
        parts.append(f"### {_threads(count).capitalize()}\n\n{_full(chosen)}")
    found = ", ".join(f"{name} {text}" for name, text in section["versions"].items())
    return "\n".join([*parts, f"Measured with {found}.\n"])


def _full(rows: Sequence[Row]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row["median_us"]))
    head = ["network", *names, "ratio", "at least", "bar", "of peak"]
    head += ["rounds", "cores"]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    for row in rows:
        times = [row["median_us"].get(name) for name in names]
        bar = row.get("bar")
        lines.append(
            [
                row["case"],
                *["-" if value is None else microseconds(value) for value in times],
                f"{row['ratio']:.3f}",
                f"{row['ratio_low']:.3f}",
                _verdict(row, bar),
                f"{row['percent_of_peak']:.0f} %",
                f"{row['rounds_kept']} of {row['rounds']}",
                str(row["cores_allowed"]),
            ]
        )
    return _markdown(lines)


def _verdict(row: Row, bar: float | None) -> str:
    if bar is None:
        return "-"
    if row["ratio_low"] >= bar:
        return f"{bar:.2f} met"
    enough = _ENOUGH[row["macs"] < _TINY]
    of_peak = row["percent_of_peak"] >= enough
    return f"{bar:.2f} " + (f"met by {enough:.0f} % of peak" if of_peak else "missed")


def _short(row: Row) -> list[str]:
    ratio = f"{row['ratio']:.2f} × {row['best_peer']}"
    return [ratio, f"{row['percent_of_peak']:.0f} %"]


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def _markdown(lines: Sequence[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
