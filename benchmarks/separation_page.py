"""Write the measured tables of docs/separation.md from results/separation.json.

    python -m benchmarks.separation_page

Each table stands between two marks; what is outside them is written by hand.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.training_pages import fill, markdown, percent

from depthwise.files import write_text

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/separation.md"
Figures = Mapping[str, Any]
_STAGES = ("weights", "closed_form", "repaired", "finetuned")


def read() -> Figures:
    """Figures that were measured."""
    path = ROOT / "results/separation.json"
    found: Figures = json.loads(path.read_text("utf-8"))
    return found


def networks(found: Figures) -> str:
    """Cost and accuracy, one row a network and budget."""
    rows = []
    for case in found.values():
        whole = (case["macs"], case["params"])
        score = percent(case["accuracy"])
        rows.append(_row(case["title"], "as it was", whole, ["", "", "", score]))
        for budget, told in case["budgets"].items():
            if "macs" not in told:
                continue
            counts = (told["macs"], told["params"])
            scores = [percent(told["accuracy"][stage]) for stage in _STAGES]
            rows.append(_row("", f"budget {budget}", counts, scores))
        for title, told in case["rivals"].items():
            counts = (told["macs"], told["params"])
            score = percent(told["accuracy"])
            rows.append(_row("", title, counts, ["", "", "", score]))
    head = ("network", "", "MACs", "parameters", "by weights", "on data")
    return markdown((*head, "repaired", "trained"), rows, words=2)


def _row(
    title: str, what: str, counts: tuple[int, int], scores: list[str]
) -> list[str]:
    return [title, what, *(f"{count:,}" for count in counts), *scores]


def layers(found: Figures) -> str:
    """What became of each layer at half of the multiply-accumulates."""
    rows = []
    for case in found.values():
        for layer in case["budgets"]["0.5"]["layers"]:
            costs = [f"{layer['macs'][end]:,}" for end in ("before", "after")]
            if layer["order"]:
                what = f"{layer['terms']} of {layer['rank']}, {layer['order']}"
                lost = percent(layer["error"])
            else:
                what, lost = f"stays: {layer['kept_because']}", ""
            rows.append([case["title"], f"`{layer['layer']}`", what, *costs, lost])
    head = ("network", "layer", "terms", "MACs before", "after", "error of the output")
    return markdown(head, rows, words=3)


def tables() -> dict[str, str]:
    """Every table by the name in its marks."""
    found = read()
    return {"networks": networks(found), "layers": layers(found)}


def main() -> int:
    """Write the page."""
    write_text(PAGE, fill(PAGE.read_text(encoding="utf-8"), tables()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
