"""Three more twins: clothing, handwritten digits, and motions of the wrist.

    python -m benchmarks.accept_twins [basic-motions digits fashion-mnist] [--seeds 3]

Each network is trained dense, separable and blueprint on the same data, order and
seeds; the validation part of the training data chooses the epoch, and the test part is
scored once. Runs stay in --folder: started again, it goes on where it stopped. Writes
results/twin_NAME.json; 1 if a separable network misses its bar. With --time only the
separable network is trained, anew, and its minutes replace those in the file: for a
machine that was busy before.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.twin_figures import kept

from depthwise.data import Dataset, Split, open_data, split
from depthwise.files import write_json
from depthwise.jobs.fit import Plan, fit
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
                epochs=4, batch_size=32, learning_rate=4e-3, warmup_epochs=0.2
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


def measure(case: Case, options: argparse.Namespace) -> dict[str, Any]:
    """Train every variant with every seed."""
    dataset = open_data(case.data)
    parts = case.parts(dataset)
    plan = TwinPlan(
        model=case.model,
        variants=tuple(options.variants.split(",")),
        folds={"published": parts},
        seeds=tuple(range(options.seeds)),
        settings=replace(case.settings, threads=options.threads),
        folder=options.folder / case.data,
        options=case.options,
        resume=True,
    )
    summary = kept(summarise(run_twin(dataset, plan)))
    separable = summary["variants"]["separable"]
    measured = {
        "accuracy": separable["accuracy_windows"],
        "train": len(parts.train),
    }
    bars = {"accuracy": case.accuracy}
    if case.minutes:
        bars["minutes"] = case.minutes
        slowest = max(run["seconds"] for run in separable["runs"])
        measured["minutes"] = slowest / 60
    return {"bars": bars, "measured": measured, **summary}


def time_again(case: Case) -> float:
    """Train the separable network once more, from the start; the minutes it took."""
    dataset = open_data(case.data)
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(
            model=case.model,
            conv="separable",
            settings=case.settings,
            folder=Path(folder),
            options=case.options,
        )
        fitted = fit(dataset, case.parts(dataset), plan)
    return float(fitted.training.seconds) / 60


def verdict(case: Case, path: Path) -> bool:
    """Compare what a file holds with the bars."""
    measured = json.loads(path.read_text(encoding="utf-8"))["measured"]
    accuracy, minutes = measured["accuracy"], measured.get("minutes", 0.0)
    met = accuracy >= case.accuracy and minutes <= (case.minutes or float("inf"))
    print(f"{case.data}: accuracy {accuracy:.4f}, bar {case.accuracy}")
    if case.minutes:
        print(f"{case.data}: minutes {minutes:.2f}, bar {case.minutes}")
    return met


def main() -> int:
    """Train, write the figures, compare with the bars."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="case", help=" ".join(CASES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--variants", default="dense,separable,blueprint")
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0: all")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/twins")
    parser.add_argument("--out", type=Path, default=ROOT / "results")
    parser.add_argument("--time", action="store_true", help="only time it again")
    options = parser.parse_args()
    met = True
    for name in options.cases or CASES:
        path = options.out / f"twin_{name}.json"
        if options.time:
            found = json.loads(path.read_text(encoding="utf-8"))
            found["measured"]["minutes"] = time_again(CASES[name])
        else:
            found = measure(CASES[name], options)
        write_json(path, found)
        met &= verdict(CASES[name], path)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
