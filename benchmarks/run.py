"""Time the engine against torch and ONNX Runtime, one image or window at a time.

    python -m benchmarks.run [--rounds 200] [--only WORD] [--out results/engine.json]

Everything runs on one thread in one process, in turn A, B, C, A, B, C …; what each
gives is compared with float64 before the clock starts. The ratio is the median over
rounds of (best peer / engine) within a round, with a 95 % bootstrap interval. ONNX
Runtime is left out where it is not installed; OpenVINO, LiteRT and ncnn are not here
yet. Times of one machine say nothing of another.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from depthwise import bridge
from depthwise.engine import compile_graph
from depthwise.execute import run
from depthwise.files import write_json
from depthwise.formats import save_onnx
from depthwise.graph import Graph
from depthwise.jobs.open import open_model
from depthwise.measure.clock import interleave

ROOT = Path(__file__).resolve().parents[1]
CASES = {
    "mobilenet_v1": (1, 3, 224, 224),
    "mobilenet_v2": (1, 3, 224, 224),
    "efficientnet_lite0": (1, 3, 224, 224),
    "sensor_net": (1, 6, 128),
    "ds_cnn": (1, 1, 49, 10),
}
CLOSE = 1e-4


def onnxruntime_call(graph: Graph, array: np.ndarray[Any, Any]) -> Callable[[], Any]:
    """Prepare ONNX Runtime on one thread with every optimisation."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        path = save_onnx(graph, Path(folder) / "model.onnx")
        session = onnxruntime.InferenceSession(path, options)
    return partial(session.run, None, {graph.inputs[0].name: array})


def calls_of(name: str) -> tuple[dict[str, Callable[[], Any]], np.ndarray[Any, Any]]:
    """Prepare one network in every runtime, and its float64 result."""
    opened = open_model(name, CASES[name])
    array = np.random.default_rng(0).normal(size=CASES[name]).astype("float32")
    calls = {
        "engine": partial(compile_graph(opened.graph, threads=1), array),
        "torch": bridge.prepare(opened.module, array),
    }
    if importlib.util.find_spec("onnxruntime"):
        calls["onnxruntime"] = onnxruntime_call(opened.graph, array)
    (values,) = run(opened.graph, [array], dtype="float64")
    return calls, values[opened.graph.outputs[0]]


def check_close(found: Any, wanted: np.ndarray[Any, Any], name: str) -> None:
    """Refuse to time what is wrong."""
    values = np.asarray(found[0] if isinstance(found, list) else found)
    off = float(np.abs(values - wanted).max() / np.abs(wanted).max())
    if not off <= CLOSE:
        raise SystemExit(f"{name} must be right before it is timed; it is off by {off}")


def compare(name: str, rounds: int) -> dict[str, Any]:
    """Time one case."""
    calls, wanted = calls_of(name)
    for runtime, call in calls.items():
        check_close(call(), wanted, f"{name} in {runtime}")
    seconds = {k: np.array(v) for k, v in interleave(calls, rounds=rounds).items()}
    median = {runtime: float(np.median(row) * 1e6) for runtime, row in seconds.items()}
    best = min((r for r in median if r != "engine"), key=lambda r: median[r])
    ratios = seconds[best] / seconds["engine"]
    draws = np.random.default_rng(0).choice(ratios, (2000, rounds))
    low = float(np.quantile(np.median(draws, axis=1), 0.025))
    ratio = float(np.median(ratios))
    return {
        "case": name,
        "input": list(CASES[name]),
        "threads": 1,
        "median_us": median,
        "best_peer": best,
        "ratio": ratio,
        "ratio_low": low,
    }


def main() -> int:
    """Time every case and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--only", default="")
    parser.add_argument("--out", type=Path, default=ROOT / "results/engine.json")
    arguments = parser.parse_args()
    rows = []
    with bridge.threads(1):
        for name in CASES:
            if arguments.only in name:
                rows.append(compare(name, arguments.rounds))
                row = rows[-1]
                ratio = f"{row['ratio']:.2f} (at least {row['ratio_low']:.2f})"
                print(f"{name}: {ratio} times as fast as {row['best_peer']}")
    write_json(arguments.out, {"rounds": arguments.rounds, "cases": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
