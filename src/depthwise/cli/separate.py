"""``depthwise separate``: a trained dense network, taken apart where that pays."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from depthwise.cli import options
from depthwise.cli.data_options import DataOptions
from depthwise.cli.network_options import NetworkOptions
from depthwise.cli.tuning_options import TuningOptions


def separate(
    model: options.Model,
    data: Annotated[
        str | None,
        typer.Argument(
            help="Labelled data: to judge by, repair on and measure the accuracy on.",
            show_default=False,
        ),
    ] = None,
    *,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="A new .onnx file or model folder.")
    ],
    budget: Annotated[
        float | None,
        typer.Option(help="Share of the MACs that may be left; 0.5 if not given."),
    ] = None,
    energy: Annotated[
        float | None,
        typer.Option(help="Share of its energy that every layer keeps, instead."),
    ] = None,
    order: Annotated[
        Literal["auto", "depthwise-first", "pointwise-first"],
        typer.Option(help="Which half comes first; auto: what loses less."),
    ] = "auto",
    samples: Annotated[
        int, typer.Option(help="Training samples to judge by and repair on.")
    ] = 512,
    test: options.Test = None,
    validation: options.Validation = None,
    shape: options.InputShape = None,
    on_bad: options.OnBadOption = options.OnBad.FAIL,
    network: NetworkOptions,
    json: options.Json = False,
    tuning: TuningOptions,
    reading: DataOptions,
) -> None:
    """Take dense convolutions of a trained network apart, where that pays.

    Args:
        model: What to take apart.
        data: Labelled data.
        out: Where to write.
        budget: Share of the multiply-accumulates that may be left.
        energy: Share of its energy that every layer keeps.
        order: Which half comes first.
        samples: Training samples to judge by and repair on.
        test: Groups to hold out.
        validation: Groups to choose the best epoch by.
        shape: Sizes of one batch.
        network: What a registered network is made with.
        on_bad: What to do with bad input.
        json: Whether to print JSON.
        tuning: How it is trained on.
        reading: How the data are read.
    """
    from depthwise.cli.outcome import show_paths
    from depthwise.files import to_json
    from depthwise.jobs import separating as jobs
    from depthwise.jobs.export import check_new, write_edited
    from depthwise.jobs.open import parse_shape
    from depthwise.report.progress import steps_bar
    from depthwise.report.separation import separation_tables
    from depthwise.report.terminal import stdout

    check_new(out)
    opened = network.open(model, parse_shape(shape))
    fine = jobs.Tuning(
        epochs=tuning.finetune,
        learning_rate=tuning.learning_rate,
        batch_size=tuning.batch_size,
        seed=tuning.seed,
        progress=True,
    )
    parts = jobs.Parts(
        samples=samples,
        test=test or (),
        validation=validation or (),
        reading={**reading.parsed(), "on_bad": on_bad.value},
    )
    result = jobs.separate(
        opened,
        data,
        budget=budget,
        energy=energy,
        order=order,
        finetune=fine,
        parts=parts,
        bar=partial(steps_bar, "Taking apart"),
    )
    told = result.to_dict()
    path = write_edited(result.graph, opened.folder, out, {"separated": told})
    if json:
        typer.echo(to_json({**told, "path": str(path)}))
        return
    for table in separation_tables(told):
        stdout().print(table)
    show_paths({"model": path})
