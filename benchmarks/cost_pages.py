"""Write the measured tables of docs/cost.md from results/*.json.

    python -m benchmarks.cost_pages

Each table stands between two marks; what is outside them is written by hand.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.training_pages import fill, markdown

from depthwise.files import write_text

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/cost.md"
COUNTERS = ROOT / "results/counters.json"
ROOFLINE = ROOT / "results/roofline.json"
Figures = Mapping[str, Any]


def read(path: Path) -> Figures:
    """Read figures that were measured."""
    found: Figures = json.loads(path.read_text("utf-8"))
    return found


def cell(found: int | None, right: int) -> str:
    """Write what a counter says in parts of what is right, if it is wrong."""
    if found is None:
        return "**fails**"
    return "1" if found == right else f"**{part(found / right)}**"


def part(ratio: float) -> str:
    """Write a wrong ratio with as many digits as show that it is wrong."""
    if ratio == 0:
        return "0"
    digits = 2
    while float(f"{ratio:.{digits}f}") in {0.0, 1.0}:
        digits += 1
    return f"{ratio:.{digits}f}"


def counters(found: Figures) -> str:
    """One row a case: what is right, and every counter in parts of it."""
    names = list(found["rows"][0]["others"])
    rows = []
    for row in found["rows"]:
        right = row["loops"]
        others = [cell(row["others"][name], right["forward"]) for name in names]
        behind = cell(row["torch_backward"], right["backward"])
        counts = [f"{right[one]:,}" for one in ("forward", "real", "backward")]
        mine = [
            cell(row["depthwise"][one], right[one]) for one in ("forward", "backward")
        ]
        rows.append([row["title"], *counts, mine[0], *others, mine[1], behind])
    counts = ["forward", "on elements", "backward"]
    backward = ["depthwise, backward", "torch, backward"]
    return markdown(["case", *counts, "depthwise", *names, *backward], rows)


def verdicts(found: Figures) -> str:
    """Say how many cases each counter has right."""
    rows, lines = found["rows"], []
    forward = {"depthwise": [row["depthwise"]["forward"] for row in rows]}
    for name in rows[0]["others"]:
        forward[name] = [row["others"][name] for row in rows]
    for name, counts in forward.items():
        right = sum(
            count == row["loops"]["forward"]
            for count, row in zip(counts, rows, strict=True)
        )
        backward = {
            "depthwise": [row["depthwise"]["backward"] for row in rows],
            "torch": [row["torch_backward"] for row in rows],
        }.get(name)
        behind = "does not count it"
        if backward is not None:
            good = sum(
                count == row["loops"]["backward"]
                for count, row in zip(backward, rows, strict=True)
            )
            behind = f"{good} of {len(rows)}"
        package = found["versions"].get(name.partition(",")[0], "")
        lines.append([f"{name} {package}".strip(), f"{right} of {len(rows)}", behind])
    return markdown(["counter", "forward right", "backward right"], lines)


def tables() -> dict[str, str]:
    """Make every table of the page."""
    found = read(COUNTERS)
    return {"counters": counters(found), "verdicts": verdicts(found)}


def write_pages() -> None:
    """Put the tables on the page."""
    write_text(PAGE, fill(PAGE.read_text(encoding="utf-8"), tables()))


def main() -> int:
    """Write the page."""
    write_pages()
    return 0


if __name__ == "__main__":
    sys.exit(main())
