"""Real digits, cut into parts, for every test of the room."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.training.small import Digits, Parts, read_digits

from depthwise.training import TrainingSettings


@pytest.fixture(scope="session")
def digits(data_file) -> Digits:
    return read_digits(data_file("sklearn", "datasets/data/digits.csv.gz"))


@pytest.fixture(scope="session")
def parts() -> Parts:
    order = np.random.default_rng(0).permutation(1797)
    return Parts(order[:300], order[1400:1600])


@pytest.fixture
def settings() -> TrainingSettings:
    return TrainingSettings(epochs=3, batch_size=32, learning_rate=5e-3, threads=1)
