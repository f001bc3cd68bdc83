"""``depthwise diagnose``: which channels carry nothing, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from depthwise.cli import options
from depthwise.cli.data_options import DataOptions
from depthwise.cli.network_options import NetworkOptions


def diagnose(
    model: options.Model,
    data: Annotated[
        str | None,
        typer.Argument(
            help="Labelled data; left out, what weights alone prove.",
            show_default=False,
        ),
    ] = None,
    *,
    fail_on: Annotated[
        str | None,
        typer.Option(
            help="Exit with 1 if more channels have a fault: dead>5%,duplicate>10%.",
            metavar="RULES",
        ),
    ] = None,
    duplicate: Annotated[
        float,
        typer.Option(help="|ρ| from which a channel is a copy.", min=0.5, max=1.0),
    ] = 0.99,
    shape: options.InputShape = None,
    on_bad: options.OnBadOption = options.OnBad.FAIL,
    network: NetworkOptions,
    html: Annotated[
        Path | None,
        typer.Option(help="Write a page with pictures, all in one file."),
    ] = None,
    json: options.Json = False,
    reading: DataOptions,
) -> None:
    """Find dead, constant, saturated, ignored and duplicate channels.

    Args:
        model: What to diagnose.
        data: Labelled data to run it on.
        fail_on: Rules that the network must keep.
        duplicate: From which correlation a channel is a copy.
        shape: Sizes of one batch.
        network: What a registered network is made with.
        on_bad: What to do with bad input.
        html: Where a page goes.
        json: Whether to print JSON.
        reading: How the data are read.
    """
    from depthwise.files import to_json
    from depthwise.jobs import diagnosing as jobs
    from depthwise.jobs.open import parse_shape
    from depthwise.report.diagnosis import (
        advice_lines,
        diagnosis_tables,
        diagnosis_title,
    )
    from depthwise.report.diagnosis_page import diagnosis_sections
    from depthwise.report.page import write_page
    from depthwise.report.sensors import sensor_lines, sensor_tables
    from depthwise.report.terminal import stderr, stdout

    rules = jobs.parse_rules(fail_on, data=data is not None)
    opened = network.open(model, parse_shape(shape))
    told = jobs.diagnose(
        opened,
        data,
        limits=jobs.limits_of(duplicate),
        reading={**reading.parsed(), "on_bad": on_bad.value},
    )
    broken = jobs.broken_rules(told, rules)
    if html is not None:
        title = f"Channels of {told.name}"
        page = write_page(html, title, "", diagnosis_sections(told, opened.graph))
        typer.echo(f"open {page}", err=True)
    if json:
        typer.echo(to_json({**told.to_dict(), "broken_rules": broken}))
    else:
        stdout().print(diagnosis_title(told))
        for table in diagnosis_tables(told):
            stdout().print(table)
        for line in advice_lines(told):
            stdout().print(line)
        if told.sensors is not None:
            for table in sensor_tables(told.sensors):
                stdout().print(table)
            for line in sensor_lines(told.sensors):
                stdout().print(line)
    for sentence in broken:
        stderr().print(f"rule broken: {sentence}")
    if broken:
        raise typer.Exit(1)
