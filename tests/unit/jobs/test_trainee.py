"""Networks that no name stands for are trained further, and keep what they know."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from depthwise.data import Dataset, open_data, split
from depthwise.errors import DataError, UsageError
from depthwise.formats import load_folder, save_onnx
from depthwise.jobs.fit import MODEL, Fitted, Plan, fit
from depthwise.jobs.trainee import AS_GIVEN, make_trainee
from depthwise.training import TrainingSettings

NETWORK = """
from torch import nn

def small():
    layers = [nn.Conv2d(1, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten()]
    return nn.Sequential(*layers, nn.Dropout(0.1), nn.Linear(72, 10))

def weightless():
    return nn.Sequential(nn.AdaptiveAvgPool2d((1, 10)), nn.Flatten())

def chances():
    return nn.Sequential(small(), nn.Softmax(1))
"""
LEARNS = TrainingSettings(epochs=6, learning_rate=1e-2, threads=1)
STANDS = replace(LEARNS, epochs=1, learning_rate=1e-12, freeze_batch_norm=True)


@pytest.fixture(scope="module")
def digits(data_file) -> Dataset:
    data_file("sklearn", "datasets/data/digits.csv.gz")
    return open_data("digits-8x8")


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("code") / "networks.py"
    path.write_text(NETWORK, encoding="utf-8")
    return str(path)


def trained(digits: Dataset, model: str, folder: Path, settings=LEARNS) -> Fitted:
    plan = Plan(model, None, settings, folder, progress=False)
    return fit(digits, split(digits, (0.6, 0.2, 0.2), seed=0), plan)


@pytest.fixture(scope="module")
def first(digits, code: str, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    return trained(digits, f"{code}:small", tmp_path_factory.mktemp("run") / "first")


def test_a_factory_of_ones_own_learns(first: Fitted) -> None:
    assert first.windows.accuracy >= 0.8
    assert first.trainee.sort == AS_GIVEN
    folder = load_folder(first.plan.folder / MODEL)
    assert folder.registry is None
    assert len(folder.classes["names"]) == 10


@pytest.mark.parametrize("kind", ["folder", "onnx"])
def test_training_goes_on_from_the_weights_that_are_there(
    kind: str, first: Fitted, digits: Dataset, tmp_path: Path
) -> None:
    model = first.plan.folder / MODEL
    if kind == "onnx":
        model = save_onnx(first.graph, tmp_path / "model.onnx")
    again = trained(digits, str(model), tmp_path / "run", STANDS)
    kept = {name: t.numpy() for name, t in first.module.state_dict().items()}
    found = {name: t.numpy() for name, t in again.module.state_dict().items()}
    names = [name for name in kept if not name.endswith("num_batches_tracked")]
    for name in names:
        np.testing.assert_allclose(found[name], kept[name], atol=1e-9)
    assert again.windows.accuracy == pytest.approx(first.windows.accuracy)


def test_a_model_folder_keeps_how_it_prepares_its_input(
    first: Fitted, digits: Dataset
) -> None:
    brighter = replace(digits, inputs=np.asarray(digits.inputs) * 2)
    kept = make_trainee(brighter, str(first.plan.folder / MODEL)).preprocessing
    stored = load_folder(first.plan.folder / MODEL).preprocess
    assert kept is not None
    assert list(kept.mean) == stored["mean"]


def test_what_does_not_go_together_is_refused(
    first: Fitted, digits: Dataset, code: str
) -> None:
    model = str(first.plan.folder / MODEL)
    others = replace(digits, classes=tuple("abcdefghij"))
    with pytest.raises(DataError, match="data must have the classes of model; got"):
        make_trainee(others, model)
    with pytest.raises(UsageError, match="conv does not go with this sort of model"):
        make_trainee(digits, model, conv="dense")
    with pytest.raises(UsageError, match="may change; weightless has none"):
        make_trainee(digits, f"{code}:weightless")
    with pytest.raises(UsageError, match="gives logits; chances ends in Softmax"):
        make_trainee(digits, f"{code}:chances")
