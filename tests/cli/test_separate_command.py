"""``depthwise separate`` on files, folders and data, from its help to its errors."""

import json

import numpy as np
import pytest
import torch
from tests.unit.formats.files import run_ours, run_theirs
from torch import nn

import depthwise
from depthwise.bridge import trace
from depthwise.costing import count
from depthwise.formats import load_folder, load_onnx, save_onnx
from depthwise.jobs.dataset import choose_split, open_dataset
from depthwise.jobs.separating import Parts, Tuning
from depthwise.training import TrainingSettings, seeded, train


class Bands(nn.Module):
    """A dense classifier of series, with names of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv1d(4, 16, 7, padding=3, bias=False)
        self.norm = nn.BatchNorm1d(16)
        self.body = nn.Conv1d(16, 24, 9, stride=2, padding=4)
        self.head = nn.Linear(24, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Score series ``[n, 4, 48]``."""
        x = self.norm(self.stem(x)).relu()
        scores: torch.Tensor = self.head(self.body(x).relu().mean(-1))
        return scores


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Series of three frequencies in noise, and a network that was trained on them."""
    folder = tmp_path_factory.mktemp("bands")
    rng = np.random.default_rng(0)
    labels = np.arange(360) % 3
    time = np.arange(48) * np.array([0.3, 0.6, 1.1])[labels, None]
    waves = np.sin(time + rng.uniform(0, 6, (360, 1)))[:, None]
    inputs = waves * rng.uniform(0.5, 1.5, (1, 4, 1)) + rng.normal(0, 0.8, (360, 4, 48))
    inputs = inputs.astype("float32")
    np.savez(folder / "bands.npz", inputs=inputs, labels=labels)
    dataset = open_dataset(str(folder / "bands.npz"))
    split = choose_split(dataset)
    with seeded(0):
        module = Bands()
    settings = TrainingSettings(epochs=6, batch_size=16, threads=1)
    train(module, dataset, split, settings, folder=folder / "run", progress=False)
    torch.save(module.state_dict(), folder / "bands.pth")
    save_onnx(trace(module.eval(), (1, 4, 48), name="bands"), folder / "bands.onnx")
    return folder


@pytest.fixture(scope="module")
def module(place):
    found = Bands()
    found.load_state_dict(torch.load(place / "bands.pth", weights_only=True))
    return found.eval()


def test_an_onnx_file_without_data(run_cli, place, tmp_path):
    out = tmp_path / "apart.onnx"
    done = run_cli("separate", str(place / "bands.onnx"), "-o", str(out))
    assert done.returncode == 0, done.stderr
    assert "taken apart, judged by weights alone" in done.stdout
    before, after = load_onnx(place / "bands.onnx"), load_onnx(out)
    assert count(after).macs <= 0.5 * count(before).macs
    assert {"body.depthwise.weight", "body.pointwise.weight"} <= set(after.constants)
    x = np.random.default_rng(1).standard_normal((3, 4, 48)).astype("float32")
    theirs, ours = run_theirs(out, {"x": x}), run_ours(after, {"x": x})
    for one, other in zip(theirs, ours, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


def test_data_repair_what_is_lost_and_training_the_rest(run_cli, place, tmp_path):
    model, data = str(place / "bands.onnx"), str(place / "bands.npz")
    out = tmp_path / "apart"
    arguments = ("--budget", "0.2", "--finetune", "3", "--json", "-o", str(out))
    done = run_cli("separate", model, data, *arguments)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    scores = told["accuracy"]
    assert list(scores) == ["before", "closed_form", "repaired", "finetuned"]
    assert scores["before"] > 0.9
    assert scores["repaired"] >= scores["closed_form"]
    assert scores["finetuned"] > scores["before"] - 0.1
    assert len(told["epochs"]) == 3
    assert told["macs"]["after"] <= 0.2 * told["macs"]["before"]
    folder = load_folder(out)
    assert folder.training["separated"]["layers"] == told["layers"]
    assert count(folder.graph).macs == told["macs"]["after"]
    again = run_cli("separate", str(out), "-o", str(tmp_path / "again"))
    assert again.returncode == 1
    assert "must have layers that cost less" in again.stderr


def test_energy_and_order_are_kept(run_cli, place, tmp_path):
    model, out = str(place / "bands.onnx"), str(tmp_path / "apart.onnx")
    arguments = ("--energy", "0.8", "--order", "pointwise-first", "--json", "-o", out)
    done = run_cli("separate", model, *arguments)
    assert done.returncode == 0, done.stderr
    layers = json.loads(done.stdout)["layers"]
    changed = [layer for layer in layers if layer["order"]]
    assert changed
    assert {layer["order"] for layer in changed} == {"pointwise-first"}
    assert all(layer["energy"] >= 0.8 for layer in changed)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--budget", "2"], 2, "budget must be above 0 and below 1; got 2"),
        (["--budget", "0.5", "--energy", "0.9"], 2, "a budget or an energy, one"),
        (["--budget", "0.001"], 1, "got 0.001, the least is"),
        (["--energy", "0.99999"], 1, "keep the energy; got 0.99999"),
        (["--finetune", "2"], 2, "fine-tuning needs labelled data; got none"),
        (["--samples", "0"], 2, "samples must be at least 1; got 0"),
        (["nowhere.npz"], 2, "got 'nowhere.npz'"),
        (["--order", "both"], 2, "'both' is not one of"),
    ],
)
def test_wrong_input_is_one_sentence(
    run_cli, place, tmp_path, arguments, code, sentence
):
    model, out = str(place / "bands.onnx"), str(tmp_path / "apart.onnx")
    done = run_cli("separate", model, *arguments, "-o", out)
    assert done.returncode == code, done.stderr
    assert sentence in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "apart.onnx").exists()


def test_a_module_keeps_its_class_its_names_and_its_mode(module):
    result = depthwise.separate(module, input_shape=(1, 4, 48), budget=0.4)
    assert type(result.model) is Bands
    assert not result.model.training
    names = set(result.model.state_dict())
    assert {"norm.running_mean", "head.weight", "body.depthwise.weight"} <= names
    assert "body.weight" not in names
    assert "body.weight" in module.state_dict()
    x = torch.randn(2, 4, 48)
    with torch.no_grad():
        (ours,) = run_ours(result.graph, {"x": x.numpy()})
        torch.testing.assert_close(
            result.model(x), torch.tensor(ours), rtol=1e-4, atol=1e-5
        )
    result.model.train()(x).sum().backward()
    assert result.model.body.depthwise.weight.grad.abs().sum() > 0


def test_a_module_is_tuned_in_place_of_its_copy(module, place):
    data, tuning = str(place / "bands.npz"), Tuning(epochs=1, learning_rate=1e-3)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    result = depthwise.separate(
        module,
        data,
        input_shape=(1, 4, 48),
        budget=0.4,
        finetune=tuning,
        parts=Parts(samples=64),
    )
    assert result.report.samples == 64
    assert type(result.model) is Bands
    assert not result.model.training
    assert all(torch.equal(before[n], v) for n, v in module.state_dict().items())
    key = "body.pointwise.weight"
    weight = result.model.state_dict()[key].numpy()
    np.testing.assert_array_equal(result.graph.constants[key], weight)


def test_batches_without_labels_repair_and_score_nothing(module):
    rng = np.random.default_rng(0)
    batches = [rng.standard_normal((16, 4, 48)).astype("float32") for _ in range(3)]
    shape = (1, 4, 48)
    result = depthwise.separate(module, batches, input_shape=shape, budget=0.4)
    assert (result.report.samples, result.report.accuracy) == (48, {})
    with pytest.raises(depthwise.DepthwiseError, match="batches without labels"):
        depthwise.separate(module, batches, input_shape=shape, finetune=1)


class Functional(nn.Module):
    """A convolution without a layer, and one with."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(16, 4, 7))
        self.body = nn.Conv1d(16, 24, 9)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve twice."""
        result: torch.Tensor = self.body(nn.functional.conv1d(x, self.kernel))
        return result


def test_functional_code_stays_in_a_module_and_not_in_a_graph():
    module = Functional().eval()
    result = depthwise.separate(module, input_shape=(1, 4, 48), budget=0.8)
    first, second = result.report.layers
    assert "functional code" in first.reason
    assert second.form is not None
    graph = trace(module, (1, 4, 48), name="functional")
    assert depthwise.separate(graph, budget=0.25).report.layers[0].form is not None
