"""Predict with a model folder, on compiled code; no torch needed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.data import Dataset, Preprocessing, ReadReport, live_windows, open_inputs
from depthwise.data.columns import Columns
from depthwise.data.live import LiveReport
from depthwise.engine import compile_graph
from depthwise.errors import CompileError, DataError, UsageError
from depthwise.execute import run
from depthwise.graph import Graph
from depthwise.jobs.open import Opened

Array: TypeAlias = NDArray[Any]
OnBad: TypeAlias = Literal["fail", "skip"]
_BATCH = 64


@dataclass(frozen=True)
class Prediction:
    """What a model says of one sample.

    Args:
        source: Where it comes from: an index, a file, a recording and the newest row
            of the window, ``walk.csv:128``, or a row of a stream.
        label: The most probable class.
        probability: Of that class, 0 to 1.
        probabilities: Of every class, by name.
        truth: The class that the data name, or None.
    """

    source: str
    label: str
    probability: float
    probabilities: dict[str, float]
    truth: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Turn the prediction into plain values.

        Returns:
            Values by field name.
        """
        return {
            "source": self.source,
            "label": self.label,
            "probability": self.probability,
            "probabilities": self.probabilities,
            "truth": self.truth,
        }


@dataclass(frozen=True)
class Predictor:
    """A model that is ready to predict.

    Args:
        classes: Names of the classes.
        preprocessing: From raw samples to the network's input.
        logits: From float32 ``[n, ...]`` to ``[n, classes]``.
    """

    classes: tuple[str, ...]
    preprocessing: Preprocessing
    logits: Callable[[Array], Array]

    def predict(self, raw: Array, sources: Iterable[str]) -> Iterator[Prediction]:
        """Predict one batch.

        Args:
            raw: Raw samples ``[n, ...]``.
            sources: Where each comes from.

        Yields:
            One prediction a sample.
        """
        scores = self.logits(self.preprocessing.apply(raw)).astype(np.float64)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances = powers / powers.sum(axis=1, keepdims=True)
        for source, row in zip(sources, chances, strict=True):
            best = int(row.argmax())
            named = dict(zip(self.classes, row.tolist(), strict=True))
            yield Prediction(source, self.classes[best], float(row[best]), named)


def make_predictor(opened: Opened) -> Predictor:
    """Prepare a model folder for predicting.

    Args:
        opened: A model that was opened from a folder.

    Returns:
        The predictor; compiled, or on NumPy where the engine lacks an operator.

    Raises:
        UsageError: If the model is not a folder, and so knows no classes.
    """
    folder = opened.folder
    if folder is None or not folder.preprocess:
        msg = f"predicting needs a model folder; got {opened.name!r} without classes"
        raise UsageError(msg, "depthwise train writes one")
    return Predictor(
        classes=tuple(folder.classes["names"]),
        preprocessing=Preprocessing.from_dict(folder.preprocess),
        logits=_executor(opened.graph),
    )


def predict_dataset(predictor: Predictor, dataset: Dataset) -> Iterator[Prediction]:
    """Predict labelled samples, in order.

    Args:
        predictor: From ``make_predictor``.
        dataset: Raw samples of the shape that the model was trained on.

    Yields:
        One prediction a sample, with its truth.

    Raises:
        DataError: If channels differ from the model's, or no class is one of its.
    """
    wanted = predictor.preprocessing.channels
    if tuple(dataset.channels) != wanted:
        msg = (
            "data must have the channels the model was trained on; "
            f"got {list(dataset.channels)}, not {list(wanted)}"
        )
        raise DataError(msg)
    if not set(dataset.classes) & set(predictor.classes):
        msg = (
            "labels must name classes that the model knows; "
            f"got {list(dataset.classes)}, not {list(predictor.classes)}"
        )
        raise DataError(msg, "without --labels the labels are not looked at")
    truths = (dataset.classes[label] for label in dataset.labels.tolist())
    recorded = dataset.recordings
    known = dataset.files if recorded is None else recorded
    names = _sources(range(len(dataset)) if known is None else known, dataset.rows)
    for found, truth in zip(_batches(predictor, dataset, names), truths, strict=True):
        yield Prediction(**{**found.to_dict(), "truth": truth})


def as_trained(
    predictor: Predictor, asked: Mapping[str, Any], source: str
) -> dict[str, Any]:
    """Read labelled data as the training data were read, unless told otherwise.

    Args:
        predictor: From ``make_predictor``.
        asked: Options of ``open_dataset``; None where nothing was said.
        source: What is to be read; arrays are cut already.

    Returns:
        The options, with the model's window, step and size.
    """
    trained = predictor.preprocessing
    known: dict[str, Any] = {"size": trained.size, "mode": trained.mode}
    if not source.endswith(".npz"):
        known |= {"window": trained.window, "step": trained.step}
    return {name: known.get(name) if v is None else v for name, v in asked.items()}


def predict_source(
    predictor: Predictor,
    source: str,
    *,
    columns: Columns | None = None,
    on_bad: OnBad = "fail",
) -> tuple[Iterator[Prediction], ReadReport]:
    """Predict files without labels.

    Args:
        predictor: From ``make_predictor``.
        source: An image, a recording, a folder of either, ``.npy`` or ``.npz``.
        columns: Names of the columns of tables that are no channels.
        on_bad: Refuse bad input, or leave it out and count it.

    Returns:
        One prediction a sample, and what was skipped while reading.

    Raises:
        DataError: If the source is of another kind than the model's data.
    """
    asked = predictor.preprocessing
    opened = open_inputs(source, asked, columns=columns, on_bad=on_bad)
    names = _sources(opened.names, opened.rows)
    return _batches(predictor, opened, names), opened.report


def predict_live(
    predictor: Predictor,
    lines: Iterable[str],
    *,
    hop: int | None = None,
    on_bad: OnBad = "skip",
) -> Generator[Prediction, None, LiveReport]:
    """Predict a stream of sensor rows, one label a hop.

    Args:
        predictor: From ``make_predictor``.
        lines: Comma-separated rows as they arrive.
        hop: Rows from one label to the next; the model's own step if None.
        on_bad: Refuse bad rows, or leave them out.

    Yields:
        A prediction as soon as a window is full, then one every hop; its source is
        the number of the newest row.

    Returns:
        How many rows came, were left out, and made windows, when the stream ends.

    Raises:
        UsageError: If the model takes no windows, or hop is below 1.
    """
    asked = predictor.preprocessing
    windows = live_windows(lines, asked, hop=hop, on_bad=on_bad)
    while True:
        try:
            window = next(windows)
        except StopIteration as end:
            report: LiveReport = end.value
            return report
        yield from predictor.predict(window.values[None], [str(window.row)])


def _sources(names: Iterable[object], rows: Array | None) -> list[str]:
    """What to call samples; windows of one table are told apart by their rows."""
    if rows is None:
        return [str(name) for name in names]
    return [f"{name}:{row}" for name, row in zip(names, rows.tolist(), strict=True)]


def _batches(predictor: Predictor, held: Any, names: list[str]) -> Iterator[Prediction]:
    for start in range(0, len(names), _BATCH):
        indices = np.arange(start, min(start + _BATCH, len(names)))
        raw = np.asarray(held.inputs[indices])
        yield from predictor.predict(raw, names[start : start + _BATCH])


def _executor(graph: Graph) -> Callable[[Array], Array]:
    """Compile the graph; run it on NumPy where the engine lacks an operator."""
    output = graph.outputs[0]
    try:
        compiled = compile_graph(graph, threads=1)
    except CompileError:
        return lambda batch: np.asarray(next(run(graph, [batch]))[output])
    return lambda batch: compiled.run(batch)[output]
