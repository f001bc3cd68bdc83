"""A network on a machine: the roof above every unit, and how near engines come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from depthwise.costing.counting import CostReport
from depthwise.costing.roofline.bound import Bound, bound_of, resident_bytes_of
from depthwise.costing.roofline.machine import Machine
from depthwise.costing.roofline.pace import Pace, predicted_us
from depthwise.costing.roofline.units import Unit, units_of
from depthwise.graph import Graph


@dataclass(frozen=True, slots=True)
class UnitTime:
    """How long a unit takes at least, by prediction, and as measured.

    Args:
        unit: What runs as one.
        bound: The roof above it.
        predicted_us: Microseconds at an engine's pace.
        measured_us: Microseconds by engine, where they were measured.

    Example:
        >>> time = UnitTime(Unit("r", (), 8, 8, 0), Bound(1.0, 2.0, "L1"), 3.0)
        >>> time.limit, time.percent_of_bound("engine")
        ('L1', None)
    """

    unit: Unit
    bound: Bound
    predicted_us: float
    measured_us: Mapping[str, float] = field(default_factory=dict)

    @property
    def limit(self) -> str:
        """What sets the least time: "compute", "L1", "L2", "L3" or "memory"."""
        return self.bound.limit

    def percent_of_bound(self, engine: str) -> float | None:
        """Find how near to its roof an engine comes.

        Args:
            engine: One that was measured.

        Returns:
            100 where nothing is faster than the roof; None where there is no figure.
        """
        spent = self.measured_us.get(engine)
        return 100 * self.bound.latency_us / spent if spent else None

    def to_dict(self) -> dict[str, Any]:
        """Turn the unit into plain values for JSON.

        Returns:
            Sizes, the bound and times; ``percent_of_bound`` by engine.
        """
        unit = self.unit
        shares = {name: self.percent_of_bound(name) for name in self.measured_us}
        return {
            "name": unit.name,
            "kind": unit.kind,
            "nodes": [layer.name for layer in unit.layers],
            "macs": unit.macs,
            "moved_bytes": unit.moved_bytes,
            "intensity": unit.intensity,
            "limit": self.limit,
            "bound_us": self.bound.latency_us,
            "bound": asdict(self.bound),
            "predicted_us": self.predicted_us,
            "measured_us": dict(self.measured_us),
            "percent_of_bound": shares,
        }


@dataclass(frozen=True)
class Roofline:
    """A network's units on a machine.

    Args:
        name: The network's name.
        batch: Samples a run.
        machine: Where it runs.
        pace: Whose pace the prediction takes.
        units: In order.
        whole_us: Microseconds of the whole network by engine, where measured.

    Example:
        >>> from depthwise.costing.roofline.machine import Level
        >>> machine = Machine("small", 1, 50.0, (Level("memory", 1 << 40, 10.0),))
        >>> Roofline("nothing", 1, machine, Pace("engine"), ()).bound_us
        0
    """

    name: str
    batch: int
    machine: Machine
    pace: Pace
    units: tuple[UnitTime, ...]
    whole_us: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def macs(self) -> int:
        """Forward multiply-accumulates."""
        return sum(time.unit.macs for time in self.units)

    @cached_property
    def bound_us(self) -> float:
        """The least time, each unit at its roof."""
        return sum(time.bound.latency_us for time in self.units)

    @cached_property
    def predicted_us(self) -> float:
        """The predicted time."""
        return sum(time.predicted_us for time in self.units)

    @cached_property
    def engines(self) -> tuple[str, ...]:
        """Engines that were measured unit by unit."""
        names = (name for time in self.units for name in time.measured_us)
        return tuple(dict.fromkeys(names))

    def to_dict(self) -> dict[str, Any]:
        """Turn the roofline into plain values for JSON.

        Returns:
            Machine, pace, totals and units.
        """
        return {
            "name": self.name,
            "batch": self.batch,
            "machine": self.machine.to_dict(),
            "pace": self.pace.to_dict(),
            "macs": self.macs,
            "bound_us": self.bound_us,
            "predicted_us": self.predicted_us,
            "whole_us": dict(self.whole_us),
            "units": [time.to_dict() for time in self.units],
        }


def roofline_of(
    graph: Graph,
    report: CostReport,
    machine: Machine,
    *,
    pace: Pace | None = None,
    groups: Iterable[Sequence[str]] = (),
) -> Roofline:
    """Hold a network under the roofs of a machine; nothing is executed.

    Args:
        graph: The network, its batch bound as it was counted.
        report: Its counts.
        machine: The roofs.
        pace: What an engine attains; the roofs themselves if left out.
        groups: Names of nodes that the engine runs as one, if known.

    Returns:
        Every unit's bound and predicted time.

    Example:
        >>> from depthwise.costing.counting import count
        >>> from depthwise.costing.roofline.machine import Level
        >>> from depthwise.graph import Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (1, 1000)))
        >>> graph = Graph("g", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> machine = Machine("small", 1, 50.0, (Level("memory", 1 << 40, 10.0),))
        >>> roofline_of(graph, count(graph), machine).bound_us
        0.8
    """
    units = units_of(graph, report, groups)
    touched = resident_bytes_of(units, report.peak_bytes)
    taken = pace or Pace("the roofs themselves")
    times = tuple(
        UnitTime(
            unit,
            bound_of(unit, machine, touched),
            predicted_us(unit, machine, touched, taken),
        )
        for unit in units
    )
    return Roofline(report.name, report.batch, machine, taken, times)
