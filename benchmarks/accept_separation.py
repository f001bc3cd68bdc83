"""Real figures: trained dense networks taken apart, at several budgets.

    python -m benchmarks.accept_separation [digits faces watch]

Each network is scored on samples that nothing here looked at: as it was, taken apart by
its weights alone, taken apart on data, repaired, and fine-tuned. Writes
results/separation.json after each network. 1 if a budget is broken, or if more than
two points are lost at half of the multiply-accumulates, after fine-tuning.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.separation_cases import CASES, Case

from depthwise.costing import count
from depthwise.errors import SeparationError
from depthwise.files import write_json
from depthwise.jobs.dataset import choose_split
from depthwise.jobs.idle_channels import accuracy
from depthwise.jobs.open import open_model
from depthwise.jobs.samples import samples_for
from depthwise.jobs.separating import Parts, Tuning, separate

ROOT = Path(__file__).resolve().parents[1]
MOST_LOST = 0.02


def measure(name: str, case: Case) -> dict[str, Any]:
    """Separate at every budget, and score."""
    opened = open_model(case.model)
    held = samples_for(opened, case.data, {})
    split = choose_split(held.dataset, test=case.test, validation=case.validation)
    cost = count(opened.graph)
    score = partial(accuracy, held=held, rows=split.test)
    rivals = {}
    for title, path in case.rivals:
        other = open_model(path).graph
        total = count(other)
        figures = {"accuracy": score(other), "macs": total.macs}
        rivals[title] = {**figures, "params": total.params}
    return {
        "title": case.title,
        "samples": {"train": len(split.train), "test": len(split.test)},
        "epochs": case.epochs,
        "macs": cost.macs,
        "params": cost.params,
        "accuracy": score(opened.graph),
        "rivals": rivals,
        "budgets": {
            f"{budget:g}": _at(name, case, budget, score) for budget in case.budgets
        },
    }


def _at(name: str, case: Case, budget: float, score: Any) -> dict[str, Any]:
    opened = open_model(case.model)
    parts = Parts(test=case.test, validation=case.validation)
    tuning = Tuning(epochs=case.epochs)
    try:
        plain = separate(opened, budget=budget)
        found = separate(opened, case.data, budget=budget, finetune=tuning, parts=parts)
    except SeparationError as error:
        return {"refused": error.message}
    told = found.report.to_dict()
    scores = {"weights": score(plain.graph), **told["accuracy"]}
    print(name, budget, json.dumps(scores))
    return {
        "macs": told["macs"]["after"],
        "params": told["params"]["after"],
        "accuracy": scores,
        "layers": told["layers"],
    }


def broken(found: dict[str, Any]) -> list[str]:
    """Sentences on what is over a bar."""
    problems = []
    for name, case in found.items():
        for budget, told in case["budgets"].items():
            if "macs" not in told:
                continue
            if told["macs"] > float(budget) * case["macs"]:
                problems.append(f"{name}: {told['macs']} is over {budget}")
            lost = case["accuracy"] - told["accuracy"]["finetuned"]
            if budget == "0.5" and lost > MOST_LOST:
                problems.append(f"{name}: lost {lost:.4f} at {budget}")
    return problems


def main() -> int:
    """Measure, write, compare with the bars."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="case", help=" ".join(CASES))
    parser.add_argument("--out", type=Path, default=ROOT / "results/separation.json")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    if options.out.exists():
        found = json.loads(options.out.read_text(encoding="utf-8"))
    for name in options.cases or CASES:
        found[name] = measure(name, CASES[name]())
        write_json(options.out, found)
    problems = broken(found)
    print("\n".join(problems) or "every budget holds")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
