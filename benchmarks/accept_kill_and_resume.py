"""Kill a training run at random moments, resume it each time, and compare the bits.

    python -m benchmarks.accept_kill_and_resume --kills 10 --seed 1

Writes results/kill_and_resume.json: how many kills hit, how many of them while the
checkpoint was being written, and whether weights and metrics.csv equal those of an
unbroken run; 1 if anything differs or a kill came too late. Processes are forked from
one that has imported everything and run nothing, so a kill costs milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import torch

from depthwise.data import Dataset, Preprocessing, Split, open_data
from depthwise.files import write_json
from depthwise.nn import SeparableConv2d
from depthwise.training import Augmentation, TrainingSettings, seeded, train
from depthwise.training.accelerator import quiet
from depthwise.training.checkpoint import CHECKPOINT, load
from depthwise.training.journal import METRICS

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = TrainingSettings(
    epochs=40,
    batch_size=32,
    ema_decay=0.9,
    augmentation=Augmentation(crop=1, mixup=0.2),
    threads=1,
    accelerator="cpu",
)


def network() -> torch.nn.Module:
    """Build a small separable network with batch norm and dropout."""
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 16, 3, padding=1),
        SeparableConv2d(16, 32, 3, stride=2, padding=1),
        torch.nn.BatchNorm2d(32),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.2),
        torch.nn.Flatten(),
        torch.nn.Linear(32 * 16, 10),
    )


def run(data: Dataset, folder: Path) -> None:
    """Train, or go on training, in this process."""
    order = np.random.default_rng(0).permutation(len(data))
    split = Split(order[:200], order[200:300], order[300:400])
    preprocessing = Preprocessing.fit(data, split.train)
    with seeded(SETTINGS.seed):
        net = network()
    train(
        net,
        data,
        split,
        SETTINGS,
        folder=folder,
        preprocessing=preprocessing,
        resume=True,
        progress=False,
    )


def start(data: Dataset, folder: Path) -> int:
    """Fork a process that trains; returns its id."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            run(data, folder)
            code = 0
        finally:
            os._exit(code)
    return child


def finish(child: int) -> None:
    """Wait for a process, which must have succeeded."""
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise RuntimeError(f"training must succeed; it ended with status {status}")


def lines(folder: Path) -> int:
    """Count the finished epochs in the log."""
    path = folder / METRICS
    return max(path.read_bytes().count(b"\n") - 1, 0) if path.exists() else 0


def kill(data: Dataset, folder: Path, *, after: int, delay: float) -> bool:
    """Start a process, kill it a moment after an epoch; False if it was done before."""
    child = start(data, folder)
    while lines(folder) < after and os.waitpid(child, os.WNOHANG) == (0, 0):
        time.sleep(0.0002)
    time.sleep(delay)
    try:
        os.kill(child, signal.SIGKILL)
    except ProcessLookupError:
        return False
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def compare(kills: int, seed: int) -> dict[str, object]:
    """Train once unbroken and once with kills; say what differs."""
    with quiet():
        import lightning.fabric  # noqa: F401 - imported before the forks

    data = open_data("digits-8x8")
    root = Path(tempfile.mkdtemp())
    whole, broken = root / "whole", root / "broken"
    begin = time.perf_counter()
    finish(start(data, whole))
    epoch = (time.perf_counter() - begin) / SETTINGS.epochs
    chance = np.random.default_rng(seed)
    moments = np.sort(chance.choice(SETTINGS.epochs - 8, kills, replace=False))
    hits, writing, epochs = 0, 0, []
    for after in moments:
        delay = float(chance.uniform(0, 2 * epoch))
        hits += kill(data, broken, after=int(after), delay=delay)
        writing += any(broken.glob(f".{CHECKPOINT}.*"))
        there = broken / CHECKPOINT
        epochs.append(len(load(there).rows) if there.exists() else 0)
    finish(start(data, broken))
    one, two = load(whole / CHECKPOINT), load(broken / CHECKPOINT)
    return {
        "kills": hits,
        "kills_while_writing": writing,
        "epochs_at_kills": epochs,
        "epochs": len(one.rows),
        "equal_weights": same(one.weights, two.weights),
        "equal_best_weights": same(one.best, two.best),
        "equal_average": same(one.average, two.average),
        "equal_metrics": (whole / METRICS).read_bytes()
        == (broken / METRICS).read_bytes(),
    }


def same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    """Whether two sets of weights have the same bits."""
    return one.keys() == two.keys() and all(
        one[name].numpy().tobytes() == two[name].numpy().tobytes() for name in one
    )


def main() -> int:
    """Kill, resume, compare, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--out", type=Path, default=ROOT / "results/kill_and_resume.json"
    )
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found = compare(options.kills, options.seed)
    write_json(options.out, found)
    print(json.dumps(found))
    equal = all(value for name, value in found.items() if name.startswith("equal"))
    return 0 if equal and found["kills"] == options.kills else 1


if __name__ == "__main__":
    sys.exit(main())
