"""Real digits, 8×8, from scikit-learn's package, and small networks for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Digits:
    """A labelled set with the faces that training asks for."""

    inputs: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...] = tuple("0123456789")


@dataclass(frozen=True)
class Parts:
    train: np.ndarray
    validation: np.ndarray


def small_net(*, norm: str = "batch", dropout: float = 0.2, seed: int = 0) -> nn.Module:
    """A separable network of 1,000 parameters for 8×8 digits."""
    torch.manual_seed(seed)
    after = nn.BatchNorm2d(16) if norm == "batch" else nn.GroupNorm(4, 16)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1, stride=2, groups=8, bias=False),
        nn.Conv2d(8, 16, 1, bias=False),
        after,
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(16 * 16, 10),
    )


def read_digits(path: Path) -> Digits:
    table = np.loadtxt(path, delimiter=",", dtype=np.float32)
    images = table[:, :-1].reshape(-1, 1, 8, 8) / 8 - 1
    return Digits(images, table[:, -1].astype(np.int64))


def small_parts() -> Parts:
    order = np.random.default_rng(0).permutation(1797)
    return Parts(order[:300], order[1400:1600])
