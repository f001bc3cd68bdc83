"""``depthwise cost``: what a network costs, layer by layer."""

from __future__ import annotations

from typing import Annotated

import typer

from depthwise.cli import options


def cost(
    model: options.Model,
    shape: options.InputShape = None,
    *,
    weights: options.Weights = None,
    conv: options.Conv = None,
    option: options.Options = None,
    layers: Annotated[bool, typer.Option(help="Show every layer.")] = True,
    json: options.Json = False,
) -> None:
    """Count multiply-accumulates and parameters, by layer and by kind.

    Args:
        model: What to count.
        shape: Sizes of one batch.
        weights: Weights for a name or a factory.
        conv: Which twin of a registered network.
        option: More options of a registered network.
        layers: Whether to show every layer.
        json: Whether to print JSON.
    """
    from depthwise.files import to_json
    from depthwise.jobs.counting import cost as counted
    from depthwise.jobs.open import open_model, parse_options, parse_shape
    from depthwise.report.cost import cost_tables
    from depthwise.report.terminal import stdout

    sizes = parse_shape(shape)
    opened = open_model(
        model,
        sizes,
        weights=weights,
        conv=conv,
        options=parse_options(option or []),
    )
    report = counted(opened.graph, sizes)
    if json:
        typer.echo(to_json(report.to_dict()))
        return
    for table in cost_tables(report, layers=layers):
        stdout().print(table)
