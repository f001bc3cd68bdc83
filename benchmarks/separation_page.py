"""Write the measured tables of docs/separation.md from results/separation.json.

python -m benchmarks.separation_page

"""

from __future__ import annotations

import sys

from benchmarks.pages import Figures, Pages, figures_of, markdown, percent

_STAGES = ("weights", "closed_form", "repaired", "finetuned")


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
    found = figures_of("separation")
    return {"networks": networks(found), "layers": layers(found)}


PAGES = Pages(("separation.md",), tables)

if __name__ == "__main__":
    sys.exit(PAGES.write())
