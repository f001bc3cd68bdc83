"""``depthwise twin``: the same network with several sorts of convolution."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from depthwise.cli import options
from depthwise.cli.data_options import DataOptions
from depthwise.cli.training_options import TrainingOptions


def twin(
    data: options.Data,
    *,
    model: options.Network = "sensor_net",
    out: options.Out = Path("runs/twin"),
    convs: Annotated[
        str,
        typer.Option(help="Sorts of convolution with commas, the reference first."),
    ] = "dense,separable",
    folds: Annotated[int, typer.Option(help="1 is a single split.", min=1)] = 1,
    seeds: Annotated[int, typer.Option(help="How many seeds.", min=1)] = 1,
    test: options.Test = None,
    validation: options.Validation = None,
    option: options.Options = None,
    on_bad: options.OnBadOption = options.OnBad.FAIL,
    resume: options.Resume = False,
    json: options.Json = False,
    reading: DataOptions,
    training: TrainingOptions,
) -> None:
    """Train a network as dense, separable or blueprint on the same data, and compare.

    Args:
        data: What to train on.
        model: A registered name.
        out: Folder to write.
        convs: Sorts of convolution.
        folds: How many folds, by group wherever there are groups.
        seeds: How many seeds.
        test: Groups to hold out, for a single split.
        validation: Groups to choose the best epoch by, for a single split.
        option: More options of the network.
        on_bad: What to do with bad input.
        resume: Go on with what is in the folder.
        json: Whether to print JSON.
        reading: How the data are read.
        training: How every network is trained.
    """
    settings = training.settings()
    from depthwise.cli.outcome import show_experiment, show_note
    from depthwise.jobs import dataset as parts
    from depthwise.jobs.experiment import run_experiment
    from depthwise.jobs.open import parse_options
    from depthwise.jobs.twin import TwinPlan, refuse_folder

    named = {"test": test or (), "validation": validation or ()}
    parts.check_folds(folds, **named)
    refuse_folder(out, resume=resume)
    dataset = parts.open_dataset(data, **reading.parsed(), on_bad=on_bad.value)
    show_note(parts.reading_note(dataset.report))
    folded = parts.choose_folds(
        dataset, folds, **named, seed=settings.seed, on_bad=on_bad.value
    )
    show_note(parts.splitting_note(folded.values()))
    plan = TwinPlan(
        model=model,
        variants=tuple(name.strip() for name in convs.split(",")),
        folds=folded,
        seeds=tuple(range(settings.seed, settings.seed + seeds)),
        settings=settings,
        folder=out,
        options=parse_options(option or []),
        resume=resume,
    )
    show_experiment(run_experiment(dataset, plan), json=json)
