"""``depthwise train``: one network on your data, into a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from depthwise.cli import options


def train(
    data: options.Data,
    *,
    out: options.Out,
    model: Annotated[str, typer.Option(help="A registered name.")] = "sensor_net",
    conv: options.Conv = None,
    option: options.Options = None,
    window: options.Window = None,
    step: options.Step = None,
    size: options.Size = None,
    on_bad: options.OnBadOption = options.OnBad.FAIL,
    test: Annotated[
        list[str] | None,
        typer.Option(help="A group to hold out, such as a person; repeat it."),
    ] = None,
    validation: Annotated[
        list[str] | None,
        typer.Option(help="A group to choose the best epoch by; repeat it."),
    ] = None,
    epochs: options.Epochs = None,
    batch_size: Annotated[int | None, typer.Option(help="Samples a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="At its peak.")] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    resume: options.Resume = False,
    json: options.Json = False,
) -> None:
    """Train a registered network on DATA and write a model folder.

    Args:
        data: What to train on.
        out: Folder to write.
        model: A registered name.
        conv: Sort of convolution; separable if not given.
        option: More options of the network.
        window: Length of a window, for recordings.
        step: From one window to the next, for recordings.
        size: Rows and columns, for images of several sizes.
        on_bad: What to do with bad input.
        test: Groups to hold out.
        validation: Groups to choose the best epoch by.
        epochs: Passes over the data.
        batch_size: Samples a step.
        learning_rate: At its peak.
        seed: Of everything random.
        resume: Go on with what is in the folder.
        json: Whether to print JSON.
    """
    from depthwise.cli.outcome import show_fitted, show_note
    from depthwise.jobs.dataset import choose_split, open_dataset, reading_note
    from depthwise.jobs.describe_data import parse_size
    from depthwise.jobs.fit import Plan, fit
    from depthwise.jobs.open import parse_options
    from depthwise.jobs.rooms import torch_room

    dataset = open_dataset(
        data,
        window=window,
        step=step,
        size=parse_size(size),
        on_bad=on_bad.value,
    )
    show_note(reading_note(dataset.report))
    split = choose_split(
        dataset, test=test or (), validation=validation or (), seed=seed
    )
    chosen = options.given(
        epochs=epochs, batch_size=batch_size, learning_rate=learning_rate
    )
    settings = torch_room("training").TrainingSettings(seed=seed, **chosen)
    plan = Plan(
        model=model,
        conv=conv or "separable",
        settings=settings,
        folder=Path(out),
        options=parse_options(option or []),
        resume=resume,
    )
    show_fitted(fit(dataset, split, plan), json=json)
