"""``depthwise cost``: what a network costs, layer by layer."""

from __future__ import annotations

from typing import Annotated

import typer

from depthwise.cli import options
from depthwise.cli.cost_roofline import MachineOptions, show_roofline
from depthwise.cli.cost_sweep import Subject, SweepOptions, show_sweep
from depthwise.cli.network_options import NetworkOptions


def cost(
    model: options.Model,
    shape: options.InputShape = None,
    *,
    batch: Annotated[int | None, typer.Option(help="Samples a run.", min=1)] = None,
    layers: Annotated[bool, typer.Option(help="Show every layer.")] = True,
    what_if: Annotated[
        bool, typer.Option(help="Show what dense layers would cost taken apart.")
    ] = False,
    network: NetworkOptions,
    machine: MachineOptions,
    sweep: SweepOptions,
    json: options.Json = False,
) -> None:
    """Count multiply-accumulates, parameters and bytes, by layer and by kind.

    depthwise cost mobilenet_v2 --input 1,3,224,224 --roofline

    Args:
        model: What to count.
        shape: Sizes of one batch.
        network: What a registered network is made with.
        machine: What to show of it on this machine.
        sweep: Which widths and resolutions to compare instead.
        batch: Samples a run; from --input if left out.
        layers: Whether to show every layer.
        what_if: Whether to show what dense layers would cost taken apart.
        json: Whether to print JSON.
    """
    from depthwise.files import to_json
    from depthwise.jobs.counting import cost as counted
    from depthwise.jobs.open import parse_shape
    from depthwise.report.cost import alternatives_table, cost_tables
    from depthwise.report.terminal import stdout

    sizes = parse_shape(shape)
    if sweep.sweep:
        threads = machine.threads if machine.wanted else 0
        show_sweep(Subject(model, sizes, network.conv, threads), sweep, json=json)
        return
    opened = network.open(model, sizes)
    report = counted(opened.graph, sizes, batch=batch)
    if machine.wanted:
        show_roofline(opened, report.batch, machine, layers=layers, json=json)
        return
    if json:
        typer.echo(to_json(report.to_dict()))
        return
    tables = cost_tables(report, layers=layers)
    if what_if:
        tables.insert(-1, alternatives_table(report))
    for table in tables:
        stdout().print(table)
