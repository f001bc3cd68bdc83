"""Networks with data to be measured on: trained by others, or here as the demo does."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from depthwise.data import Dataset, Split, open_data
from depthwise.jobs.demo import recipe
from depthwise.jobs.fit import Plan, fit

DIGITS_MEAN, DIGITS_DEVIATION = 0.1307, 0.3081
"""What the network of digits was trained with, of images from 0 to 1."""


def inside(package: str, path: str) -> Path:
    """Find a file of an installed package, without importing that."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(f"{package} is not installed: make setup")
    return Path(next(iter(found.submodule_search_locations))) / path


def digits_network() -> tuple[nn.Module, Dataset, Any]:
    """Open three convolutions and two full layers, trained by others on MNIST.

    Returns:
        The network, labelled digits, and their images ``[n, 1, 28, 28]`` from 0 to 1.
    """
    path = inside("digit_recognizer", "models/handwriting_model.pth")
    module = DigitsNetwork(32, 64, 128)
    module.load_state_dict(torch.load(path, weights_only=True))
    dataset = open_data("digits")
    raw = np.asarray(dataset.inputs[np.arange(len(dataset))], np.float32)
    scale = 255.0 if raw.max() > 1 else 1.0
    return module.eval(), dataset, raw / scale


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


def watch_network(conv: str, dataset: Dataset, parts: Split, place: Path) -> Path:
    """Train the demo's sensor network, once, and name its model folder."""
    folder = place / "model"
    if not folder.exists():
        plan = Plan("sensor_net", conv, recipe(), place, progress=False)
        fit(dataset, parts, plan)
    return folder
