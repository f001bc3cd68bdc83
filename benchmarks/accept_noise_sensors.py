"""Does a separable network keep sensors apart that have nothing to say?

    python -m benchmarks.accept_noise_sensors [--seeds 5] [--epochs 6]

sensor_net, dense and separable, on the watch recordings with 0, 3 and 6 channels of
white noise added. Each seed holds out another two of the ten people; the last epoch
counts. For each of the 30 networks: accuracy on the people held out, what is lost there
when a channel reads another window, and how its filters mix the channels. Writes
results/noise_sensors.json after each network and goes on with what is there.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from depthwise.data import Dataset, Preprocessing, open_data, split_by_group
from depthwise.diagnosis.sensors import (
    Trial,
    Way,
    contributions,
    each_channel,
    mixing_profiles,
)
from depthwise.files import write_json
from depthwise.jobs.demo import recipe
from depthwise.jobs.diagnosing import fastest
from depthwise.jobs.fit import Fitted, Plan, fit

ROOT = Path(__file__).resolve().parents[1]
PAIRS = (("1", "2"), ("3", "4"), ("5", "6"), ("7", "8"), ("9", "10"))
NOISE = (0, 3, 6)
LOOKED_AT = 400  # windows of the people held out, evenly spaced


@dataclass(frozen=True)
class Cell:
    """One network of the experiment.

    Args:
        conv: "dense" or "separable".
        noise: Channels of noise added.
        seed: Of weights, order and noise; chooses the people held out, too.
    """

    conv: str
    noise: int
    seed: int

    @property
    def key(self) -> str:
        """Its name in the file."""
        return f"{self.conv} {self.noise} {self.seed}"


def with_noise(dataset: Dataset, count: int, seed: int) -> Dataset:
    """Add channels of white noise of unit deviation."""
    rng = np.random.default_rng([seed, count])
    raw = np.asarray(dataset.inputs[np.arange(len(dataset))])
    noise = rng.normal(size=(len(raw), count, raw.shape[2])).astype(np.float32)
    names = tuple(f"noise{number}" for number in range(count))
    inputs = np.concatenate([raw, noise], axis=1)
    return replace(dataset, inputs=inputs, channels=(*dataset.channels, *names))


def measure(dataset: Dataset, cell: Cell, epochs: int) -> dict[str, Any]:
    """Train one network and look at what it does with the noise."""
    data = with_noise(dataset, cell.noise, cell.seed)
    parts = split_by_group(data, PAIRS[cell.seed % len(PAIRS)])
    settings = replace(recipe(), epochs=epochs, seed=cell.seed)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan("sensor_net", cell.conv, settings, Path(folder), progress=False)
        fitted = fit(data, parts, plan)
    return {
        "conv": cell.conv,
        "noise": cell.noise,
        "seed": cell.seed,
        "windows": fitted.windows.accuracy,
        "recordings": fitted.recordings.accuracy if fitted.recordings else None,
        **sensors(fitted, data, parts.train, parts.test),
        "seconds": time.perf_counter() - start,
    }


def sensors(
    fitted: Fitted, data: Dataset, train: Any, test: Any
) -> dict[str, list[Any]]:
    """Take each channel away on people never seen, and see which filters it reaches."""
    rows = test[:: max(1, len(test) // LOOKED_AT)][:LOOKED_AT]
    inputs = Preprocessing.fit(data, train).apply(data.inputs[rows])
    execute, graph = fastest(), fitted.graph

    def predict(samples: Any) -> Any:
        (values,) = execute(graph, [samples])
        return values[graph.outputs[0]]

    trial = Trial(predict, inputs, data.labels[rows], repeats=1, seed=0)
    channels = each_channel(data.channels)
    lost = contributions(trial, channels, [Way.PERMUTED])
    real = len(data.channels) - sum(n.startswith("noise") for n in data.channels)
    layers = mixing_profiles(graph, inputs, channels, execute)
    return {
        "drops": [entry.drop.value for entry in lost],
        "layers": [
            {
                "layer": found.layer,
                "mean_reach": found.mean_reach,
                "noise_share": float(found.profile[:, real:].sum(axis=1).mean()),
                "pure_share": float((found.reach < 1.5).mean()),
            }
            for found in layers
        ],
    }


def cells(seeds: int) -> Iterator[Cell]:
    """List the networks, a whole seed before the next."""
    for seed in range(seeds):
        for noise in NOISE:
            for conv in ("dense", "separable"):
                yield Cell(conv, noise, seed)


def main() -> int:
    """Train what is missing, and write the figures after each network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--out", type=Path, default=ROOT / "results/noise_sensors.json")
    options = parser.parse_args()
    dataset = open_data("watch")
    done: dict[str, Any] = {}
    if options.out.exists():
        stored = json.loads(options.out.read_text(encoding="utf-8"))
        done = stored["cells"] if stored["epochs"] == options.epochs else {}
    for cell in cells(options.seeds):
        if cell.key not in done:
            done[cell.key] = measure(dataset, cell, options.epochs)
            write_json(options.out, {"epochs": options.epochs, "cells": done})
            found = done[cell.key]
            print(f"{cell.key}: {found['windows']:.4f}, {found['seconds']:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
