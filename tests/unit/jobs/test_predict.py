"""What a predictor refuses, and what it passes on to the readers."""

import numpy as np
import pytest

from depthwise.data import Dataset, Preprocessing
from depthwise.data.columns import Columns
from depthwise.errors import DataError
from depthwise.jobs.predict import Predictor, predict_dataset, predict_source

NAMES = ("ax", "ay")
ASKED = Preprocessing("sensor", NAMES, (0.0,) * 2, (1.0,) * 2, window=4, step=4)


def first_sample(batch: np.ndarray) -> np.ndarray:
    """Logits of two classes: the first sample of each channel."""
    return batch[:, :, 0]


PREDICTOR = Predictor(("low", "high"), ASKED, first_sample)


def labelled(classes: tuple[str, ...], channels: tuple[str, ...] = NAMES) -> Dataset:
    inputs = np.array([[[3.0] * 4, [0.0] * 4], [[0.0] * 4, [2.0] * 4]])
    return Dataset(inputs, np.array([0, 1]), classes, channels, name="two")


def test_truths_go_by_name_not_by_number() -> None:
    found = list(predict_dataset(PREDICTOR, labelled(("high", "low"))))
    assert [(p.label, p.truth) for p in found] == [("low", "high"), ("high", "low")]
    assert found[0].probability == pytest.approx(1 / (1 + np.exp(-3.0)))
    assert found[0].probabilities["low"] == found[0].probability


def test_labels_of_other_classes_are_refused() -> None:
    with pytest.raises(DataError, match="classes that the model knows") as caught:
        list(predict_dataset(PREDICTOR, labelled(("cat", "dog"))))
    assert "--labels" in caught.value.hint
    with pytest.raises(DataError, match="must have the channels"):
        list(predict_dataset(PREDICTOR, labelled(("low", "high"), ("ax", "az"))))


def test_columns_of_tables_are_passed_on(tmp_path) -> None:
    rows = [f"{n / 10},{n},{-n}" for n in range(8)]
    path = tmp_path / "walk.csv"
    path.write_text("\n".join(["when,ax,ay", *rows]))
    columns = Columns(time="when")
    named, report = predict_source(PREDICTOR, str(path), columns=columns)
    named = list(named)
    assert [p.label for p in named] == ["low", "low"]
    assert [p.source for p in named] == ["walk.csv:4", "walk.csv:8"]
    assert report.read == 1
    path.write_text("\n".join(["when,ax,ay", "noon,1,2", *rows]))
    with pytest.raises(DataError, match="noon"):
        predict_source(PREDICTOR, str(path), columns=columns)
    unnamed, _ = predict_source(PREDICTOR, str(path))
    assert len(list(unnamed)) == 2
