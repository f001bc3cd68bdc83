"""Hold predicted times against measured ones on twelve networks.

    python -m benchmarks.accept_roofline [--passes 3] [--rounds 8]

In every pass the roofs of the machine and the engine's pace are measured, and every
network is timed: whole, in short bursts and all twelve in turn, and unit by unit. Times
are the least that were seen, and the roofs the highest: what else runs only adds.
Writes results/roofline.json and the tables of docs/cost.md; 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.cost_pages import PAGES, ROOFLINE
from benchmarks.roofline_cases import CASES

from depthwise.costing import count
from depthwise.costing.roofline import Pace, Roofline
from depthwise.engine import CompiledNetwork, compile_graph
from depthwise.files import write_json
from depthwise.graph import Graph, Input, Node, TensorType
from depthwise.graph.rewrite import simplify
from depthwise.jobs.machine import Calibration, calibrate
from depthwise.jobs.roofs import engine_times, roofline
from depthwise.measure.clock import interleave
from depthwise.version import __version__

UNIT_BAR = 0.30
"""Median error of a unit's predicted time, in parts of the measured one."""
COUNT_BAR = 0.5
"""Seconds to count a graph of a thousand layers."""
BURST = 8
"""Runs of one network before the next has its turn: caches hold its weights."""
PAIR_BAR = 0.80
"""Share of the pairs that multiply-accumulates order wrongly to be ordered rightly."""


def caller(network: CompiledNetwork) -> Callable[[], object]:
    """Prepare a run on random numbers."""
    random = np.random.default_rng(0)
    given = {
        one.name: random.standard_normal(
            [1, *one.type.shape[1:]],
            dtype=np.float32,  # type: ignore[list-item]
        )
        for one in network.graph.inputs
    }
    call: Callable[[], object] = network.prepare(given)
    return call


def burst(call: Callable[[], object]) -> Callable[[], object]:
    """Run a few times in a row, as a network that is in use does."""

    def calls() -> None:
        for _ in range(BURST):
            call()

    return calls


def units_of(model: Roofline, times: Mapping[str, float]) -> list[dict[str, Any]]:
    """Put measured times beside every unit's prediction."""
    rows = []
    for each in model.units:
        spent = sum(times.get(layer.name, 0.0) for layer in each.unit.layers)
        if spent:
            rows.append({
                "name": each.unit.name,
                "kind": each.unit.kind,
                "op": each.unit.layers[0].op,
                "macs": each.unit.macs,
                "limit": each.limit,
                "bound_us": round(each.bound.latency_us, 3),
                "predicted_us": round(each.predicted_us, 3),
                "measured_us": round(spent, 3),
            })  # fmt: skip
    return rows


def least(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Take the least of several measurements, by name."""
    return {name: min(row[name] for row in rows) for name in rows[0]}


def measure(passes: int, rounds: int) -> dict[str, Any]:
    """Measure the machine and all networks several times over; the best counts."""
    graphs = {case.title: case.open() for case in CASES}
    networks = {
        name: compile_graph(simplify(graph).bind(1), threads=1)
        for name, graph in graphs.items()
    }
    calls = {name: burst(caller(network)) for name, network in networks.items()}
    found: list[Calibration] = []
    wholes: list[dict[str, float]] = []
    parts: dict[str, list[dict[str, float]]] = {name: [] for name in networks}
    for _ in range(passes):
        found.append(calibrate(threads=1, again=True))
        seconds = interleave(calls, rounds=rounds, warmup=1)
        wholes.append({n: 1e6 * min(row) / BURST for n, row in seconds.items()})
        for name, network in networks.items():
            parts[name].append(engine_times(network, repeats=3))
    best = merged(found)
    whole = least(wholes)
    rows = []
    for case in CASES:
        model = roofline(graphs[case.title], calibration=best)
        rows.append({
            "title": case.title,
            "group": case.group,
            "macs": model.macs,
            "moved_bytes": sum(each.unit.moved_bytes for each in model.units),
            "bound_us": round(model.bound_us, 1),
            "predicted_us": round(model.predicted_us, 1),
            "measured_us": round(whole[case.title], 1),
            "units": units_of(model, least(parts[case.title])),
        })  # fmt: skip
    peaks = [round(one.machine.peak_gflops, 1) for one in found]
    return {
        "version": __version__,
        "passes": passes,
        "rounds": rounds,
        "peaks_gflops": peaks,
        "thousand_layers_s": round(thousand_layers_s(), 3),
        **best.to_dict(),
        "networks": rows,
        **judged(rows),
    }


def merged(found: Sequence[Calibration]) -> Calibration:
    """Join measurements of one machine: the best of each roof, pace and overhead."""
    machines, paces = [one.machine for one in found], [one.pace for one in found]
    columns = zip(*(machine.levels for machine in machines), strict=True)
    levels = tuple(
        max(column, key=lambda level: level.bandwidth_gbs) for column in columns
    )
    peak = max(machine.peak_gflops for machine in machines)
    shares = {work: max(pace.share(work) for pace in paces) for work in paces[0].shares}
    overhead = min(pace.overhead_us for pace in paces)
    return Calibration(
        replace(machines[0], peak_gflops=peak, levels=levels),
        Pace("engine", shares, overhead),
        found[0].path,
    )


def thousand_layers_s() -> float:
    """Count 500 convolutions with an activation each; seconds, the least of five."""
    weights = {f"w{i}": np.zeros((4, 4, 3), np.float32) for i in range(500)}
    nodes = []
    for i in range(500):
        name, pads = f"c{i}", {"pads": (1, 1)}
        nodes.append(Node("Conv", (f"v{i}", f"w{i}"), (name,), pads, name))
        nodes.append(Node("Relu", (name,), (f"v{i + 1}",), {}, f"r{i}"))
    x = Input("v0", TensorType("float32", (1, 4, 32)))
    trained = frozenset(weights)
    spent = []
    for _ in range(5):
        graph = Graph("deep", (x,), ("v500",), tuple(nodes), weights, trained)
        start = time.perf_counter()
        count(graph)
        spent.append(time.perf_counter() - start)
    return min(spent)


def error(units: list[dict[str, Any]], key: str, scale: float = 1.0) -> float:
    """Find how far a figure is from units' times: the median, in parts of the time."""
    gaps = [abs(scale * unit[key] / unit["measured_us"] - 1) for unit in units]
    return float(np.median(gaps))


def judged(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Judge predictions, and multiply-accumulates alone beside them."""
    units = [unit for row in rows for unit in row["units"]]
    working = [unit for unit in units if unit["macs"]]
    rate = float(np.median([u["measured_us"] / u["macs"] for u in working]))
    wrong, right, missed = [], [], []
    for one, two in itertools.combinations(rows, 2):
        truth = one["measured_us"] < two["measured_us"]
        if (one["macs"] < two["macs"]) == truth:
            continue
        pair = [one["title"], two["title"]]
        wrong.append(pair)
        agreed = (one["predicted_us"] < two["predicted_us"]) == truth
        (right if agreed else missed).append(pair)
    whole = [abs(row["predicted_us"] / row["measured_us"] - 1) for row in rows]
    return {
        "units": len(working),
        "median_unit_error": error(working, "predicted_us"),
        "median_unit_error_macs": error(working, "macs", rate),
        "median_error_of_all_units": error(units, "predicted_us"),
        "median_network_error": float(np.median(whole)),
        "pairs": len(rows) * (len(rows) - 1) // 2,
        "pairs_macs_order_wrongly": wrong,
        "ordered_rightly": len(right),
        "missed": missed,
        "bars": {"median_unit_error": UNIT_BAR, "ordered_rightly": PAIR_BAR},
    }


def met(told: dict[str, Any]) -> bool:
    """Tell whether both bars are met."""
    wrong = len(told["pairs_macs_order_wrongly"])
    ordered = told["ordered_rightly"] >= PAIR_BAR * wrong
    close = told["median_unit_error"] <= UNIT_BAR
    return close and wrong > 0 and ordered and told["thousand_layers_s"] < COUNT_BAR


def main() -> int:
    """Measure, write, and say whether the bars are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--out", type=Path, default=ROOFLINE)
    options = parser.parse_args()
    told = measure(options.passes, options.rounds)
    write_json(options.out, told)
    if options.out == ROOFLINE:
        PAGES.write()
    shown = {key: told[key] for key in judged(told["networks"])}
    print(json.dumps(shown, indent=1))
    return 0 if met(told) else 1


if __name__ == "__main__":
    sys.exit(main())
