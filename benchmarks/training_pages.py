"""Write the measured tables of docs/training.md and docs/data.md from results/*.json.

    python -m benchmarks.training_pages

A table whose file of figures is not there yet says how to measure it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping

from benchmarks.pages import ROOT, Figures, Pages, markdown, percent

TWINS = ("watch_twin", "twin_basic-motions", "twin_digits", "twin_fashion-mnist")


def interval(found: Figures | None) -> str:
    """Write a difference in points, with its interval where there is one."""
    if found is None:
        return ""
    low, high = found["low"], found["high"]
    value = f"{100 * found['value']:+.1f}"
    return f"{value} [{100 * low:+.1f}, {100 * high:+.1f}]"


def twins(found: Mapping[str, Figures]) -> str:
    """One row a data set and sort of convolution."""
    rows = [
        row
        for name, figures in found.items()
        for row in _twin(name.removeprefix("twin_").removesuffix("_twin"), figures)
    ]
    head = ("data", "convolution", "trained on", "parameters", "multiply-accumulates")
    compared = ("accuracy", "minus dense, points [95 %]")
    return markdown((*head, *compared), rows, words=2)


def _twin(name: str, figures: Figures) -> list[list[str]]:
    sizes = [fold["train"]["samples"] for fold in figures["folds"].values()]
    size = f"{sum(sizes) / len(sizes):,.0f}"
    rows = []
    for conv, variant in figures["variants"].items():
        compared = figures["comparisons"].get(conv, {}).get("difference_windows")
        counts = [f"{variant[key]:,}" for key in ("params", "macs")]
        accuracy = percent(variant["accuracy_windows"])
        rows.append([name, conv, size, *counts, accuracy, interval(compared)])
    return rows


def bars(found: Mapping[str, Figures]) -> str:
    """One row a bar: what was asked, what was measured."""
    rows = []
    for name, figures in found.items():
        data = name.removeprefix("twin_").removesuffix("_twin")
        for key, bar in figures["bars"].items():
            value, shown = figures["measured"][key], _SHOWN.get(key, percent)
            met = value <= bar if key == "minutes" else value >= bar
            verdict = "met" if met else "missed"
            asked = f"{'at most' if key == 'minutes' else 'at least'} {shown(bar)}"
            rows.append(
                [f"{data}, {_WORDS.get(key, key)}", asked, shown(value), verdict]
            )
    return markdown(("separable network", "bar", "measured", ""), rows)


_WORDS = {
    "windows": "accuracy of windows",
    "recordings": "accuracy of recordings",
    "difference": "accuracy less that of dense",
    "saving": "dense over separable multiply-accumulates",
    "minutes": "minutes of training",
}
_SHOWN: Mapping[str, Callable[[float], str]] = {
    "saving": lambda value: f"{value:.1f}",
    "minutes": lambda value: f"{value:.1f}",
    "difference": lambda value: f"{100 * value:+.1f} points",
}


def kills(figures: Figures) -> str:
    """What killing a run and going on changed."""
    equal = {key: figures[f"equal_{key}"] for key in ("weights", "best_weights")}
    equal |= {key: figures[f"equal_{key}"] for key in ("average", "metrics")}
    head = ("kills", "while writing", "epochs", *(k.replace("_", " ") for k in equal))
    counts = [str(figures[k]) for k in ("kills", "kills_while_writing", "epochs")]
    verdicts = ["equal" if same else "differ" for same in equal.values()]
    return markdown(head, [[*counts, *verdicts]])


def processes(figures: Figures) -> str:
    """Accuracy by number of processes."""
    found = figures["accuracy_by_processes"]
    rows = [
        [count, *map(percent, values), percent(sum(values) / len(values))]
        for count, values in found.items()
    ]
    seeds = [f"seed {n}" for n in range(len(next(iter(found.values()))))]
    return markdown(("processes", *seeds, "mean"), rows)


def memory(figures: Figures) -> str:
    """What a set larger than memory took."""
    measured = figures["measured"]
    rows = [
        ["size of the set", f"{figures['gigabytes']:g} GB"],
        ["pictures of 224 by 224", f"{measured['pictures']:,}"],
        ["largest resident size", f"{measured['largest_resident_gb']:.2f} GB"],
        ["bar", f"{figures['bars']['largest_resident_gb']:g} GB"],
        ["waiting for data", percent(measured["waiting_share"])],
        ["cores kept busy", f"{measured['busy_cores']:.2f} of {measured['cores']}"],
        ["pictures a second", f"{measured['pictures_per_second']:,.0f}"],
        ["accuracy on the validation part", percent(measured["accuracy"])],
    ]
    note = figures.get("note")
    return markdown(("what", "figure"), rows) + (f"\n{note}\n" if note else "")


def read(name: str) -> Figures | None:
    """Figures that were measured, complete or not at all."""
    path = ROOT / f"results/{name}.json"
    if not path.exists():
        return None
    found: Figures = json.loads(path.read_text(encoding="utf-8"))
    return found


def tables() -> dict[str, str]:
    """Every table by the name in its marks."""
    found = {name: figures for name in TWINS if (figures := read(name)) is not None}
    made = {"twins": twins(found), "bars": bars(found)}
    single = {
        "kill_and_resume": kills,
        "processes": processes,
        "memory": memory,
    }
    for name, show in single.items():
        figures = read(name)
        absent = f"`python -m benchmarks.accept_{name}` measures this.\n"
        made[name] = absent if figures is None else show(figures)
    return made


PAGES = Pages(("training.md", "data.md"), tables)

if __name__ == "__main__":
    sys.exit(PAGES.write())
