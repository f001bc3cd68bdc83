"""``depthwise prune``: the same network without channels that carry nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from depthwise.cli import options
from depthwise.cli.data_options import DataOptions
from depthwise.cli.network_options import NetworkOptions


def prune(
    model: options.Model,
    data: Annotated[
        str | None,
        typer.Argument(
            help="Labelled data to measure the accuracy on.", show_default=False
        ),
    ] = None,
    *,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="A new .onnx file or model folder.")
    ],
    observed: Annotated[
        bool,
        typer.Option("--observed", help="Remove what carried nothing on DATA too."),
    ] = False,
    shape: options.InputShape = None,
    on_bad: options.OnBadOption = options.OnBad.FAIL,
    network: NetworkOptions,
    json: options.Json = False,
    reading: DataOptions,
) -> None:
    """Remove channels that carry nothing; results stay what they were.

    Args:
        model: What to prune.
        data: Labelled data.
        out: Where to write.
        observed: Whether to remove what carried nothing on the data too.
        shape: Sizes of one batch.
        network: What a registered network is made with.
        on_bad: What to do with bad input.
        json: Whether to print JSON.
        reading: How the data are read.
    """
    from depthwise.cli.outcome import show_paths
    from depthwise.files import to_json
    from depthwise.jobs import pruning as jobs
    from depthwise.jobs.export import check_new, write_edited
    from depthwise.jobs.open import parse_shape
    from depthwise.report.diagnosis import pruning_tables
    from depthwise.report.terminal import stdout

    check_new(out)
    opened = network.open(model, parse_shape(shape))
    result = jobs.prune(
        opened,
        data,
        observed=observed,
        reading={**reading.parsed(), "on_bad": on_bad.value},
    )
    notes = {"pruned": result.to_dict()}
    path = write_edited(result.graph, opened.folder, out, notes)
    told = {**result.to_dict(), "path": str(path)}
    if json:
        typer.echo(to_json(told))
        return
    for table in pruning_tables(told):
        stdout().print(table)
    show_paths({"model": path})
