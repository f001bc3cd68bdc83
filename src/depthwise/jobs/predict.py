"""Predict with a model folder; no torch needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from depthwise.data import Dataset, Preprocessing
from depthwise.errors import DataError, UsageError
from depthwise.execute import run
from depthwise.jobs.open import Opened

_BATCH = 64


@dataclass(frozen=True)
class Prediction:
    """What a model says of one sample.

    Args:
        index: Position in the data.
        recording: The recording or file it comes from, or None.
        label: The most probable class.
        probability: Of that class, 0 to 1.
        probabilities: Of every class, in the model's order.
        truth: The class that the data names, or None.
    """

    index: int
    recording: str | None
    label: str
    probability: float
    probabilities: tuple[float, ...]
    truth: str | None

    def to_dict(self, classes: tuple[str, ...]) -> dict[str, Any]:
        """Turn the prediction into plain values.

        Args:
            classes: Names of the model's classes.

        Returns:
            Values by field name, probabilities by class name.
        """
        return {
            "index": self.index,
            "recording": self.recording,
            "label": self.label,
            "probability": self.probability,
            "probabilities": dict(zip(classes, self.probabilities, strict=True)),
            "truth": self.truth,
        }


def classes_of(opened: Opened) -> tuple[str, ...]:
    """Name the classes that a model tells apart.

    Args:
        opened: A model that was opened from a folder.

    Returns:
        The names.

    Raises:
        UsageError: If the model is not a folder, and so knows no classes.
    """
    if opened.folder is None or not opened.folder.preprocess:
        msg = f"predicting needs a model folder; got {opened.name!r} without classes"
        raise UsageError(msg, "depthwise train writes one")
    return tuple(opened.folder.classes["names"])


def predict(opened: Opened, dataset: Dataset) -> Iterator[Prediction]:
    """Predict every sample, in order.

    Args:
        opened: A model folder, opened.
        dataset: Raw samples of the shape that the model was trained on.

    Yields:
        One prediction a sample.

    Raises:
        UsageError: If the model is not a folder.
        DataError: If channels or sizes differ from the model's.
    """
    classes = classes_of(opened)
    folder = opened.folder
    preprocessing = Preprocessing.from_dict(folder.preprocess if folder else {})
    if tuple(dataset.channels) != preprocessing.channels:
        msg = (
            "data must have the channels the model was trained on; "
            f"got {list(dataset.channels)}, not {list(preprocessing.channels)}"
        )
        raise DataError(msg)
    output = opened.graph.outputs[0]
    for start in range(0, len(dataset), _BATCH):
        indices = np.arange(start, min(start + _BATCH, len(dataset)))
        raw = np.asarray(dataset.inputs[indices])
        (values,) = run(opened.graph, [preprocessing.apply(raw)])
        chances = _softmax(values[output].astype(np.float64))
        for index, row in zip(indices.tolist(), chances, strict=True):
            yield _prediction(index, row, classes, dataset)


def _softmax(logits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _prediction(
    index: int,
    chances: np.ndarray[Any, Any],
    classes: tuple[str, ...],
    dataset: Dataset,
) -> Prediction:
    best = int(chances.argmax())
    recordings = dataset.recordings
    return Prediction(
        index=index,
        recording=None if recordings is None else str(recordings[index]),
        label=classes[best],
        probability=float(chances[best]),
        probabilities=tuple(chances.tolist()),
        truth=dataset.classes[int(dataset.labels[index])],
    )
