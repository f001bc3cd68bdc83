"""Trace, count and rebuild about a hundred networks that nobody here wrote.

    python -m benchmarks.accept_networks [--only WORD] [--missing] [--batches 1,3,32]

Each network of pytorchcv is made with random weights and statistics and traced. Its
multiply-accumulates are compared with those that hooks on the module see. Then it is
traced in float64, where numbers in its code are not rounded to float32: at three batch
sizes this graph run in torch, and the module rebuilt from it, must be within the bound
of tests/bounds.py of the module itself, and the float32 graph read back from an ONNX
file within that of the float32 graph. Writes
results/networks.json after every network, and docs/networks.md; 1 if one misses.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarks.network_cases import CASES, NetworkCase
from benchmarks.networks_page import PAGE, RESULTS, page
from tests.bounds import room_used
from tests.unit.bridge.networks import enliven, results, samples
from torch import nn

from depthwise import bridge
from depthwise.costing import count
from depthwise.files import write_json, write_text
from depthwise.formats import load_onnx, save_onnx
from depthwise.graph import Graph

LAYERS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.Linear)
COUNTED = {"Conv", "ConvTranspose", "Gemm", "MatMul"}
SECONDS_A_THOUSAND = 10.0


def macs_seen_by_hooks(module: nn.Module, shape: Sequence[int], graph: Graph) -> int:
    """Count multiply-accumulates of layers as torch calls them, one sample.

    Layers whose results nothing reads are not in the graph and not counted.
    """
    total = 0

    def add(layer: Any, inputs: tuple[torch.Tensor, ...], output: Any) -> None:
        nonlocal total
        if not isinstance(output, torch.Tensor):
            return
        weight = layer.weight
        if isinstance(layer, nn.Linear):
            total += output.numel() * weight.shape[1]
        elif isinstance(layer, nn.ConvTranspose2d):
            total += inputs[0].numel() * math.prod(weight.shape[1:])
        else:
            total += output.numel() * math.prod(weight.shape[1:])

    hooks = [
        part.register_forward_hook(add)
        for name, part in module.named_modules()
        if isinstance(part, LAYERS) and f"{name}.weight" in graph.constants
    ]
    with torch.no_grad():
        module(torch.zeros(1, *shape))
    for hook in hooks:
        hook.remove()
    return total


def read_back(graph: Graph) -> Graph:
    """Write a graph to an ONNX file and read it again."""
    with tempfile.TemporaryDirectory() as folder:
        return load_onnx(save_onnx(graph, Path(folder) / "network.onnx"))


def excess(
    module: nn.Module, graph: Graph, case: NetworkCase, batches: Sequence[int]
) -> dict[str, float]:
    """Find how much of the bound each form of a network uses; 1 is all of it."""
    example = torch.zeros(1, *case.shape, dtype=torch.float64)
    double = bridge.trace(module.double(), example)
    rebuilt = bridge.module(double).eval()
    again = read_back(graph)
    found = {"graph": 0.0, "module": 0.0, "onnx": 0.0}
    for batch in batches:
        given = samples(graph, batch)
        inputs = list(given.values())
        single = results(module.float(), inputs)
        wanted = results(module.double(), inputs)
        for form, expected, got in (
            ("graph", wanted, run(double, given)),
            ("module", wanted, results(rebuilt, inputs)),
            ("onnx", run(graph, given), run(again, given)),
        ):
            triples = zip(got, expected, single, strict=True)
            worst = max(room_used(*triple) for triple in triples)
            found[form] = max(found[form], worst)
    return found


def run(graph: Graph, given: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Run a graph in torch, in float64."""
    (values,) = bridge.run(graph, [given], dtype="float64")
    return [values[name] for name in graph.outputs]


def measure(case: NetworkCase, batches: Sequence[int]) -> dict[str, Any]:
    """Trace, count and compare one network."""
    torch.manual_seed(0)
    module = enliven(case.build())
    wall, busy = time.perf_counter(), time.process_time()
    graph = bridge.trace(module, (1, *case.shape), name=case.name)
    wall, busy = time.perf_counter() - wall, time.process_time() - busy
    report = count(graph)
    macs = sum(layer.macs for layer in report.layers if layer.op in COUNTED)
    seen = macs_seen_by_hooks(module, case.shape, graph)
    used = excess(module, graph, case, batches)
    return {
        "family": case.family,
        "name": case.name,
        "input": list(case.shape),
        "nodes": len(graph.nodes),
        "params": report.params,
        "module_params": sum(p.numel() for p in module.parameters()),
        "macs": report.macs,
        "layer_macs": macs,
        "hook_macs": seen,
        "any_batch": graph.batch is None,
        "trace_seconds": round(wall, 2),
        "trace_cpu_seconds": round(busy, 2),
        "batches": list(batches),
        "room_used": {form: float(f"{part:.3g}") for form, part in used.items()},
    }


def judge(row: dict[str, Any]) -> list[str]:
    """Say what a network misses."""
    if "error" in row:
        return [row["error"]]
    wrong = [f"{form} is off" for form, part in row["room_used"].items() if part > 1]
    if row["macs"] <= 0 or row["layer_macs"] < row["hook_macs"]:
        wrong.append(f"hooks see {row['hook_macs']} MACs, not {row['layer_macs']}")
    thousand = 1000 * row["trace_cpu_seconds"] / max(row["nodes"], 1000)
    if thousand > SECONDS_A_THOUSAND:
        wrong.append(f"{thousand:.1f} s a thousand nodes")
    return wrong


def load_rows() -> dict[str, dict[str, Any]]:
    """Read what earlier runs measured."""
    if not RESULTS.exists():
        return {}
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["networks"]
    return {row["name"]: row for row in rows}


def main(arguments: Sequence[str]) -> int:
    """Measure the networks that are asked for; the others stay as they were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="part of a family's or a name")
    parser.add_argument("--batches", default="1,3,32")
    parser.add_argument("--missing", action="store_true", help="leave out what is done")
    chosen = parser.parse_args(arguments)
    batches = [int(size) for size in chosen.batches.split(",")]
    bridge.trace(nn.Conv2d(3, 3, 1), (1, 3, 8, 8))  # torch loads its tracer once
    rows = load_rows()
    for place, case in enumerate(CASES):
        done = chosen.missing and case.name in rows
        if done or chosen.only not in f"{case.family}:{case.name}":
            continue
        try:
            row = measure(case, batches)
        except Exception as error:  # noqa: BLE001 - a failure is a row of the table
            row = {"family": case.family, "name": case.name, "error": str(error)}
        rows[case.name] = row
        problems = ", ".join(judge(row)) or "ok"
        sys.stderr.write(f"{place + 1}/{len(CASES)} {case.name}: {problems}\n")
        order = [rows[c.name] for c in CASES if c.name in rows]
        write_json(RESULTS, {"torch": torch.__version__, "networks": order})
        write_text(PAGE, page())
    return int(any(judge(row) for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
