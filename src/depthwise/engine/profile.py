"""Where the time of a run goes: time stamps that the machine code takes itself."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from depthwise.engine.instance import Instance
from depthwise.engine.peak import probe

_PEAKS = 9


@dataclass(frozen=True)
class StepTime:
    """Where the time of one run went.

    Args:
        kernel: The kernel's name.
        nodes: Names of the graph's nodes that it computes.
        latency_us: Microseconds.
        macs: Multiply-accumulates.
        peak_gflops: What the threads reach in registers alone.

    Example:
        >>> StepTime("relu", ("act",), 2.0, 1000, 10.0).percent_of_peak
        10.0
    """

    kernel: str
    nodes: tuple[str, ...]
    latency_us: float
    macs: int
    peak_gflops: float = 0.0

    @property
    def gflops(self) -> float:
        """Billions of floating-point operations a second."""
        return 2e-3 * self.macs / self.latency_us if self.latency_us else 0.0

    @property
    def percent_of_peak(self) -> float:
        """Share of the peak of fused multiply-adds, measured beside the run."""
        return 100.0 * self.gflops / self.peak_gflops if self.peak_gflops else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Turn the result into plain values.

        Returns:
            Values by name, "percent_of_peak" among them.
        """
        return {**asdict(self), "percent_of_peak": self.percent_of_peak}


def profile(instance: Instance, runs: int) -> tuple[StepTime, ...]:
    """Time every step of a run on zeros.

    Args:
        instance: What runs.
        runs: Timed runs, at least 1; each step's time is the median.

    Returns:
        A time a step, in order; they add up to the median of whole runs.
    """
    program = instance.compiled.program
    inputs = [np.zeros(shape, np.float32) for shape in program.input_shapes]
    outputs = [np.zeros(shape, np.float32) for shape in program.output_shapes]
    ticks, spans = [], []
    for _ in range(runs + 1):
        start = time.perf_counter()
        instance.launch(inputs, outputs)
        spans.append(time.perf_counter() - start)
        ticks.append(np.diff(instance.stamps))
    shares = np.median(np.array(ticks[1:], np.float64), axis=0)
    whole = 1e6 * float(np.median(spans[1:]))
    scale = whole / max(float(shares.sum()), 1.0)
    prober = probe(instance.threads)
    peak = max(prober.peak_gflops() for _ in range(_PEAKS))
    return tuple(
        StepTime(step.kernel.name, step.nodes, float(share * scale), step.macs, peak)
        for step, share in zip(program.steps, shares, strict=True)
    )
