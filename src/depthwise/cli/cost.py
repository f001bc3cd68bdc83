"""``depthwise cost``: what a network costs, layer by layer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depthwise.cli import options
from depthwise.cli.cost_roofline import MachineOptions, show_rooflines
from depthwise.cli.cost_sweep import Subject, SweepOptions, show_sweeps
from depthwise.cli.network_options import NetworkOptions

if TYPE_CHECKING:
    from depthwise.jobs.open import Opened


def cost(
    models: options.Models,
    shape: options.InputShape = None,
    *,
    batch: Annotated[int | None, typer.Option(help="Samples a run.", min=1)] = None,
    layers: Annotated[bool, typer.Option(help="Show every layer.")] = True,
    what_if: Annotated[
        bool, typer.Option(help="Show what dense layers would cost taken apart.")
    ] = False,
    network: NetworkOptions,
    machine: MachineOptions,
    html: Annotated[
        Path | None,
        typer.Option(help="Write a page with pictures, all in one file."),
    ] = None,
    sweep: SweepOptions,
    allow_unknown: Annotated[
        bool,
        typer.Option(
            "--allow-unknown", help="Show operators outside the table as rows."
        ),
    ] = False,
    json: options.Json = False,
) -> None:
    """Count multiply-accumulates, parameters and bytes, by layer and by kind.

    depthwise cost mobilenet_v1 mobilenet_v2 --html cost.html

    Args:
        models: What to count.
        shape: Sizes of one batch.
        network: What a registered network is made with.
        machine: What to show of it on this machine.
        html: Where a page goes.
        sweep: Which widths and resolutions to compare instead.
        batch: Samples a run; from --input if left out.
        allow_unknown: Whether operators outside the table are rows that count nothing.
        layers: Whether to show every layer.
        what_if: Whether to show what dense layers would cost taken apart.
        json: Whether to print JSON.
    """
    from depthwise.files import to_json
    from depthwise.jobs.counting import cost_of
    from depthwise.jobs.open import parse_shape
    from depthwise.report.cost import all_tables
    from depthwise.report.terminal import stdout

    sizes = parse_shape(shape)
    threads = machine.threads if machine.wanted else 0
    if sweep.sweep:
        subject = Subject(models, sizes, network.conv, threads, machine.recalibrate)
        show_sweeps(subject, sweep, json=json)
        return
    opened = [
        network.open(model, sizes, allow_unknown=allow_unknown) for model in models
    ]
    samples = batch or (sizes or (1,))[0]
    if html is not None:
        show_page(opened, html, batch=samples, machine=machine)
        return
    if machine.wanted:
        show_rooflines(opened, samples, machine, layers=layers, json=json)
        return
    reports = [cost_of(each, batch=samples) for each in opened]
    if json:
        told = [report.to_dict() for report in reports]
        typer.echo(to_json(told[0] if len(told) == 1 else told))
        return
    for table in all_tables(reports, layers=layers, what_if=what_if):
        stdout().print(table)


def show_page(
    opened: list[Opened], html: Path, *, batch: int, machine: MachineOptions
) -> None:
    """Write the page of one network or several, and say where it is.

    Args:
        opened: The networks.
        html: The file to write.
        batch: Samples a run.
        machine: Whether layers are measured, and on how many threads.
    """
    from depthwise.jobs.cost_page import write_cost_page

    page = write_cost_page(
        opened,
        html,
        batch=batch,
        threads=machine.threads,
        measure=machine.measure,
        again=machine.recalibrate,
        say=lambda line: typer.echo(line, err=True),
    )
    typer.echo(f"open {page}")
