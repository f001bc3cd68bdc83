"""``depthwise twin``: the same network with several sorts of convolution."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from depthwise.cli import options


def twin(
    data: options.Data,
    *,
    model: Annotated[str, typer.Option(help="A registered name.")] = "sensor_net",
    out: options.Out = Path("runs/twin"),
    variants: Annotated[
        str,
        typer.Option(help="Sorts of convolution with commas, the reference first."),
    ] = "dense,separable",
    folds: Annotated[int, typer.Option(help="1 is a single split.", min=1)] = 1,
    seeds: Annotated[int, typer.Option(help="How many seeds.", min=1)] = 1,
    option: options.Options = None,
    window: options.Window = None,
    step: options.Step = None,
    size: options.Size = None,
    on_bad: options.OnBadOption = options.OnBad.FAIL,
    epochs: options.Epochs = None,
    resume: options.Resume = False,
    json: options.Json = False,
) -> None:
    """Train a network as dense, separable or blueprint on the same data, and compare.

    Args:
        data: What to train on.
        model: A registered name.
        out: Folder to write.
        variants: Sorts of convolution.
        folds: How many folds, by group wherever there are groups.
        seeds: How many seeds.
        option: More options of the network.
        window: Length of a window, for recordings.
        step: From one window to the next, for recordings.
        size: Rows and columns, for images of several sizes.
        on_bad: What to do with bad input.
        epochs: Passes over the data.
        resume: Go on with what is in the folder.
        json: Whether to print JSON.
    """
    from depthwise.cli.outcome import show_experiment, show_note
    from depthwise.jobs.dataset import choose_folds, open_dataset, reading_note
    from depthwise.jobs.describe_data import parse_size
    from depthwise.jobs.experiment import run_experiment
    from depthwise.jobs.open import parse_options
    from depthwise.jobs.rooms import torch_room
    from depthwise.jobs.twin import TwinPlan

    dataset = open_dataset(
        data,
        window=window,
        step=step,
        size=parse_size(size),
        on_bad=on_bad.value,
    )
    show_note(reading_note(dataset.report))
    settings = torch_room("training").TrainingSettings(**options.given(epochs=epochs))
    plan = TwinPlan(
        model=model,
        variants=tuple(name.strip() for name in variants.split(",")),
        folds=choose_folds(dataset, folds),
        seeds=tuple(range(seeds)),
        settings=settings,
        folder=out,
        options=parse_options(option or []),
        resume=resume,
    )
    show_experiment(run_experiment(dataset, plan), json=json)
