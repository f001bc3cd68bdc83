"""The main claim on real data: sensor_net dense and separable on five folds of people.

    python -m benchmarks.accept_watch_twin [--seeds 3]

Ten people, two held out a fold (1-2, 3-4 … 9-10), three seeds; the other eight train,
and the last epoch counts, so that nobody's data choose anything. Writes
results/watch_twin.json; 1 if a bar is missed. Runs stay in --folder: started again, it
goes on where it stopped.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from benchmarks.twin_figures import kept

from depthwise.data import Dataset, Split, open_data, split_by_group
from depthwise.files import write_json
from depthwise.jobs.demo import recipe
from depthwise.jobs.summary import summarise
from depthwise.jobs.twin import TwinPlan, run_twin

ROOT = Path(__file__).resolve().parents[1]
PAIRS = (("1", "2"), ("3", "4"), ("5", "6"), ("7", "8"), ("9", "10"))
BARS = {"windows": 0.86, "recordings": 0.90, "difference": -0.02, "saving": 4.0}


def folds_of(dataset: Dataset) -> dict[str, Split]:
    """Hold each pair out in turn."""
    return {"-".join(pair): split_by_group(dataset, pair) for pair in PAIRS}


def learn(variants: tuple[str, ...], seeds: int, folder: Path) -> dict[str, Any]:
    """Train variants on every fold with every seed; what summary.json would hold."""
    dataset = open_data("watch")
    plan = TwinPlan(
        model="sensor_net",
        variants=variants,
        folds=folds_of(dataset),
        seeds=tuple(range(seeds)),
        settings=recipe(),
        folder=folder,
        resume=True,
    )
    return kept(summarise(run_twin(dataset, plan)))


def main() -> int:
    """Train, compare with the bars, write the figures; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--variants", default="dense,separable,blueprint")
    parser.add_argument("--out", type=Path, default=ROOT / "results/watch_twin.json")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/watch_twin")
    arguments = parser.parse_args()
    variants = tuple(arguments.variants.split(","))
    summary = learn(variants, arguments.seeds, arguments.folder)
    separable = summary["variants"]["separable"]
    compared = summary["comparisons"]["separable"]
    measured = {
        "windows": separable["accuracy_windows"],
        "recordings": separable["accuracy_recordings"],
        "difference": compared["difference_windows"]["value"],
        "saving": compared["theoretical_saving"],
    }
    met = {name: measured[name] >= bar for name, bar in BARS.items()}
    write_json(arguments.out, {"bars": BARS, "measured": measured, **summary})
    for name, bar in BARS.items():
        verdict = "met" if met[name] else "MISSED"
        print(f"{name}: {measured[name]:.4f}, bar {bar}: {verdict}")
    return 0 if all(met.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
