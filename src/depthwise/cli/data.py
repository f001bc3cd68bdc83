"""``depthwise data``: what labelled data hold."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from depthwise.cli import options


class LabelBy(StrEnum):
    """What labels a window."""

    MAJORITY = "majority"
    FILE = "file"


def data(
    source: options.Data,
    *,
    window: options.Window = None,
    step: options.Step = None,
    label: Annotated[LabelBy, typer.Option(help="What labels a window.")] = (
        LabelBy.MAJORITY
    ),
    size: Annotated[
        str | None, typer.Option(help="Rows and columns of images: 120,160.")
    ] = None,
    on_bad: options.OnBadOption = options.OnBad.SKIP,
    sheet: Annotated[
        Path | None, typer.Option(help="Write a picture of some samples (PNG).")
    ] = None,
    json: options.Json = False,
) -> None:
    """Describe labelled data: classes, channels, correlation, copies, leaks.

    Args:
        source: What to describe.
        window: Samples a window, for recordings.
        step: Samples from one window to the next.
        label: What labels a window.
        size: Rows and columns of images.
        on_bad: What to do with bad input.
        sheet: Where to write a picture of some samples.
        json: Whether to print JSON.
    """
    from depthwise.cli.outcome import show_paths
    from depthwise.files import to_json
    from depthwise.jobs.describe_data import describe_data, parse_size
    from depthwise.report.data import data_tables, suspicions
    from depthwise.report.terminal import stdout

    described = describe_data(
        source,
        window=window,
        step=step,
        label=label.value,
        size=parse_size(size),
        on_bad=on_bad.value,
        sheet=sheet,
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
