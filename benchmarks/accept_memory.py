"""Train on a synthetic set far larger than memory, and watch the memory.

    python -m benchmarks.accept_memory --gigabytes 20

Writes that many gigabytes of pictures to --folder, trains an epoch on them in a process
of its own, and writes results/memory.json: the largest resident size, the share of time
spent waiting for data, and how busy the cores were. 1 if memory passes 2 GB. With
--set the pictures are written there, if they are not there yet, and stay: --only-write
does nothing else, so that the training can be measured later, on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from depthwise.data import Preprocessing, Split, open_data
from depthwise.data.array_folder import write_array_folder
from depthwise.files import write_json
from depthwise.training import TrainingSettings, seeded, train

ROOT = Path(__file__).resolve().parents[1]
SHARD = 2000
SIZE = (3, 224, 224)
BAR_GB = 2.0


def pictures(count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Draw noise whose brightest third of rows is the class."""
    rng = np.random.default_rng(0)
    rows = np.arange(SIZE[1]) * 3 // SIZE[1]
    for start in range(0, count, SHARD):
        labels = rng.integers(3, size=min(SHARD, count - start))
        images = rng.integers(0, 128, size=(len(labels), *SIZE), dtype=np.uint8)
        bright = (rows == labels[:, None]).astype(np.uint8) * 100
        yield images + bright[:, None, :, None], labels


def write(folder: Path, gigabytes: float) -> int:
    """Write the set; returns how many pictures there are."""
    count = int(gigabytes * 1e9 / np.prod(SIZE))
    channels = ["red", "green", "blue"]
    classes = ["top", "middle", "bottom"]
    write_array_folder(folder, pictures(count), classes=classes, channels=channels)
    return count


def learn(folder: Path, run: Path) -> dict[str, float]:
    """Train one epoch; figures of this process."""
    import torch

    from depthwise.nn import SeparableConv2d

    data = open_data(folder)
    order = np.random.default_rng(1).permutation(len(data))
    part = len(order) // 50
    split = Split(order[2 * part :], order[:part], order[part : 2 * part])
    preprocessing = Preprocessing.fit(data, split.train[:2000])
    with seeded(0):
        net = torch.nn.Sequential(
            torch.nn.Conv2d(3, 32, 8, stride=8),
            torch.nn.ReLU(),
            SeparableConv2d(32, 64, 3, stride=2, padding=1),
            torch.nn.BatchNorm2d(64),
            torch.nn.ReLU(),
            torch.nn.AdaptiveAvgPool2d((7, 1)),
            torch.nn.Flatten(),
            torch.nn.Linear(448, 3),
        )
    settings = TrainingSettings(epochs=1, warmup_epochs=0.1, loader_threads=2)
    start, before = time.perf_counter(), time.process_time()
    result = train(net, data, split, settings, folder=run, preprocessing=preprocessing)
    seconds = time.perf_counter() - start
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "pictures": len(data),
        "accuracy": result.best.validation_accuracy or 0.0,
        "seconds": round(seconds, 1),
        "pictures_per_second": round(len(split.train) / result.seconds, 1),
        "waiting_share": round(result.waiting_share, 4),
        "busy_cores": round((time.process_time() - before) / seconds, 2),
        "cores": os.cpu_count() or 1,
        "largest_resident_gb": round(largest * 1024 / 1e9, 3),
    }


def learn_apart(folder: Path) -> dict[str, float]:
    """Train in a process of its own, whose memory is that of training alone."""
    command = [sys.executable, "-m", "benchmarks.accept_memory", "--learn", folder]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main() -> int:
    """Write the set, train on it in a child process, compare with the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=20.0)
    parser.add_argument("--folder", type=Path, help="where there is room for the set")
    parser.add_argument("--set", type=Path, help="the pictures, to keep")
    parser.add_argument("--only-write", action="store_true", help="with --set")
    parser.add_argument("--out", type=Path, default=ROOT / "results/memory.json")
    parser.add_argument("--note", default="", help="about the machine, for the file")
    parser.add_argument("--learn", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.learn is not None:
        with tempfile.TemporaryDirectory() as run:
            print(json.dumps(learn(options.learn, Path(run))))
        return 0
    if options.set is not None:
        if not options.set.exists():
            write(options.set, options.gigabytes)
        if options.only_write:
            return 0
        measured = learn_apart(options.set)
    else:
        if options.folder is not None:
            options.folder.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(dir=options.folder))
        try:
            write(place / "set", options.gigabytes)
            measured = learn_apart(place / "set")
        finally:
            shutil.rmtree(place)
    bars = {"largest_resident_gb": BAR_GB}
    about = {"gigabytes": options.gigabytes, "bars": bars, "note": options.note}
    write_json(options.out, {**about, "measured": measured})
    print(json.dumps(measured))
    met = measured["largest_resident_gb"] < BAR_GB and measured["accuracy"] > 0.9
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
