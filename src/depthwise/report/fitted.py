"""A trained network's scores as tables and as a page, drawn from scores.json."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from depthwise.report.figures import bars, heatmap, lines
from depthwise.report.page import Section, Table

Summary = Mapping[str, Any]


def percent(value: float | None) -> str:
    """Write a share as a person reads it.

    Args:
        value: From 0 to 1, or None.

    Returns:
        Per cent to a tenth, or a dash.

    Example:
        >>> percent(0.4567), percent(None)
        ('45.7 %', '-')
    """
    return "-" if value is None else f"{100 * value:.1f} %"


def fitted_tables(summary: Summary) -> dict[str, Table]:
    """Lay scores out: overall, by class, and by group where there are groups.

    Args:
        summary: What ``scores.json`` holds.

    Returns:
        Tables by title.

    Example:
        >>> scores = {"examples": 1, "accuracy": 1.0, "balanced_accuracy": 1.0,
        ...     "macro_f1": 1.0, "calibration_error": 0.5, "loss": 0.7,
        ...     "f1": {"a": 1.0}, "confusion": [[1]], "intervals": {},
        ...     "intervals_draw": "samples"}
        >>> test = {"windows": scores, "recordings": None, "groups": {}}
        >>> summary = {"model": "net", "conv": "dense", "test": test, "seconds": 1.0,
        ...     "best_epoch": 1, "waiting_share": 0.0}
        >>> list(fitted_tables(summary))
        ['net, dense: test part', 'by class']
    """
    test = summary["test"]
    parts = {"samples": test["windows"]}
    if test["recordings"] is not None:
        parts = {"windows": test["windows"], "recordings": test["recordings"]}
    title = f"{summary['model']}, {summary['conv']}: test part"
    found = {title: _overall(summary, parts), "by class": _by_class(parts)}
    if test["groups"]:
        found["by group"] = _by_group(test["groups"])
    return found


def fitted_sections(summary: Summary) -> list[Section]:
    """Build the parts of the report's page.

    Args:
        summary: What ``scores.json`` holds.

    Returns:
        Sections: scores, classes, groups, confusion, learning curves.
    """
    drawn = summary["test"]["windows"]["intervals_draw"]
    text = f"With 95 % bootstrap intervals; {drawn} are drawn, each as a whole."
    sections = [
        Section(title, text if not number else "", table=table)
        for number, (title, table) in enumerate(fitted_tables(summary).items())
    ]
    return [*sections, _classes(summary), _confusions(summary), _curves(summary)]


def _overall(summary: Summary, parts: Mapping[str, Summary]) -> Table:
    rows: list[tuple[str, ...]] = [
        (title, *(show(scores) for scores in parts.values())) for title, show in _ROWS
    ]
    empty = [""] * (len(parts) - 1)
    rows += [
        ("best epoch", str(summary["best_epoch"]), *empty),
        ("seconds of training", f"{summary['seconds']:.1f}", *empty),
        ("waiting for data", percent(summary["waiting_share"]), *empty),
    ]
    return Table(("", *parts), rows)


def _metric(key: str) -> Callable[[Summary], str]:
    def show(scores: Summary) -> str:
        found = scores["intervals"].get(key)
        value = percent(scores[key])
        if found is None:
            return value
        return f"{value} [{100 * found['low']:.1f}, {100 * found['high']:.1f}]"

    return show


_ROWS: tuple[tuple[str, Callable[[Summary], str]], ...] = (
    ("how many", lambda scores: f"{scores['examples']:,}"),
    ("accuracy [95 %]", _metric("accuracy")),
    ("balanced accuracy [95 %]", _metric("balanced_accuracy")),
    ("macro F1 [95 %]", _metric("macro_f1")),
    ("calibration error", _metric("calibration_error")),
    ("cross-entropy, nats", lambda scores: f"{scores['loss']:.3f}"),
)


def _by_class(parts: Mapping[str, Summary]) -> Table:
    first = next(iter(parts.values()))
    rows = [
        (
            name,
            str(sum(counts)),
            *(percent(part["f1"][name]) for part in parts.values()),
        )
        for name, counts in zip(first["f1"], first["confusion"], strict=True)
    ]
    return Table(("class", "how many", *(f"F1, {part}" for part in parts)), rows)


def _by_group(groups: Mapping[str, Summary]) -> Table:
    keys = ("accuracy", "balanced_accuracy", "macro_f1")
    rows = [
        (name, str(scores["examples"]), *(percent(scores[key]) for key in keys))
        for name, scores in groups.items()
    ]
    head = ("group", "how many", "accuracy", "balanced accuracy", "macro F1")
    return Table(head, rows)


def _classes(summary: Summary) -> Section:
    scores = summary["test"]["windows"]["f1"]
    heights = {"F1": [100 * (value or 0.0) for value in scores.values()]}
    figure = bars("F1 of each class", list(scores), heights, y_title="F1, %")
    return Section("F1", "A class neither present nor predicted counts as 0.", [figure])


def _confusions(summary: Summary) -> Section:
    figures = []
    for name in ("windows", "recordings"):
        scores = summary["test"][name]
        if scores is None:
            continue
        counts, classes = scores["confusion"], list(scores["f1"])
        figures.append(
            heatmap(
                f"{name}: true class down, predicted across",
                counts,
                rows=classes,
                columns=classes,
                limits=(0, max(max(row) for row in counts)),
                written=True,
            ),
        )
    return Section("Confusion matrices", "Counts on the test part.", figures)


def _curves(summary: Summary) -> Section:
    history = summary["history"]
    epochs = [row["epoch"] for row in history]
    figures = []
    for key, title, factor in (("loss", "nats", 1), ("accuracy", "%", 100)):
        series = {
            part: (epochs, [factor * row[f"{part}_{key}"] for row in history])
            for part in ("train", "validation")
            if history[0][f"{part}_{key}"] is not None
        }
        name = key.capitalize()
        figures.append(lines(name, series, x_title="epoch", y_title=title))
    text = f"The weights of epoch {summary['best_epoch']} are kept."
    return Section("Learning curves", text, figures)
