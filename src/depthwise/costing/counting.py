"""Exact counts of a graph, layer by layer; nothing is executed to count."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from depthwise.costing.kinds import Kind, kind_of
from depthwise.graph import Call, Graph, call_of, concrete


@dataclass(frozen=True, slots=True)
class LayerCost:
    """What one node costs.

    Args:
        name: The node's name.
        scope: The user's module path.
        op: The ONNX operator.
        kind: What sort of work it is.
        macs: Forward multiply-accumulates, padding taps included.
        params: Trained numbers, counted at the first layer that reads them.
        activations: Elements of its outputs.
        output_shape: Of its first output, the batch included.
        dense_macs: What one ordinary convolution with the same taps, inputs and
            outputs would cost in its place; the layer's own count for other work.

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


@dataclass(frozen=True)
class CostReport:
    """What a network costs.

    Args:
        name: The network's name.
        batch: The batch size that was counted.
        layers: One entry a node, in order.

    Example:
        >>> CostReport("nothing", 1, ()).macs
        0
    """

    name: str
    batch: int
    layers: tuple[LayerCost, ...]

    @cached_property
    def macs(self) -> int:
        """Forward multiply-accumulates of all layers."""
        return sum(layer.macs for layer in self.layers)

    @property
    def flops(self) -> int:
        """Exactly twice the multiply-accumulates."""
        return 2 * self.macs

    @cached_property
    def params(self) -> int:
        """Trained numbers of all layers, shared ones once."""
        return sum(layer.params for layer in self.layers)

    @cached_property
    def activations(self) -> int:
        """Elements that convolutions and linear layers write."""
        counted = (la for la in self.layers if la.kind is not Kind.OTHER)
        return sum(layer.activations for layer in counted)

    @cached_property
    def by_layer(self) -> Mapping[str, LayerCost]:
        """The layers by name."""
        return {layer.name: layer for layer in self.layers}

    @cached_property
    def by_kind(self) -> Mapping[Kind, tuple[int, int]]:
        """Multiply-accumulates and parameters of each kind, largest first."""
        sums = {kind: [0, 0] for kind in Kind}
        for layer in self.layers:
            sums[layer.kind][0] += layer.macs
            sums[layer.kind][1] += layer.params
        order = sorted(sums.items(), key=lambda item: -item[1][0])
        return {kind: (macs, params) for kind, (macs, params) in order}

    def to_dict(self) -> dict[str, Any]:
        """Turn the report into plain values for JSON.

        Returns:
            Totals, layers and kinds.
        """
        kinds = {str(k): {"macs": m, "params": p} for k, (m, p) in self.by_kind.items()}
        return {
            "name": self.name,
            "batch": self.batch,
            "macs": self.macs,
            "flops": self.flops,
            "params": self.params,
            "activations": self.activations,
            "by_kind": kinds,
            "layers": [asdict(layer) for layer in self.layers],
        }


def count(graph: Graph, *, batch: int = 1) -> CostReport:
    """Count what a graph costs.

    Args:
        graph: Any graph that verifies.
        batch: Samples a run, at least 1; ignored where the model fixes its batch.

    Returns:
        The report.

    Raises:
        UnsupportedOperatorError: If an operator is not in the table.

    Source:
        Howard et al. 2017, arXiv:1704.04861, section 3.1.

    Example:
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8, 8)))
        >>> count(Graph("empty", (x,), ("x",), ())).to_dict()["macs"]
        0
    """
    bound = graph.bind(batch)
    claimed: set[str] = set()
    layers = []
    for node in bound.nodes:
        call = call_of(node, bound.types, bound.constants)
        fresh = bound.parameters.intersection(node.inputs) - claimed
        claimed |= fresh
        params = sum(bound.constants[name].size for name in fresh)
        layers.append(_layer(call, params))
    return CostReport(graph.name, bound.batch or batch, tuple(layers))


def _layer(call: Call, params: int) -> LayerCost:
    macs = call.operator.macs(call).forward
    grouped = "group" in call.operator.attributes
    shapes = [concrete(result.shape) for result in call.outputs]
    return LayerCost(
        name=call.node.name or call.node.outputs[0],
        scope=call.node.scope,
        op=call.operator.name,
        kind=kind_of(call),
        macs=macs,
        params=params,
        activations=sum(math.prod(shape) for shape in shapes),
        output_shape=shapes[0],
        dense_macs=macs * call.integer("group") if grouped else macs,
    )
