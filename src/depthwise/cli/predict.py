"""``depthwise predict``: classes and probabilities for new data."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Annotated

import typer

from depthwise.cli import options
from depthwise.cli.data_options import DataOptions

if TYPE_CHECKING:
    from depthwise.jobs.predict import Prediction


def predict(
    model: options.Model,
    data: Annotated[
        str,
        typer.Argument(
            help="An image, a recording, a folder of either, .npy or .npz; a "
            "registered name; or - for sensor rows on standard input.",
            show_default=False,
        ),
    ],
    *,
    labels: Annotated[
        bool,
        typer.Option("--labels", help="DATA has labels: say how many agree."),
    ] = False,
    hop: Annotated[
        int | None,
        typer.Option(help="Rows from one label to the next, for -.", min=1),
    ] = None,
    probabilities: Annotated[
        bool,
        typer.Option("--probabilities", help="A column for every class in the CSV."),
    ] = False,
    on_bad: options.OnBadOption = options.OnBad.FAIL,
    json: options.Json = False,
    reading: DataOptions,
) -> None:
    """Predict every sample of DATA; one line each, as CSV or JSON lines.

    Args:
        model: A model folder.
        data: What to predict.
        labels: Whether the data have labels.
        hop: Rows from one label to the next, for a stream.
        probabilities: Whether the CSV has the probability of every class.
        on_bad: What to do with bad input.
        json: Whether to print JSON lines.
        reading: How labelled data are read.
    """
    import sys

    from depthwise.cli.outcome import show_note, show_predictions
    from depthwise.jobs import predict as jobs
    from depthwise.jobs.dataset import REGISTERED, open_dataset, reading_note
    from depthwise.jobs.open import open_model

    asked = reading.parsed()
    predictor = jobs.make_predictor(open_model(model))
    columns = predictor.classes if probabilities else ()
    if data == "-":
        sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]
        live = jobs.predict_live(predictor, sys.stdin, hop=hop, on_bad=on_bad.value)
        show_predictions(_told(live), json=json, classes=columns)
        return
    if labels or data in REGISTERED:
        asked = jobs.as_trained(predictor, asked, data)
        dataset = open_dataset(data, **asked, on_bad=on_bad.value)
        found, report = jobs.predict_dataset(predictor, dataset), dataset.report
    else:
        found, report = jobs.predict_source(
            predictor, data, columns=asked["columns"], on_bad=on_bad.value
        )
    show_predictions(found, json=json, classes=columns)
    show_note(reading_note(report))


def _told(
    live: Generator[Prediction, None, object],
) -> Generator[Prediction, None, None]:
    """Say on stderr what came of a stream, when it ends."""
    from depthwise.cli.outcome import show_note

    report = yield from live
    show_note(str(report))
