"""The roofs of this machine: measured once, kept in the user's cache folder."""

from __future__ import annotations

import contextlib
import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depthwise.costing.roofline import (
    Level,
    Machine,
    Pace,
    machine_from,
    pace_from,
)
from depthwise.engine import Probe, default_cache, host, last_level_bytes, probe
from depthwise.errors import DepthwiseError
from depthwise.files import write_json
from depthwise.jobs.pacing import KERNELS, measure_pace
from depthwise.version import __version__

_TRIES = 25
"""Short tries, of which the best counts: what else runs only ever slows one."""

_ENDLESS = 1 << 62


@dataclass(frozen=True, slots=True)
class Calibration:
    """A machine, and the pace of the engine on it.

    Args:
        machine: Its roofs.
        pace: What the engine attains of them.
        path: The file that holds both.
    """

    machine: Machine
    pace: Pace
    path: Path

    def to_dict(self) -> dict[str, Any]:
        """Turn both into plain values for JSON.

        Returns:
            "machine" and "pace".
        """
        return {"machine": self.machine.to_dict(), "pace": self.pace.to_dict()}


def calibrate(
    *, threads: int = 1, again: bool = False, path: Path | None = None
) -> Calibration:
    """Look the roofs of this machine up, or measure them: some seconds, once.

    Args:
        threads: Threads that share the work, at least 1.
        again: Whether to measure even if there are figures.
        path: The file that keeps them; in the user's cache folder if left out.

    Returns:
        The machine, and the engine's pace.

    Raises:
        UsageError: If ``threads`` is below 1.
    """
    place = path or default_cache().folder.parent / f"machine-{threads}.json"
    key = _key(threads)
    kept = None if again else _read(place, key)
    if kept is not None:
        return kept
    machine = measure_machine(threads=threads)
    found = Calibration(machine, measure_pace(machine), place)
    with contextlib.suppress(OSError):  # a cache that cannot be written is no cache
        write_json(place, {"key": key, **found.to_dict()})
    return found


def measure_machine(*, threads: int = 1) -> Machine:
    """Measure the FMA peak and the bandwidth of each level of memory.

    Args:
        threads: How many work at once, at least 1.

    Returns:
        The machine.

    Raises:
        UsageError: If ``threads`` is below 1.
    """
    meter, target = probe(threads), host()
    sizes = {"L1": target.l1_bytes, "L2": target.l2_bytes}
    last = last_level_bytes()
    if last > target.l2_bytes:
        sizes["L3"] = last
    levels = [
        Level(name, nbytes, _bandwidth(meter, name, nbytes))
        for name, nbytes in sizes.items()
    ]
    largest = max(sizes.values())
    levels.append(Level("memory", _ENDLESS, _bandwidth(meter, "memory", largest)))
    peak = max(meter.peak_gflops() for _ in range(_TRIES))
    return Machine(target.cpu, threads, peak, tuple(levels), target.lanes)


def _bandwidth(meter: Probe, name: str, nbytes: int) -> float:
    """Read half of a core's own cache, little of a shared one, more than all hold.

    A core's own cache gives the most that is seen; what others use too, the median.
    """
    parts = {"L3": nbytes // 8, "memory": 2 * nbytes}
    block = parts.get(name, nbytes // 2)
    seen = [meter.read_gbs(block) for _ in range(_TRIES)]
    return statistics.median(seen) if name in parts else max(seen)


def _key(threads: int) -> dict[str, Any]:
    """Say what the figures depend on."""
    target = host()
    return {
        "cpu": target.cpu,
        "features": target.features,
        "threads": threads,
        "version": __version__,
        "kernels": KERNELS,
    }


def _read(path: Path, key: Mapping[str, Any]) -> Calibration | None:
    """Read figures; None where there are none, or those of another machine."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["key"] != key:
            return None
        machine, pace = machine_from(values["machine"]), pace_from(values["pace"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, DepthwiseError):
        return None
    return Calibration(machine, pace, path)
