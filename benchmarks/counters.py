"""Count the cases with every counter, and write the table: ``make bench-counters``.

    python -m benchmarks.counters

Plain loops say what is right: benchmarks/plain_counting.py does every product of the
forward and the backward pass by itself. Writes results/counters.json and the table in
docs/cost.md; 1 if ours differs from plain loops anywhere.
"""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.cost_pages import COUNTERS, PAGES
from benchmarks.counter_cases import CASES, CounterCase, made
from benchmarks.counter_peers import FORWARD, silence, torch_backward, versions
from benchmarks.plain_counting import plain_count

from depthwise import cost
from depthwise.files import write_json


def loops(case: CounterCase) -> dict[str, int]:
    """Count in plain loops."""
    with silence():
        told = plain_count(made(case), case.shape, gradient_of_input=not case.whole)
    return {
        "forward": told.forward,
        "backward": told.backward,
        "real": told.real,
        "checked": told.checked,
    }


def ours(case: CounterCase) -> dict[str, int]:
    """Count with depthwise."""
    with silence():
        report = cost(made(case), case.shape, input_gradient=not case.whole)
    return {
        "forward": report.macs,
        "backward": report.backward_macs,
        "real": report.real_macs,
    }


def theirs(case: CounterCase) -> dict[str, int | None]:
    """Count with every other counter; None where one fails."""
    found: dict[str, int | None] = {}
    for name, counter in FORWARD.items():
        with silence():
            try:
                found[name] = counter(made(case), case.shape)
            except Exception:  # noqa: BLE001 - a failure is a cell of the table
                found[name] = None
    return found


def torch_gradients(case: CounterCase) -> int:
    """Count the backward pass with torch's counter."""
    with silence():
        return torch_backward(made(case), case.shape, gradient_of_input=not case.whole)


def row_of(case: CounterCase) -> dict[str, Any]:
    """Count one case with all."""
    return {
        "name": case.name,
        "title": case.title,
        "input": list(case.shape),
        "gradient_of_input": not case.whole,
        "loops": loops(case),
        "depthwise": ours(case),
        "others": theirs(case),
        "torch_backward": torch_gradients(case),
    }


def wrong(row: dict[str, Any]) -> bool:
    """Tell whether ours differs from plain loops."""
    return any(row["loops"][part] != found for part, found in row["depthwise"].items())


def main() -> int:
    """Count, write, and say where ours is wrong."""
    rows = []
    for case in CASES:
        rows.append(row_of(case))
        verdict = "differs" if wrong(rows[-1]) else "as plain loops"
        print(f"{case.name}: {rows[-1]['depthwise']['forward']:,}, {verdict}")
    write_json(COUNTERS, {"versions": versions(), "rows": rows})
    PAGES.write()
    return int(any(map(wrong, rows)))


if __name__ == "__main__":
    sys.exit(main())
