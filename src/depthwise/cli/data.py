"""``depthwise data``: what labelled data hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from depthwise.cli import options
from depthwise.cli.data_options import DataOptions


def data(
    source: options.Data,
    *,
    on_bad: options.OnBadOption = options.OnBad.SKIP,
    sheet: Annotated[
        Path | None, typer.Option(help="Write a picture of some samples (PNG).")
    ] = None,
    json: options.Json = False,
    reading: DataOptions,
) -> None:
    """Describe labelled data: classes, channels, correlation, copies, leaks.

    Args:
        source: What to describe.
        on_bad: What to do with bad input.
        sheet: Where to write a picture of some samples.
        json: Whether to print JSON.
        reading: How the data are read.
    """
    from depthwise.cli.outcome import show_paths
    from depthwise.files import to_json
    from depthwise.jobs.describe_data import describe_data
    from depthwise.report.data import data_tables, suspicions
    from depthwise.report.terminal import stdout

    described = describe_data(
        source, **reading.parsed(), on_bad=on_bad.value, sheet=sheet
    )
    if json:
        typer.echo(to_json(described.summary))
        return
    for table in data_tables(described.summary):
        stdout().print(table)
    for line in suspicions(described.summary):
        typer.echo(line)
    if described.sheet is not None:
        show_paths({"picture sheet": described.sheet})
