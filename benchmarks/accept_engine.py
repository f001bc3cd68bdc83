"""Measure how soon a compiled network is there, and what two threads cost on one core.

    python -m benchmarks.accept_engine

Writes results/engine_start.json, an entry an instruction set. Compiling MobileNetV2 is
timed in fresh processes on one core: first without machine code on disk, then with it.
Two threads are pinned to one core and compared, call by call, with one thread there;
both must give the same bits. 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from depthwise.engine import Cache, compile_graph, host
from depthwise.files import write_json
from depthwise.formats import load_onnx, save_onnx
from depthwise.graph import Graph, concrete
from depthwise.jobs.open import open_model

ROOT = Path(__file__).resolve().parents[1]
BARS = {"cold_seconds": 3.0, "warm_seconds": 0.15, "two_threads_on_one_core": 3.0}
PINNED = ("sensor_net", "ds_cnn", "mobilenet_v2")
STARTS = 8


def start(path: Path, folder: Path) -> dict[str, Any]:
    """Compile in this process, after imports; figures of it."""
    graph = load_onnx(path)
    begin = time.perf_counter()
    network = compile_graph(graph, threads=1, cache=Cache(folder))
    seconds = time.perf_counter() - begin
    return {
        "seconds": seconds,
        "cached": network.compiled.native.cached,
        "torch": "torch" in sys.modules,
    }


def start_often(graph: Graph) -> dict[str, Any]:
    """Start fresh processes on one core, each time with nothing on disk and then again.

    Other work on the machine only ever adds: the least of some starts counts.
    """
    found: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as place:
        path = save_onnx(graph, Path(place) / "model.onnx")
        for number in range(STARTS):
            for _ in range(2):
                folder = Path(place) / f"cache{number}"
                done = run_child(["--start", str(path), str(folder)])
                if done["torch"]:
                    raise SystemExit("the engine must not import torch")
                found[done["cached"]].append(done["seconds"])
    return {
        "cold_seconds": round(min(found[False]), 3),
        "warm_seconds": round(min(found[True]), 3),
        "starts": len(found[True]),
    }


def run_child(words: list[str]) -> dict[str, Any]:
    """Run this script in a process of its own and read what it prints."""
    command = [sys.executable, "-m", "benchmarks.accept_engine", *words]
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    env = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def contend(graph: Graph, seconds: float) -> float:
    """Time two threads on one core over one thread, in turns: the median ratio."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    shape = concrete(graph.bind(1).inputs[0].type.shape)
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    networks = [compile_graph(graph, threads=n, cache=None) for n in (1, 2)]
    outputs = [network(x) for network in networks]
    if not np.array_equal(*outputs):
        raise SystemExit("two threads must give the bits of one")
    ratios = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        times = []
        for network in networks:
            network(x)
            begin = time.perf_counter()
            for _ in range(10):
                network(x)
            times.append(time.perf_counter() - begin)
        ratios.append(times[1] / times[0])
    return float(np.median(ratios))


def main() -> int:
    """Measure both, write the file, hold it against the bars."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--out", type=Path, default=ROOT / "results/engine_start.json")
    parser.add_argument("--start", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if options.start:
        print(json.dumps(start(*options.start)))
        return 0
    measured = start_often(open_model("mobilenet_v2").graph)
    ratios = {n: contend(open_model(n).graph, options.seconds) for n in PINNED}
    measured["two_threads_on_one_core"] = round(max(ratios.values()), 2)
    measured["by_network"] = {name: round(r, 2) for name, r in ratios.items()}
    known = json.loads(options.out.read_text("utf-8")) if options.out.exists() else {}
    write_json(options.out, {**known, "bars": BARS, host().isa: measured})
    print(json.dumps(measured))
    return 0 if all(measured[name] <= bar for name, bar in BARS.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
