"""Write the measured tables and the figure of docs/diagnosis.md from results/*.json.

    python -m benchmarks.diagnosis_page

Each table stands between two marks; what is outside them is written by hand.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.noise_figure import CONVS, NOISE, figure, mean, runs_of
from benchmarks.training_pages import fill, markdown, percent

from depthwise.files import write_text

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/diagnosis.md"
FIGURE = ROOT / "docs/figures/noise_sensors.svg"
Figures = Mapping[str, Any]


def read(name: str) -> Figures:
    """Figures that were measured."""
    found: Figures = json.loads((ROOT / f"results/{name}.json").read_text("utf-8"))
    return found


def networks(found: Figures) -> str:
    """Cost and accuracy before and after, one row a network and pruning."""
    rows = []
    for case in found.values():
        for name in ("before", "proven", "observed"):
            told = case[name]
            counts = [str(told.get("removed", "")), f"{told['params']:,}"]
            share = [percent(told["top1"]), percent(told["top5"])]
            title = f"{case['title']}, {_STEPS[name]}"
            rows.append([title, *counts, f"{told['macs']:,}", *share])
    head = ("network", "channels removed", "parameters", "MACs")
    return markdown((*head, "accuracy", "among five"), rows)


_STEPS = {
    "before": "as trained",
    "proven": "the proven pruned",
    "observed": "the observed pruned too",
}


def faults(found: Figures) -> str:
    """How many channels have which fault."""
    rows = [
        [case["title"], fault, str(tally["proven"]), str(tally["observed"])]
        for case in found.values()
        for fault, tally in case["faults"].items()
    ]
    return markdown(("network", "fault", "proven", "observed"), rows, words=2)


def worst(found: Figures) -> str:
    """The layers with the most channels that carry nothing new."""
    rows = []
    for case in found.values():
        for layer in case["worst"][:3]:
            told = [f"{n} {fault}" for fault, n in layer["faults"].items()]
            words = [case["title"], f"`{layer['layer']}`", ", ".join(told)]
            figures = [str(layer["channels"]), f"{layer['effective_rank']:.1f}"]
            parts = [str(layer["directions"][part]) for part in ("90%", "99%")]
            rows.append([*words, *figures, *parts])
    head = ("network", "layer", "found", "channels", "effective rank")
    return markdown((*head, "90 % of variance in", "99 % in"), rows, words=3)


def sensors(found: Figures) -> str:
    """Accuracy lost without each channel and each sensor of the watch."""
    told = found["sensor_net"]["sensors"]
    drops = {(c["sensor"], c["way"]): c["drop"] for c in told["contributions"]}
    names = dict.fromkeys(sensor for sensor, _ in drops)
    ways = dict.fromkeys(way for _, way in drops)
    rows = [[name, *(_points(drops[name, way]) for way in ways)] for name in names]
    return markdown(("without", *ways), rows)


def _points(drop: Figures) -> str:
    low, high = 100 * drop["low"], 100 * drop["high"]
    return f"{100 * drop['value']:.1f} [{low:.1f}, {high:.1f}]"


def noise(found: Figures) -> str:
    """Accuracy, contribution and mixing with channels of noise."""
    cells = found["cells"]
    rows = []
    for count in NOISE:
        for conv in CONVS:
            runs = runs_of(cells, conv, count)
            values = [run["windows"] for run in runs]
            lost = [mean(run["drops"][6:]) for run in runs if run["drops"][6:]]
            rows.append(
                [
                    conv,
                    str(count),
                    percent(mean(values)),
                    f"{percent(min(values))} to {percent(max(values))}",
                    f"{100 * mean(mean(run['drops'][:6]) for run in runs):.1f}",
                    f"{100 * mean(lost):+.2f}" if lost else "",
                    *(_layer(runs, place) for place in (0, -1)),
                ]
            )
    head = ("network", "noise", "accuracy", "lowest to highest")
    lost_by = ("a real channel is worth", "a channel of noise")
    mixing = ("channels a filter is made of, first layer", "last layer")
    return markdown((*head, *lost_by, *mixing), rows)


def _layer(runs: list[Figures], place: int) -> str:
    reach = mean(run["layers"][place]["mean_reach"] for run in runs)
    share = mean(run["layers"][place]["noise_share"] for run in runs)
    return f"{reach:.1f}, {100 * share:.1f} % noise"


def statistics(found: Figures) -> str:
    """What statistics of a wide layer take."""
    measured, limits = found["measured"], found["bars"]
    cores = "one core" if found["cores"] == 1 else f"{found['cores']} cores"
    rows = [
        [f"seconds, {cores}", f"{measured['seconds']:.1f}", f"{limits['seconds']:g}"],
        ["of processors' work", f"{found['processor_seconds']:.1f}", ""],
        ["megabytes", f"{measured['megabytes']:.0f}", f"{limits['megabytes']:g}"],
    ]
    return markdown(("what", "measured", "bar"), rows)


def tables() -> dict[str, str]:
    """Every table by the name in its marks."""
    found = read("diagnosis")
    return {
        "networks": networks(found),
        "faults": faults(found),
        "worst": worst(found),
        "sensors": sensors(found),
        "noise": noise(read("noise_sensors")),
        "statistics": statistics(read("statistics")),
    }


def main() -> int:
    """Write the page and its figure."""
    write_text(PAGE, fill(PAGE.read_text(encoding="utf-8"), tables()))
    FIGURE.parent.mkdir(exist_ok=True)
    write_text(FIGURE, figure(read("noise_sensors")["cells"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
