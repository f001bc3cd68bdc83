"""``depthwise train``: one network on your data, into a model folder."""

from __future__ import annotations

from typing import Annotated

import typer

from depthwise.cli import options
from depthwise.cli.data_options import DataOptions
from depthwise.cli.training_options import TrainingOptions


def train(
    data: options.Data,
    *,
    out: options.Out,
    model: options.Trained = "sensor_net",
    weights: options.Weights = None,
    conv: options.Conv = None,
    option: options.Options = None,
    test: options.Test = None,
    validation: options.Validation = None,
    on_bad: options.OnBadOption = options.OnBad.FAIL,
    diagnose: Annotated[
        bool,
        typer.Option(
            "--diagnose", help="Look at the channels after every epoch; warn early."
        ),
    ] = False,
    resume: options.Resume = False,
    json: options.Json = False,
    reading: DataOptions,
    training: TrainingOptions,
) -> None:
    """Train a network on DATA and write a model folder.

    A registered name is built to fit the data; any other model is trained further.

    Args:
        data: What to train on.
        out: Folder to write.
        model: What to train.
        weights: Weights to begin with.
        conv: Sort of convolution; separable if not given.
        option: More options of the network.
        test: Groups to hold out.
        validation: Groups to choose the best epoch by.
        on_bad: What to do with bad input.
        diagnose: Whether to look at the channels after every epoch.
        resume: Go on with what is in the folder.
        json: Whether to print JSON.
        reading: How the data are read.
        training: How the network is trained.
    """
    settings = training.settings()
    from depthwise.cli.outcome import show_fitted, show_note
    from depthwise.jobs import dataset as parts
    from depthwise.jobs.experiment import run_training
    from depthwise.jobs.fit import Plan, refuse_overwriting
    from depthwise.jobs.open import parse_options

    plan = Plan(
        model=model,
        conv=conv,
        settings=settings,
        folder=out,
        weights=weights,
        options=parse_options(option or []),
        resume=resume,
        diagnose=diagnose,
    )
    refuse_overwriting(out, resume=resume)
    dataset = parts.open_dataset(data, **reading.parsed(), on_bad=on_bad.value)
    show_note(parts.reading_note(dataset.report))
    groups = {"test": test or (), "validation": validation or ()}
    split = parts.choose_split(
        dataset, **groups, seed=settings.seed, on_bad=on_bad.value
    )
    show_note(parts.splitting_note([split]))
    show_fitted(run_training(dataset, split, plan), json=json)
