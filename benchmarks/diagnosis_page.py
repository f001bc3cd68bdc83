"""Write the measured tables and the figure of docs/diagnosis.md from results/*.json.

python -m benchmarks.diagnosis_page

"""

from __future__ import annotations

import sys

from benchmarks.noise_figure import CONVS, NOISE, figure, mean, runs_of
from benchmarks.pages import ROOT, Figures, Pages, figures_of, markdown, percent

from depthwise.files import write_text

FIGURE = ROOT / "docs/figures/noise_sensors.svg"


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
    found = figures_of("diagnosis")
    return {
        "networks": networks(found),
        "faults": faults(found),
        "worst": worst(found),
        "sensors": sensors(found),
        "noise": noise(figures_of("noise_sensors")),
        "statistics": statistics(figures_of("statistics")),
    }


PAGES = Pages(("diagnosis.md",), tables)


def main() -> int:
    """Write the page and its figure."""
    FIGURE.parent.mkdir(exist_ok=True)
    write_text(FIGURE, figure(figures_of("noise_sensors")["cells"]))
    return PAGES.write()


if __name__ == "__main__":
    sys.exit(main())
