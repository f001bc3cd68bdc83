"""How near to its roofs an engine comes: a few numbers, from a few small kernels.

The time of a unit is a sum: arithmetic at the share of the peak that its sort of layer
attains, weights on their way from where a run leaves them, what only moves numbers at
its share of the bandwidth, and a fixed time a unit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from depthwise.costing.kinds import Kind
from depthwise.costing.layer import LayerCost
from depthwise.costing.roofline.machine import Level, Machine, moving_us
from depthwise.costing.roofline.units import Unit

_MOST = 4.0
"""A share above 1 says that the operand came from a nearer cache than was thought."""

_FEW_CHANNELS = 4
"""Images have no more; a layer that reads them fills no vector with channels."""


class Work(StrEnum):
    """A sort of layer that attains a share of a roof of its own.

    Example:
        >>> Work("pointwise").value
        'pointwise'
    """

    DENSE = "dense"
    SHORT_2 = "dense, rows of 2"
    SHORT_3 = "dense, rows of 3"
    SHORT_4 = "dense, rows of 4"
    STEM = "stem"
    GROUPED = "grouped"
    DEPTHWISE = "depthwise"
    STRIDED = "strided depthwise"
    POINTWISE = "pointwise"
    LINEAR = "linear"
    MOVING = "moving"
    AVERAGING = "averaging"
    POOLING = "pooling"
    ARRANGING = "arranging"


_POOLS = frozenset({"AveragePool", "LpPool", "MaxPool"})
_SHORT = {1: Work.SHORT_2, 2: Work.SHORT_2, 3: Work.SHORT_3, 4: Work.SHORT_4}
"""Dense convolutions whose rows are shorter than a tile of registers: too few sums run
side by side to hide how long one multiply-add takes."""
_AVERAGES = frozenset({"GlobalAveragePool", "GlobalMaxPool", "ReduceMean"})
_ARRANGES = frozenset({"Concat", "Gather", "Pad", "Slice", "Split", "Transpose"})
_SAME = {
    Kind.DENSE: Work.DENSE,
    Kind.GROUPED: Work.GROUPED,
    Kind.POINTWISE: Work.POINTWISE,
    Kind.LINEAR: Work.LINEAR,
}


@dataclass(frozen=True, slots=True)
class Pace:
    """What share of its roofs an engine attains, by sort of layer.

    Args:
        engine: Which engine.
        shares: Of the FMA peak, or of the bandwidth for layers that only move numbers.
            A sort that is left out attains all.
        overhead_us: Microseconds that every unit takes beside.

    Example:
        >>> Pace("engine", {Work.DENSE: 0.9}, 1.0).share(Work.LINEAR)
        1.0
    """

    engine: str
    shares: Mapping[Work, float] = field(default_factory=dict)
    overhead_us: float = 0.0

    def share(self, work: Work) -> float:
        """Look a share up.

        Args:
            work: A sort of layer.

        Returns:
            Above 0; 1 where nothing is known.
        """
        return self.shares.get(work, 1.0)

    def to_dict(self) -> dict[str, Any]:
        """Turn the pace into plain values for JSON.

        Returns:
            Values by field name; ``pace_from`` reads them.
        """
        shares = {str(work): share for work, share in self.shares.items()}
        return {
            "engine": self.engine,
            "shares": shares,
            "overhead_us": self.overhead_us,
        }


def pace_from(values: Mapping[str, Any]) -> Pace:
    """Read a pace from plain values.

    Args:
        values: As ``Pace.to_dict`` writes them.

    Returns:
        The pace.

    Example:
        >>> pace = Pace("engine", {Work.DENSE: 0.9}, 1.0)
        >>> pace_from(pace.to_dict()) == pace
        True
    """
    shares = {Work(name): float(share) for name, share in values["shares"].items()}
    return Pace(str(values["engine"]), shares, float(values["overhead_us"]))


def work_of(layer: LayerCost) -> Work:
    """Tell which sort of layer one is.

    Args:
        layer: Any layer.

    Returns:
        The sort; a convolution that takes one position of a sample is linear.

    Example:
        >>> work_of(LayerCost("p", "", "MaxPool", Kind.OTHER, 0, 0, 9, (1, 9), 0))
        <Work.POOLING: 'pooling'>
    """
    sizes = layer.geometry
    if not layer.macs:
        return _work_without_macs(layer.op)
    if sizes is None:
        return _SAME.get(layer.kind, Work.LINEAR)
    if sizes.positions == layer.output_shape[0] and sizes.groups == 1:
        return Work.LINEAR
    if layer.kind is Kind.DEPTHWISE:
        return Work.STRIDED if max(sizes.stride) > 1 else Work.DEPTHWISE
    if layer.kind is not Kind.DENSE:
        return _SAME[layer.kind]
    few = sizes.in_channels <= _FEW_CHANNELS
    return Work.STEM if few else _SHORT.get(layer.output_shape[-1], Work.DENSE)


def _work_without_macs(op: str) -> Work:
    if op in _POOLS:
        return Work.POOLING
    if op in _AVERAGES:
        return Work.AVERAGING
    return Work.ARRANGING if op in _ARRANGES else Work.MOVING


_MOVERS = frozenset({Work.MOVING, Work.AVERAGING, Work.POOLING, Work.ARRANGING})


def predicted_us(
    unit: Unit, machine: Machine, resident_bytes: int, pace: Pace
) -> float:
    """Predict how long a unit takes.

    Args:
        unit: What runs as one.
        machine: Where it runs.
        resident_bytes: What one run of the whole network touches.
        pace: What the engine attains.

    Returns:
        Microseconds.

    Example:
        >>> machine = Machine("small", 1, 50.0, (Level("memory", 1 << 40, 10.0),))
        >>> unit = Unit("relu", (), 4096, 4096, 10_000)
        >>> predicted_us(unit, machine, 1 << 20, Pace("engine", {}, 0.5))
        1.5
    """
    near = machine.level_for(unit.moved_bytes)
    far = machine.level_for(max(resident_bytes, unit.moved_bytes))
    spent = pace.overhead_us
    working = [layer for layer in unit.layers if layer.macs]
    for layer in working or unit.layers[:1]:
        spent += _layer_us(layer, machine, near, pace)
    return spent + moving_us(unit.weight_bytes, far)


def _layer_us(layer: LayerCost, machine: Machine, near: Level, pace: Pace) -> float:
    work = work_of(layer)
    if work in _MOVERS:
        values = layer.output_bytes  # a window's work follows from where it stands
        if work is not Work.POOLING:
            values += layer.input_bytes
        return moving_us(values, near) / pace.share(work)
    return machine.compute_us(_filled(layer, machine.lanes)) / pace.share(work)


def _filled(layer: LayerCost, lanes: int) -> float:
    """Count multiply-accumulates of vectors: channels come in full ones."""
    if layer.geometry is None:
        return float(layer.macs)
    channels = layer.geometry.out_channels
    return layer.macs * math.ceil(channels / lanes) * lanes / channels


def attained_share(
    unit: Unit, machine: Machine, overhead_us: float, measured_us: float
) -> float:
    """Find the share of its roof that one layer attains, from how long it takes.

    Args:
        unit: One layer, run again and again by itself.
        machine: Where it runs.
        overhead_us: Microseconds that every unit takes beside.
        measured_us: How long it takes.

    Returns:
        The share that makes ``predicted_us`` give the measured time.

    Example:
        >>> machine = Machine("small", 1, 50.0, (Level("memory", 1 << 40, 10.0),))
        >>> layer = LayerCost("m", "", "MaxPool", Kind.OTHER, 0, 0, 9, (1, 9), 0)
        >>> from dataclasses import replace
        >>> unit = Unit("m", (replace(layer, output_bytes=4000),), 4000, 0, 0)
        >>> round(attained_share(unit, machine, 0.1, 0.9), 3)
        0.5
    """
    layer = next((one for one in unit.layers if one.macs), unit.layers[0])
    level = machine.level_for(unit.moved_bytes)
    plain = Pace("the roofs themselves")
    weights = moving_us(unit.weight_bytes, level)
    roof = _layer_us(layer, machine, level, plain)
    return roof / max(measured_us - overhead_us - weights, roof / _MOST)
