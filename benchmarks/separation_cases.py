"""Three trained dense networks with data, each as a model folder and labelled samples.

Weights and data come from installed packages and are read where they are; the watch's
dense network is trained here on eight people with the recipe of ``depthwise demo``, and
its separable twin beside it. Folders and samples are written to build/separation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from torch import nn

from depthwise.bridge import trace
from depthwise.data import Preprocessing, open_data, split_by_group
from depthwise.formats import ModelFolder, save_folder
from depthwise.jobs.demo import TEST_PEOPLE

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "build/separation"
HELD_OUT, CHOSEN_BY, LOOKED_AT = "held out", "chosen by", "looked at"


@dataclass(frozen=True)
class Case:
    """A trained dense network and what it is separated with.

    Args:
        title: What it is.
        model: Its model folder.
        data: Labelled data by name or path.
        test: Groups that only score.
        validation: Groups to choose the best epoch by; none lets the seed choose.
        epochs: Of fine-tuning.
        budgets: Shares of the multiply-accumulates to try.
        rivals: Other networks to score on the same samples, by what they are.
    """

    title: str
    model: Path
    data: str
    test: tuple[str, ...]
    validation: tuple[str, ...] = ()
    epochs: int = 2
    budgets: tuple[float, ...] = (0.7, 0.5, 0.3, 0.2)
    rivals: tuple[tuple[str, Path], ...] = ()


def digits() -> Case:
    """Three convolutions and two full layers, trained by others on MNIST."""
    module, dataset, images = digits_network()
    data = _save("digits", np.round(images * 255), dataset.labels, dataset.classes)
    prepared = _image(1, 28, DIGITS_MEAN * 255, DIGITS_DEVIATION * 255)
    folder = _folder("digits", module, (1, 1, 28, 28), prepared, dataset.classes)
    return Case("digits CNN", folder, data, (HELD_OUT,), (CHOSEN_BY,))


class _Faces(nn.Module):
    """R-Net of the package facenet-pytorch, under its names: face or no face."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 28, 3)
        self.prelu1 = nn.PReLU(28)
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = nn.Conv2d(28, 48, 3)
        self.prelu2 = nn.PReLU(48)
        self.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv3 = nn.Conv2d(48, 64, 2)
        self.prelu3 = nn.PReLU(64)
        self.dense4 = nn.Linear(576, 128)
        self.prelu4 = nn.PReLU(128)
        self.dense5_1 = nn.Linear(128, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Score images ``[n, 3, 24, 24]``."""
        x = self.pool1(self.prelu1(self.conv1(x)))
        x = self.pool2(self.prelu2(self.conv2(x)))
        x = self.prelu3(self.conv3(x)).permute(0, 3, 2, 1)
        scores: torch.Tensor = self.dense5_1(self.prelu4(self.dense4(x.flatten(1))))
        return scores


def faces() -> Case:
    """The second stage of MTCNN, on crops of Labeled Faces in the Wild."""
    state = torch.load(inside("facenet_pytorch", "data/rnet.pt"), weights_only=True)
    module = _Faces()
    module.load_state_dict({k: v for k, v in state.items() if "dense5_2" not in k})
    crops = np.load(inside("skimage", "data/lfw_subset.npy"))
    small = [np.asarray(Image.fromarray(crop).resize((24, 24))) for crop in crops]
    grey = np.stack(small).astype("float32")[:, None] * 255
    labels = np.repeat([1, 0], 100)
    data = _save("faces", np.repeat(grey, 3, axis=1), labels, ("other", "face"))
    prepared = _image(3, 24, 127.5, 128.0)
    folder = _folder("faces", module, (1, 3, 24, 24), prepared, ("other", "face"))
    return Case("R-Net", folder, data, (HELD_OUT,), (CHOSEN_BY,))


def watch() -> Case:
    """The demo's network, dense, on two people whom it never saw."""
    dataset = open_data("watch")
    parts = split_by_group(dataset, TEST_PEOPLE)
    dense, separable = (
        watch_network(conv, dataset, parts, PLACE / f"watch-{conv}")
        for conv in ("dense", "separable")
    )
    return Case(
        "sensor_net, dense",
        dense,
        "watch",
        TEST_PEOPLE,
        budgets=(0.5, 0.3, 0.2),
        rivals=(("separable from the start", separable),),
    )


def _image(channels: int, size: int, mean: float, std: float) -> Preprocessing:
    names = ("grey",) if channels == 1 else ("red", "green", "blue")
    return Preprocessing(
        "image",
        names,
        (mean,) * channels,
        (std,) * channels,
        size=(size, size),
        mode="L" if channels == 1 else "RGB",
    )


def _save(name: str, inputs: Any, labels: Any, classes: Sequence[str]) -> str:
    """Write labelled samples, some of every class held out.

    Every second one scores, one in ten chooses the best epoch, the others repair and
    train.
    """
    places = np.zeros(len(labels), int)
    for label in np.unique(labels):
        here = labels == label
        places[here] = np.arange(here.sum()) % 10
    rest = np.where(places == 8, CHOSEN_BY, LOOKED_AT)
    groups = np.where(places % 2 == 1, HELD_OUT, rest)
    PLACE.mkdir(parents=True, exist_ok=True)
    path = PLACE / f"{name}.npz"
    np.savez(
        path,
        inputs=inputs.astype("float32"),
        labels=labels,
        classes=np.array(classes),
        channels=np.array(["grey"] if inputs.shape[1] == 1 else _COLOURS),
        groups=groups,
    )
    return str(path)


_COLOURS = ["red", "green", "blue"]


def _folder(
    name: str,
    module: nn.Module,
    shape: tuple[int, ...],
    prepared: Preprocessing,
    classes: Sequence[str],
) -> Path:
    graph = trace(module.eval(), shape, name=name)
    whole = ModelFolder(graph, prepared.to_dict(), {"names": list(classes)})
    return save_folder(PLACE / name, whole, overwrite=True)


CASES: dict[str, Callable[[], Case]] = {
    "digits": digits,
    "faces": faces,
    "watch": watch,
}
