"""Twin experiments as a table and as a page, drawn from summary.json's values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from depthwise.report.figures import bars, heatmap, lines
from depthwise.report.page import Section, Table
from depthwise.report.terminal import thousands

Summary = Mapping[str, Any]


def twin_table(summary: Summary) -> Table:
    """Lay the outcome out: one row a figure, one column a variant.

    Args:
        summary: What ``summary.json`` holds.

    Returns:
        The table.

    Example:
        >>> twin_table({"variants": {}, "comparisons": {}, "reference": ""}).head
        ('',)
    """
    variants = summary["variants"]
    rows = [
        (title, *(show(variant) for variant in variants.values()))
        for title, show in _FIGURES
    ]
    for key, title in _SAVINGS:
        cells = [_saving(summary, name, key) for name in variants]
        rows.append((title, *cells))
    for key, title in _DIFFERENCES:
        cells = [_difference(summary, name, key) for name in variants]
        if any(cell != "-" for cell in cells):
            rows.append((title, *cells))
    return Table(("", *variants), rows)


def twin_sections(summary: Summary) -> list[Section]:
    """Build the parts of the report's page.

    Args:
        summary: What ``summary.json`` holds.

    Returns:
        Sections: table, curves, confusion, cost, correlation.
    """
    return [
        Section("Side by side", _lead(summary), table=twin_table(summary)),
        _curves(summary),
        _confusion(summary),
        _cost(summary),
        _input_correlation(summary),
        _layer_correlation(summary),
    ]


def _percent(key: str) -> Callable[[Summary], str]:
    def show(variant: Summary) -> str:
        value = variant[key]
        return "-" if value is None else f"{100 * value:.1f} %"

    return show


_FIGURES: tuple[tuple[str, Callable[[Summary], str]], ...] = (
    ("accuracy, windows", _percent("accuracy_windows")),
    ("accuracy, recordings", _percent("accuracy_recordings")),
    ("parameters", lambda v: thousands(v["params"])),
    ("MACs a window", lambda v: thousands(v["macs"])),
    ("model file", lambda v: f"{v['model_bytes'] / 1000:.0f} kB"),
    ("latency, torch, 1 thread", lambda v: f"{v['latency_us']:.0f} µs"),
    ("latency, our engine, 1 thread", lambda v: f"{v['engine_latency_us']:.0f} µs"),
    ("dead channels", lambda v: f"{v['dead_channels']} of {v['channels']}"),
    ("mean |ρ| of channels", lambda v: f"{v['mean_absolute_correlation']:.3f}"),
)
_SAVINGS = (
    ("theoretical_saving", "saving by MACs (theoretical)"),
    ("realised_saving", "saving by time in torch (realised)"),
    ("engine_realised_saving", "saving by time in our engine (realised)"),
)
_DIFFERENCES = (
    ("difference_windows", "difference, windows [95 %]"),
    ("difference_recordings", "difference, recordings [95 %]"),
)


def _saving(summary: Summary, name: str, key: str) -> str:
    found = summary["comparisons"].get(name)
    return f"{found[key]:.2f}x" if found else "1x"


def _difference(summary: Summary, name: str, key: str) -> str:
    found = summary["comparisons"].get(name, {}).get(key)
    if not found:
        return "-"
    if found["low"] is None:
        return f"{100 * found['value']:+.1f} points (one run)"
    value, low, high = (100 * found[part] for part in ("value", "low", "high"))
    return f"{value:+.1f} points [{low:+.1f}, {high:+.1f}]"


def _lead(summary: Summary) -> str:
    data = summary["data"]
    folds = summary["folds"]
    runs = len(folds) * len(summary["seeds"])
    first = next(iter(folds.values()))
    people = first["test"]["groups"]
    held = f"; held out in the first fold: {', '.join(people)}" if people else ""
    count = "one run" if runs == 1 else f"{runs} runs"
    return (
        f"{data['samples']:,} samples of {data['name']}, {count} a variant, the same "
        f"data, order and seed for each{held}."
    )


def _curves(summary: Summary) -> Section:
    losses, accuracies = {}, {}
    for name, variant in summary["variants"].items():
        history = variant["runs"][0]["history"]
        epochs = [row["epoch"] for row in history]
        for part in ("train", "validation"):
            title = f"{name}, {part}"
            if history[0][f"{part}_loss"] is None:
                continue
            losses[title] = (epochs, [row[f"{part}_loss"] for row in history])
            shares = [100 * row[f"{part}_accuracy"] for row in history]
            accuracies[title] = (epochs, shares)
    text = "The first run of each variant; the epoch with the best validation is kept."
    figures = [
        lines("Loss", losses, x_title="epoch", y_title="cross-entropy, nats"),
        lines("Accuracy", accuracies, x_title="epoch", y_title="windows, %"),
    ]
    return Section("Learning curves", text, figures)


def _confusion(summary: Summary) -> Section:
    classes = summary["data"]["classes"]
    figures = []
    for name, variant in summary["variants"].items():
        counts = [run["confusion"] for run in variant["runs"]]
        total = [
            [sum(c[i][j] for c in counts) for j in range(len(classes))]
            for i in range(len(classes))
        ]
        largest = max(max(row) for row in total)
        figures.append(
            heatmap(
                f"{name}: windows, true class down, predicted across",
                total,
                rows=classes,
                columns=classes,
                limits=(0, largest),
                written=True,
            ),
        )
    text = "Test windows of people the network never saw, over all runs."
    return Section("Confusion matrices", text, figures)


def _cost(summary: Summary) -> Section:
    figures = []
    for name, variant in summary["variants"].items():
        layers = [la for la in variant["cost"]["layers"] if la["macs"]]
        kinds = sorted({layer["kind"] for layer in layers})
        series = {
            kind: [la["macs"] if la["kind"] == kind else 0 for la in layers]
            for kind in kinds
        }
        names = [layer["name"] for layer in layers]
        title = f"{name}: multiply-accumulates by layer"
        figures.append(bars(title, names, series, y_title="MACs", stacked=True))
    return Section("Cost by layer", "Exact counts for one window.", figures)


def _input_correlation(summary: Summary) -> Section:
    data = summary["data"]
    mean = data["mean_absolute_correlation"]
    text = (
        f"Pearson's ρ between the sensors, over training windows; mean |ρ| {mean:.2f}. "
        "Filters that see all sensors at once have little to gain from pairs near zero."
    )
    figure = heatmap(
        "Correlation of the input's channels",
        data["correlation"],
        rows=data["channels"],
        columns=data["channels"],
        limits=(-1, 1),
        diverging=True,
    )
    return Section("Channel correlation: the input", text, [figure])


def _layer_correlation(summary: Summary) -> Section:
    figures = []
    for name, variant in summary["variants"].items():
        layer = variant["layers"][0]
        numbers = [str(i) for i in range(layer["channels"])]
        figures.append(
            heatmap(
                f"{name}: {layer['name']}, mean |ρ| "
                f"{layer['mean_absolute_correlation']:.3f}",
                layer["correlation"],
                rows=numbers,
                columns=numbers,
                limits=(-1, 1),
                diverging=True,
            ),
        )
    text = "The first layer of each variant, on test windows; gaps are dead channels."
    return Section("Channel correlation: the first layer", text, figures)
