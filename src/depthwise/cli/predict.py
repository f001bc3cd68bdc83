"""``depthwise predict``: classes and probabilities for new data."""

from __future__ import annotations

import typer

from depthwise.cli import options


def predict(
    model: options.Model,
    data: options.Data,
    *,
    window: options.Window = None,
    step: options.Step = None,
    json: options.Json = False,
) -> None:
    """Predict every sample of DATA; one line each, CSV or JSON lines.

    Args:
        model: A model folder.
        data: What to predict.
        window: Length of a window, for recordings.
        step: From one window to the next, for recordings.
        json: Whether to print JSON lines.
    """
    import csv
    import json as plain
    import sys

    from depthwise.jobs.dataset import open_dataset
    from depthwise.jobs.open import open_model
    from depthwise.jobs.predict import classes_of
    from depthwise.jobs.predict import predict as predictions

    opened = open_model(model)
    classes = classes_of(opened)
    dataset = open_dataset(data, window=window, step=step)
    right = total = 0
    writer = csv.writer(sys.stdout)
    if not json:
        writer.writerow(("index", "recording", "label", "probability", "truth"))
    for found in predictions(opened, dataset):
        right, total = right + (found.label == found.truth), total + 1
        if json:
            typer.echo(plain.dumps(found.to_dict(classes), ensure_ascii=False))
        else:
            chance = f"{found.probability:.4f}"
            row = (found.index, found.recording, found.label, chance, found.truth)
            writer.writerow(row)
    typer.echo(f"{right} of {total} agree with the data's labels", err=True)
