"""The least time a unit can take on a machine, and what sets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from depthwise.costing.roofline.machine import Machine, moving_us
from depthwise.costing.roofline.units import Unit

COMPUTE = "compute"


@dataclass(frozen=True, slots=True)
class Bound:
    """The roof above one unit.

    Args:
        compute_us: Microseconds that its arithmetic takes at the peak.
        memory_us: Microseconds that its operands take on their way.
        level: Where most of that time is spent: "L1", "L2", "L3" or "memory".

    Example:
        >>> Bound(10.0, 4.0, "L2").limit
        'compute'
    """

    compute_us: float
    memory_us: float
    level: str

    @property
    def latency_us(self) -> float:
        """The least time; arithmetic and memory overlap at best."""
        return max(self.compute_us, self.memory_us)

    @property
    def limit(self) -> str:
        """What sets the least time: "compute", or a level of memory."""
        return COMPUTE if self.compute_us >= self.memory_us else self.level


def bound_of(unit: Unit, machine: Machine, resident_bytes: int) -> Bound:
    """Find the least time that a unit can take.

    Activations were written by the unit before, and are in the nearest cache that
    holds what this unit reads and writes. Weights were last read one run ago: they
    are where all that a whole run touches fits.

    Args:
        unit: What runs as one.
        machine: Where it runs.
        resident_bytes: What one run of the whole network touches.

    Returns:
        The bound.

    Source:
        Williams, Waterman and Patterson 2009, doi:10.1145/1498765.1498785, section 3.

    Example:
        >>> from depthwise.costing.roofline.machine import Level
        >>> levels = Level("L2", 1 << 19, 100.0), Level("memory", 1 << 40, 10.0)
        >>> machine = Machine("small", 1, 50.0, levels)
        >>> bound_of(Unit("relu", (), 4096, 4096, 0), machine, 1 << 20).limit
        'L2'
    """
    values = unit.input_bytes + unit.output_bytes
    near = machine.level_for(unit.moved_bytes)
    far = machine.level_for(max(resident_bytes, unit.moved_bytes))
    activations = moving_us(values, near)
    weights = moving_us(unit.weight_bytes, far)
    level = near if activations >= weights else far
    return Bound(machine.compute_us(unit.macs), activations + weights, level.name)


def resident_bytes_of(units: Sequence[Unit], peak_bytes: int) -> int:
    """Add up what one run of a network touches.

    Args:
        units: All of it.
        peak_bytes: Most bytes of activations alive at once.

    Returns:
        Bytes of weights and activations.

    Example:
        >>> resident_bytes_of([Unit("relu", (), 4096, 4096, 100)], 8192)
        8292
    """
    return peak_bytes + sum(unit.weight_bytes for unit in units)
