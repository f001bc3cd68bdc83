"""``depthwise revive``: channels that carry nothing begin anew, for more training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from depthwise.cli import options
from depthwise.cli.data_options import DataOptions
from depthwise.cli.network_options import NetworkOptions


def revive(
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
        typer.Option("--observed", help="Revive what carried nothing on DATA too."),
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the weights that are drawn.")] = 0,
    shape: options.InputShape = None,
    on_bad: options.OnBadOption = options.OnBad.FAIL,
    network: NetworkOptions,
    json: options.Json = False,
    reading: DataOptions,
) -> None:
    """Draw the weights of channels that carry nothing anew, to train on.

    Results stay what they were until then: depthwise train DATA --model OUT.

    Args:
        model: What to revive.
        data: Labelled data.
        out: Where to write.
        observed: Whether to revive what carried nothing on the data too.
        seed: Of the weights that are drawn.
        shape: Sizes of one batch.
        network: What a registered network is made with.
        on_bad: What to do with bad input.
        json: Whether to print JSON.
        reading: How the data are read.
    """
    from depthwise.cli.outcome import show_paths
    from depthwise.files import to_json
    from depthwise.jobs import reviving as jobs
    from depthwise.jobs.export import check_new, write_edited
    from depthwise.jobs.open import parse_shape
    from depthwise.report.diagnosis import reviving_tables
    from depthwise.report.terminal import stdout

    check_new(out)
    opened = network.open(model, parse_shape(shape))
    result = jobs.revive(
        opened,
        data,
        observed=observed,
        seed=seed,
        reading={**reading.parsed(), "on_bad": on_bad.value},
    )
    notes = {"revived": result.to_dict()}
    path = write_edited(result.graph, opened.folder, out, notes)
    told = {**result.to_dict(), "path": str(path)}
    if json:
        typer.echo(to_json(told))
        return
    for table in reviving_tables(told):
        stdout().print(table)
    show_paths({"model": path})
