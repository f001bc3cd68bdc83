"""Statistics of a wide layer: 2,048 channels at 100,000 positions.

    python -m benchmarks.accept_statistics

In a process of its own, in batches as a network hands them over: means, covariances,
firing rates and ranges of every channel. The bar is 10 seconds on two cores and 500 MB
at most. Writes results/statistics.json; 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np

from depthwise.diagnosis import ChannelStatistics, observe
from depthwise.files import write_json

ROOT = Path(__file__).resolve().parents[1]
BARS = {"seconds": 10.0, "megabytes": 500.0}
CHANNELS, SIDE, SAMPLES, BATCHES = 2048, 25, 8, 20


def stream() -> tuple[ChannelStatistics, float, float]:
    """Take the statistics; drawing the numbers is not timed."""
    rng = np.random.default_rng(0)
    found, seconds, busy = None, 0.0, 0.0
    batch = np.empty((SAMPLES, CHANNELS, SIDE, SIDE), np.float32)
    for _ in range(BATCHES):
        rng.standard_normal(dtype=np.float32, out=batch)
        start, used = time.perf_counter(), time.process_time()
        fresh = observe(batch)
        found = fresh if found is None else found + fresh
        seconds += time.perf_counter() - start
        busy += time.process_time() - used
    if found is None:
        raise ValueError("there must be a batch")
    return found, seconds, busy


def main() -> int:
    """Measure, write, compare with the bars."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "results/statistics.json")
    options = parser.parse_args()
    found, seconds, busy = stream()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    measured = {"seconds": seconds, "megabytes": peak}
    met = {name: measured[name] < bar for name, bar in BARS.items()}
    write_json(
        options.out,
        {
            "channels": CHANNELS,
            "positions": found.count,
            "cores": len(os.sched_getaffinity(0)),
            "bars": BARS,
            "measured": measured,
            "processor_seconds": busy,
            "largest_correlation": float(np.abs(np.triu(found.correlation, 1)).max()),
        },
    )
    for name, bar in BARS.items():
        verdict = "met" if met[name] else "MISSED"
        print(f"{name}: {measured[name]:.1f}, bar {bar:g}: {verdict}")
    return 0 if all(met.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
