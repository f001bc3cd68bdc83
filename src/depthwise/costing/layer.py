"""What one layer costs, and what it sees."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from depthwise.costing.geometry import ConvGeometry, geometry_of
from depthwise.costing.kinds import Kind, kind_of
from depthwise.costing.reach import Field, View
from depthwise.graph import Call, Macs, concrete, traffic_of


@dataclass(frozen=True, slots=True)
class LayerCost:
    """What one node costs. Counts are of the batch that was asked for.

    Args:
        name: The node's name.
        scope: The user's module path.
        op: The ONNX operator.
        kind: What sort of work it is.
        macs: Forward multiply-accumulates, padding taps included: what papers print.
        params: Trained numbers, counted at the first layer that reads them.
        activations: Elements of its outputs.
        output_shape: Of its first output, the batch included.
        dense_macs: What one ordinary convolution with the same taps, inputs and
            outputs would cost in its place; the layer's own count for other work.
        real_macs: Forward multiply-accumulates without taps on padding.
        backward_input_macs: For the gradient of the layer's input; 0 where nothing
            that is trained lies before it.
        backward_weight_macs: For the gradient of its weights; 0 where none are
            trained.
        weight_bytes: Bytes of constants that it reads.
        input_bytes: Bytes of activations that it reads.
        output_bytes: Bytes that it writes.
        live_bytes: Bytes of activations alive while it runs.
        geometry: Sizes of a convolution; None for other work.
        receptive_field: Elements of the network's input that one position sees, an
            axis; empty where there are no positions.
        effective_stride: Input elements from one position to the next, an axis.
        effective_padding: Padding that the first position sees, an axis.
        known: False for an operator that the table lacks, which counts as nothing.

    Example:
        >>> LayerCost("c", "", "Conv", Kind.DENSE, 972, 27, 36, (1, 1, 6, 6), 972).macs
        972
    """

    name: str
    scope: str
    op: str
    kind: Kind
    macs: int
    params: int
    activations: int
    output_shape: tuple[int, ...]
    dense_macs: int
    real_macs: int = 0
    backward_input_macs: int = 0
    backward_weight_macs: int = 0
    weight_bytes: int = 0
    input_bytes: int = 0
    output_bytes: int = 0
    live_bytes: int = 0
    geometry: ConvGeometry | None = None
    receptive_field: tuple[int, ...] = ()
    effective_stride: tuple[float, ...] = ()
    effective_padding: tuple[float, ...] = ()
    known: bool = True

    @property
    def backward_macs(self) -> int:
        """Multiply-accumulates of one backward pass through the layer."""
        return self.backward_input_macs + self.backward_weight_macs

    @property
    def moved_bytes(self) -> int:
        """Bytes read and written, each operand once."""
        return self.weight_bytes + self.input_bytes + self.output_bytes

    @property
    def intensity(self) -> float:
        """Arithmetic intensity: operations (two a multiply-accumulate) a byte moved."""
        return 2 * self.macs / self.moved_bytes if self.moved_bytes else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Turn the layer into plain values for JSON.

        Returns:
            All fields, and what follows from them.
        """
        derived = {
            "backward_macs": self.backward_macs,
            "moved_bytes": self.moved_bytes,
            "intensity": self.intensity,
        }
        return asdict(self) | derived


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a layer's cost depends on beyond its own sizes.

    Args:
        params: Trained numbers that it is the first to read.
        view: What its first output sees of the network's input.
        live: Bytes of activations alive while it runs.
        learns: For each operand, whether a gradient flows to it.
        real: Its multiply-accumulates without taps on padding, where an operator
            before it has padded.
    """

    params: int
    view: View | None
    live: int
    learns: tuple[bool, ...]
    real: int | None = None


def layer_of(call: Call, around: Surroundings) -> LayerCost:
    """Count what one call costs.

    Args:
        call: A call whose sizes are all known, with outputs.
        around: What lies around it.

    Returns:
        The counts.
    """
    macs = call.operator.macs(call)
    traffic = traffic_of(call)
    pairs = list(zip(traffic.reads, call.constants, strict=True))
    shapes = [concrete(result.shape) for result in call.outputs]
    fields = _fields(around.view)
    geometry = geometry_of(call)
    backward_input, backward_weight = _backward(macs, around.learns)
    return LayerCost(
        name=call.node.name or call.node.outputs[0],
        scope=call.node.scope,
        op=call.operator.name,
        kind=kind_of(call),
        macs=macs.forward,
        params=around.params,
        activations=sum(math.prod(shape) for shape in shapes),
        output_shape=shapes[0],
        dense_macs=macs.forward * (geometry.groups if geometry else 1),
        real_macs=macs.real if around.real is None else around.real,
        backward_input_macs=backward_input,
        backward_weight_macs=backward_weight,
        weight_bytes=sum(size for size, array in pairs if array is not None),
        input_bytes=sum(size for size, array in pairs if array is None),
        output_bytes=sum(traffic.writes),
        live_bytes=around.live,
        geometry=geometry,
        receptive_field=tuple(field.size for field in fields),
        effective_stride=tuple(field.jump for field in fields),
        effective_padding=tuple(field.padding for field in fields),
    )


def _backward(macs: Macs, learns: tuple[bool, ...]) -> tuple[int, int]:
    """Count both gradients; what lies inside the node goes to the weights', if any."""
    first, second, *_ = (*learns, False, False)
    for_input = macs.backward_input if first else 0
    for_weight = macs.backward_weight if second else 0
    if second:
        return for_input, for_weight + macs.backward_inside
    return for_input + (macs.backward_inside if first else 0), 0


def _fields(view: View | None) -> tuple[Field, ...]:
    return () if view is None else view.fields
