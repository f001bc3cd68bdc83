"""The main claim on real data: sensor_net dense and separable on five folds of people.

Ten people, two held out a fold (1-2, 3-4 … 9-10), three seeds; the other eight train,
and the last epoch counts, so that nobody's data choose anything. Writes
results/watch_twin.json.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

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


def main() -> int:
    """Train, compare with the bars, write the figures; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--variants", default="dense,separable,blueprint")
    parser.add_argument("--out", type=Path, default=ROOT / "results/watch_twin.json")
    arguments = parser.parse_args()
    dataset = open_data("watch")
    with tempfile.TemporaryDirectory() as folder:
        plan = TwinPlan(
            model="sensor_net",
            variants=tuple(arguments.variants.split(",")),
            folds=folds_of(dataset),
            seeds=tuple(range(arguments.seeds)),
            settings=recipe(),
            folder=Path(folder),
        )
        summary = summarise(run_twin(dataset, plan))
    separable = summary["variants"]["separable"]
    compared = summary["comparisons"]["separable"]
    measured = {
        "windows": separable["accuracy_windows"],
        "recordings": separable["accuracy_recordings"],
        "difference": compared["difference_windows"]["value"],
        "saving": compared["theoretical_saving"],
    }
    for variant in summary["variants"].values():
        del variant["layers"], variant["cost"]
        for run in variant["runs"]:
            del run["history"], run["folder"]
    met = {name: measured[name] >= bar for name, bar in BARS.items()}
    write_json(arguments.out, {"bars": BARS, "measured": measured, **summary})
    for name, bar in BARS.items():
        verdict = "met" if met[name] else "MISSED"
        print(f"{name}: {measured[name]:.4f}, bar {bar}: {verdict}")
    return 0 if all(met.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
