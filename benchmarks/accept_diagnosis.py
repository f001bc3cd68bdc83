"""Real reports: what is found in three trained networks, and what pruning does.

    python -m benchmarks.accept_diagnosis [efficientnet_lite0 digits sensor_net]

Each network is diagnosed on one part of its data; what is proven is pruned, and then
what was observed too; accuracy is that on another part. Writes results/diagnosis.json
after each network. 1 if pruning what is proven changes a result by more than 1e-5.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.diagnosis_cases import CASES, Case, batches_of

from depthwise.costing import count
from depthwise.diagnosis import Diagnosis, Fault, diagnose_graph, prune_graph
from depthwise.diagnosis.copies.observed import observed_copies
from depthwise.diagnosis.knowledge import known_spans
from depthwise.diagnosis.sensors import SensorAnalysis
from depthwise.files import write_json
from depthwise.graph import Graph
from depthwise.jobs.diagnosing import fastest
from depthwise.jobs.idle_channels import change
from depthwise.jobs.sensing import sense

ROOT = Path(__file__).resolve().parents[1]
MOST = 1e-5


def scores(graph: Graph, case: Case) -> dict[str, float]:
    """Share of right answers, first and among five."""
    found = [v[graph.outputs[0]] for v in fastest()(graph, batches_of(case.inputs, 64))]
    order = np.argsort(np.concatenate(found), axis=1)
    right = order[:, -5:] == case.labels[:, None]
    return {"top1": float(right[:, -1].mean()), "top5": float(right.any(1).mean())}


def figures(graph: Graph, case: Case) -> dict[str, Any]:
    """What a network costs, and how well it does."""
    cost = count(graph)
    return {"macs": cost.macs, "params": cost.params, **scores(graph, case)}


def measure(case: Case) -> dict[str, Any]:
    """Diagnose, prune twice, and score."""
    batches = batches_of(case.observed, 16)
    told = diagnose_graph(case.graph, batches, execute=fastest())
    proven = prune_graph(case.graph)
    if told.observed is None:
        raise ValueError("there must be data")
    known = known_spans(case.graph, told.observed)
    copies = observed_copies(case.graph, told.observed)
    observed = prune_graph(case.graph, known, copies)
    sensors = None
    if case.samples is not None:
        sensors = sense(case.graph, case.samples, fastest(), case.rows)
    return {
        "title": case.title,
        "observed_on": case.seen,
        "scored_on": case.unseen,
        "samples": told.samples,
        "channels": told.channels,
        "layers": len(told.layers),
        "faults": _faults(told),
        "worst": [_layer(told, place) for place in range(len(told.worst()))],
        "before": figures(case.graph, case),
        "proven": {
            **figures(proven.graph, case),
            "removed": proven.channels,
            "largest_change": change(case.graph, proven.graph),
        },
        "observed": {**figures(observed.graph, case), "removed": observed.channels},
        "sensors": None if sensors is None else _sensors(sensors),
    }


def _faults(told: Diagnosis) -> dict[str, dict[str, int]]:
    found = {}
    for fault in Fault:
        some = [f for f in told.findings if f.fault is fault]
        tally = {
            "proven": sum(len(f.channels) for f in some if f.proven),
            "observed": sum(len(f.channels) for f in some if not f.proven),
        }
        if any(tally.values()):
            found[str(fault)] = tally
    return found


def _layer(told: Diagnosis, place: int) -> dict[str, Any]:
    layer = told.worst()[place]
    faults = {str(f): round(layer.share(f) * layer.channels) for f in Fault}
    return {
        "layer": layer.name,
        "channels": layer.channels,
        "nothing_new": layer.worst,
        "effective_rank": layer.rank,
        "directions": layer.to_dict()["directions"],
        "faults": {fault: number for fault, number in faults.items() if number},
    }


def _sensors(told: SensorAnalysis) -> dict[str, Any]:
    plain = told.to_dict()
    for layer in plain["mixing"]:
        del layer["profile"], layer["reach"]
    del plain["lagged_correlation"]
    return {**plain, "strongest_lags": plain["strongest_lags"][:3]}


def main() -> int:
    """Measure, write, compare with the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="case", help=" ".join(CASES))
    parser.add_argument("--out", type=Path, default=ROOT / "results/diagnosis.json")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    if options.out.exists():
        found = json.loads(options.out.read_text(encoding="utf-8"))
    for name in options.cases or CASES:
        found[name] = measure(CASES[name]())
        write_json(options.out, found)
        before, after = found[name]["before"], found[name]["observed"]
        print(f"{name}: MACs {before['macs']:,} to {after['macs']:,}")
        print(f"{name}: accuracy {before['top1']:.4f} to {after['top1']:.4f}")
    changes = [case["proven"]["largest_change"] for case in found.values()]
    print(f"largest change by pruning what is proven: {max(changes):.1e}, bar {MOST}")
    return 0 if max(changes) <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
