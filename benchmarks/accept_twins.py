"""Three more twins: clothing, handwritten digits, and motions of the wrist.

    python -m benchmarks.accept_twins fashion-mnist|digits|basic-motions [--seeds 3]

Each network is trained dense, separable and blueprint on the same data, order and
seeds; the validation part of the training data chooses the epoch, and the test part is
scored once. Writes results/twin_NAME.json; 1 if the separable network misses its bar.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from depthwise.data import Dataset, Split, open_data, split
from depthwise.files import write_json
from depthwise.jobs.summary import summarise
from depthwise.jobs.twin import TwinPlan, run_twin
from depthwise.training import Augmentation, TrainingSettings

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Case:
    """A data set, a network for it, and what it must reach.

    Args:
        data: A registered name.
        model: A registered name.
        parts: Splits the data.
        settings: How to train.
        accuracy: Bar for the separable network's mean test accuracy.
        minutes: Bar for the longest of its training runs on two cores; 0 for none.
        options: More arguments of the network.
    """

    data: str
    model: str
    parts: Callable[[Dataset], Split]
    settings: TrainingSettings
    accuracy: float
    minutes: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)


def published(dataset: Dataset, *, validation: int) -> Split:
    """Keep the published test part; validate on the last of a shuffled train part."""
    if dataset.parts is None:
        raise ValueError(f"{dataset.name} must come with parts")
    train = np.flatnonzero(dataset.parts == "train")
    order = np.random.default_rng(0).permutation(train)
    kept = len(order) - validation
    return Split(order[:kept], order[kept:], np.flatnonzero(dataset.parts == "test"))


CASES = {
    case.data: case
    for case in (
        Case(
            data="fashion-mnist",
            model="ds_cnn",
            parts=lambda data: published(data, validation=5000),
            settings=TrainingSettings(
                epochs=4, batch_size=64, learning_rate=4e-3, warmup_epochs=0.2
            ),
            accuracy=0.90,
            minutes=6.0,
            options={"dropout": 0.0},
        ),
        Case(
            data="digits",
            model="ds_cnn",
            parts=lambda data: split(data, (0.7, 0.1, 0.2), seed=0),
            settings=TrainingSettings(
                epochs=16, learning_rate=4e-3, augmentation=Augmentation(crop=2)
            ),
            accuracy=0.975,
            options={"dropout": 0.1},
        ),
        Case(
            data="basic-motions",
            model="sensor_net",
            parts=lambda data: published(data, validation=0),
            settings=TrainingSettings(
                epochs=60,
                batch_size=16,
                augmentation=Augmentation(jitter=0.1, scale=0.2),
            ),
            accuracy=0.97,
        ),
    )
}


def measure(case: Case, seeds: int, variants: tuple[str, ...]) -> dict[str, Any]:
    """Train every variant with every seed; the summary, without bulky details."""
    dataset = open_data(case.data)
    with tempfile.TemporaryDirectory() as folder:
        plan = TwinPlan(
            model=case.model,
            variants=variants,
            folds={"published": case.parts(dataset)},
            seeds=tuple(range(seeds)),
            settings=case.settings,
            folder=Path(folder),
            options=case.options,
        )
        summary = summarise(run_twin(dataset, plan))
    for variant in summary["variants"].values():
        del variant["layers"], variant["cost"]
        for run in variant["runs"]:
            del run["history"], run["folder"]
    return summary


def main() -> int:
    """Train, compare with the bars, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", choices=sorted(CASES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--variants", default="dense,separable,blueprint")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    case = CASES[options.case]
    summary = measure(case, options.seeds, tuple(options.variants.split(",")))
    separable = summary["variants"]["separable"]
    accuracy = separable["accuracy_windows"]
    minutes = max(run["seconds"] for run in separable["runs"]) / 60
    bars = {"accuracy": case.accuracy, "minutes": case.minutes or None}
    measured = {"accuracy": accuracy, "minutes": minutes}
    path = options.out or ROOT / f"results/twin_{case.data}.json"
    write_json(path, {"bars": bars, "measured": measured, **summary})
    print(f"accuracy {accuracy:.4f}, bar {case.accuracy}")
    print(f"minutes {minutes:.2f}, bar {case.minutes or 'none'}")
    in_time = not case.minutes or minutes <= case.minutes
    return 0 if accuracy >= case.accuracy and in_time else 1


if __name__ == "__main__":
    sys.exit(main())
