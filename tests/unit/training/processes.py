"""Run by torchrun in a test: trains one network of each kind and saves its weights."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from tests.unit.training.small import read_digits, small_net, small_parts

from depthwise.training import TrainingSettings, is_main_process, train

PLAN = TrainingSettings(
    epochs=2,
    batch_size=30,
    learning_rate=0.02,
    optimizer="sgd",
    class_weights="balanced",
    threads=1,
    accelerator="cpu",
)
CASES = {
    "group norm": (PLAN, "group"),
    "frozen batch norm": (replace(PLAN, freeze_batch_norm=True), "batch"),
    "batch norm": (replace(PLAN, epochs=5), "batch"),
}


def main(digits: Path, folder: Path) -> None:
    data, parts = read_digits(digits), small_parts()
    for name, (settings, norm) in CASES.items():
        net = small_net(norm=norm, dropout=0.0)
        result = train(net, data, parts, settings, folder=folder / name, progress=False)
        state = {key: value.numpy() for key, value in net.state_dict().items()}
        accuracy = np.float64(result.best.validation_accuracy)
        if is_main_process():
            np.savez(folder / f"{name}.npz", accuracy=accuracy, **state)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
