"""Real digits, cut into parts, for every test of the room."""

from __future__ import annotations

import pytest
from tests.unit.training.small import Digits, Parts, read_digits, small_parts

from depthwise.training import TrainingSettings


@pytest.fixture(scope="session")
def digits(data_file) -> Digits:
    return read_digits(data_file("sklearn", "datasets/data/digits.csv.gz"))


@pytest.fixture(scope="session")
def parts() -> Parts:
    return small_parts()


@pytest.fixture
def settings() -> TrainingSettings:
    return TrainingSettings(epochs=3, batch_size=32, learning_rate=5e-3, threads=1)
