"""One process against two, with batch norm: how far apart the accuracies are.

    python -m benchmarks.accept_processes --seeds 3

With group norm or frozen batch norm two processes give the weights of one up to
rounding, which the tests show. Batch norm that moves is different by nature: each
process normalises with the mean and variance of its own half of the batch, and gloo has
no synchronised batch norm. Writes results/processes.json; 1 if the mean accuracies on
the 8×8 digits are more than a point apart.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from benchmarks.accept_kill_and_resume import network

from depthwise.data import Preprocessing, open_data, split
from depthwise.files import write_json
from depthwise.training import (
    TrainingSettings,
    predict_logits,
    score,
    seeded,
    train,
)

ROOT = Path(__file__).resolve().parents[1]
BAR = 0.01


def accuracy(settings: TrainingSettings) -> float:
    """Train on the digits and score the test part."""
    data = open_data("digits-8x8")
    parts = split(data, (0.6, 0.1, 0.3), seed=0)
    preprocessing = Preprocessing.fit(data, parts.train)
    with seeded(settings.seed):
        net = network()
    with tempfile.TemporaryDirectory() as folder:
        train(
            net,
            data,
            parts,
            settings,
            folder=folder,
            preprocessing=preprocessing,
            title=f"{settings.devices} processes",
        )
    logits = predict_logits(net, data, parts.test, preprocessing=preprocessing)
    return score(logits, data.labels[parts.test]).accuracy


def main() -> int:
    """Train in one and in two processes with each seed; compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=ROOT / "results/processes.json")
    options = parser.parse_args()
    plan = TrainingSettings(epochs=15, learning_rate=4e-3, accelerator="cpu")
    found: dict[str, list[float]] = {"1": [], "2": []}
    for seed in range(options.seeds):
        for devices in (1, 2):
            settings = replace(plan, seed=seed, devices=devices, strategy="ddp")
            found[str(devices)].append(accuracy(settings))
    gap = abs(float(np.mean(found["1"]) - np.mean(found["2"])))
    write_json(
        options.out, {"bar": BAR, "accuracy_by_processes": found, "difference": gap}
    )
    print(f"difference {gap:.4f}, bar {BAR}")
    return 0 if gap <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
