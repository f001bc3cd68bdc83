"""How the outcome of a job is printed: results on stdout, paths after them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from depthwise.jobs.experiment import Written
    from depthwise.jobs.predict import Prediction


def show_experiment(written: Written, *, json: bool) -> None:
    """Print a twin experiment.

    Args:
        written: Its summary and its paths.
        json: Whether to print JSON instead of a table.
    """
    from depthwise.files import to_json
    from depthwise.report.terminal import stdout, table
    from depthwise.report.twin import twin_table

    if json:
        typer.echo(to_json(written.summary))
        return
    rows = twin_table(written.summary)
    stdout().print(table(written.summary["model"], rows.head, rows.rows))
    show_paths(written.paths)


def show_fitted(written: Written | None, *, json: bool) -> None:
    """Print how well a trained network does.

    Args:
        written: Its summary and its paths; None where another process prints.
        json: Whether to print JSON instead of tables.
    """
    from depthwise.files import to_json
    from depthwise.report.fitted import fitted_tables
    from depthwise.report.terminal import stdout, table

    if written is None:
        return
    show_note(written.note)
    if json:
        typer.echo(to_json(written.summary))
        return
    for title, shown in fitted_tables(written.summary).items():
        stdout().print(table(title, shown.head, shown.rows))
    show_paths(written.paths)


def show_predictions(
    predictions: Iterable[Prediction], *, json: bool, classes: Sequence[str] = ()
) -> None:
    """Print predictions as they come: CSV, or a JSON object a line.

    Args:
        predictions: In order.
        json: Whether to print JSON lines.
        classes: Those whose probabilities the CSV has too.
    """
    import csv
    import json as plain
    import sys

    writer = csv.writer(sys.stdout, lineterminator="\n")
    if not json:
        more = [f"p({name})" for name in classes]
        writer.writerow(("source", "label", "probability", "truth", *more))
    right = total = 0
    for found in predictions:
        right, total = right + (found.label == found.truth), total + 1
        if json:
            typer.echo(plain.dumps(found.to_dict(), ensure_ascii=False))
        else:
            writer.writerow(_fields(found, classes))
        sys.stdout.flush()
    if total and found.truth is not None:
        typer.echo(f"{right} of {total} agree with the data's labels", err=True)


def _fields(found: Prediction, classes: Sequence[str]) -> tuple[str, ...]:
    """One line of the CSV."""
    every = (f"{found.probabilities[name]:.4f}" for name in classes)
    chance = f"{found.probability:.4f}"
    return (found.source, found.label, chance, found.truth or "", *every)


def show_note(note: str) -> None:
    """Say something on stderr, if there is something to say.

    Args:
        note: One sentence or more, or nothing.
    """
    if note:
        typer.echo(note, err=True)


def show_paths(paths: Mapping[str, Path]) -> None:
    """Print where things were written.

    Args:
        paths: Files and folders by what they are.
    """
    from depthwise.report.terminal import stdout, table

    rows = [(name, str(path)) for name, path in paths.items()]
    stdout().print(table("", ("written", "where"), rows, prose=[1]))
