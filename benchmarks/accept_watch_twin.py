"""The main claim on real data: sensor_net dense and separable on five folds of people.

Ten people, two held out a fold (1-2, 3-4 … 9-10), three seeds; the other eight train,
and the last epoch counts, so that nobody's data choose anything. Writes
results/watch_twin.json. Runs stay in --folder: started again, it goes on where it
stopped. --only 9-10 trains some folds and writes no figures: for another process beside
this one. With --add blueprint only that variant is trained and joins the file: folds,
seeds and order are the same, so it is paired with the runs that are there.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from depthwise.data import Dataset, Split, open_data, split_by_group
from depthwise.files import write_json
from depthwise.jobs.demo import recipe
from depthwise.jobs.summary import summarise
from depthwise.jobs.twin import TwinPlan, run_twin
from depthwise.training import paired_difference

ROOT = Path(__file__).resolve().parents[1]
PAIRS = (("1", "2"), ("3", "4"), ("5", "6"), ("7", "8"), ("9", "10"))
BARS = {"windows": 0.86, "recordings": 0.90, "difference": -0.02, "saving": 4.0}


def folds_of(dataset: Dataset) -> dict[str, Split]:
    """Hold each pair out in turn."""
    return {"-".join(pair): split_by_group(dataset, pair) for pair in PAIRS}


def learn(
    variants: tuple[str, ...], seeds: int, folder: Path, *, only: str | None = None
) -> dict[str, Any]:
    """Train variants on every fold with every seed; what summary.json would hold."""
    dataset = open_data("watch")
    folds = folds_of(dataset)
    plan = TwinPlan(
        model="sensor_net",
        variants=variants,
        folds={n: folds[n] for n in (only.split(",") if only else folds)},
        seeds=tuple(range(seeds)),
        settings=recipe(),
        folder=folder,
        resume=True,
    )
    summary = summarise(run_twin(dataset, plan))
    for variant in summary["variants"].values():
        del variant["layers"], variant["cost"]
        for run in variant["runs"]:
            del run["history"], run["folder"]
    return summary


def joined(stored: dict[str, Any], added: dict[str, Any], name: str) -> dict[str, Any]:
    """Let a variant that was trained later join those in the file."""
    variant, reference = added["variants"][name], stored["variants"]["dense"]
    compared: dict[str, Any] = {
        f"difference_{what}": asdict(
            paired_difference(
                *(accuracies(stored, v, what) for v in (variant, reference))
            )
        )
        for what in ("windows", "recordings")
    }
    compared["params_saving"] = reference["params"] / variant["params"]
    compared["theoretical_saving"] = reference["macs"] / variant["macs"]
    return {
        **stored,
        "variants": {**stored["variants"], name: variant},
        "comparisons": {**stored["comparisons"], name: compared},
    }


def accuracies(stored: dict[str, Any], variant: Any, what: str) -> list[list[float]]:
    """Table of a variant's accuracies, [folds, seeds]."""
    found = {(r["fold"], r["seed"]): r[f"accuracy_{what}"] for r in variant["runs"]}
    return [[found[fold, s] for s in stored["seeds"]] for fold in stored["folds"]]


def main() -> int:
    """Train, compare with the bars, write the figures; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--variants", default="dense,separable,blueprint")
    parser.add_argument("--out", type=Path, default=ROOT / "results/watch_twin.json")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/watch_twin")
    parser.add_argument("--only", help="names of folds with commas: train these alone")
    parser.add_argument("--add", help="a variant that joins those in the file")
    arguments = parser.parse_args()
    variants = tuple((arguments.add or arguments.variants).split(","))
    if arguments.only:
        learn(variants, arguments.seeds, arguments.folder, only=arguments.only)
        return 0
    if arguments.add:
        stored = json.loads(arguments.out.read_text(encoding="utf-8"))
        added = learn(variants, len(stored["seeds"]), arguments.folder)
        write_json(arguments.out, joined(stored, added, arguments.add))
        return 0
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
