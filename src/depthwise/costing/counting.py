"""Exact counts of a graph, layer by layer; nothing is executed to count."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from depthwise.costing.alternatives import Alternatives, alternatives_of
from depthwise.costing.kinds import Kind
from depthwise.costing.layer import LayerCost, Surroundings, layer_of
from depthwise.costing.lifetime import memory_over_time
from depthwise.costing.reach import views_of
from depthwise.costing.tree import Branch, lines_of, tree_of
from depthwise.errors import MissingDependencyError
from depthwise.graph import Graph, Node, call_of
from depthwise.graph.rewrite import fold_pads


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
    def real_macs(self) -> int:
        """Forward multiply-accumulates without taps on padding."""
        return sum(layer.real_macs for layer in self.layers)

    @cached_property
    def backward_macs(self) -> int:
        """Multiply-accumulates of one backward pass, for what is trained."""
        return sum(layer.backward_macs for layer in self.layers)

    @cached_property
    def moved_bytes(self) -> int:
        """Bytes read and written, if every layer reads and writes its operands once."""
        return sum(layer.moved_bytes for layer in self.layers)

    @cached_property
    def peak_bytes(self) -> int:
        """Most bytes of activations alive at once, each as briefly as can be."""
        return max((layer.live_bytes for layer in self.layers), default=0)

    @cached_property
    def taken_apart(self) -> tuple[Alternatives, ...]:
        """What each dense layer would cost as separable or blueprint convolution."""
        found = map(alternatives_of, self.layers)
        return tuple(each for each in found if each is not None)

    @cached_property
    def unknown(self) -> tuple[LayerCost, ...]:
        """Layers whose operators the table lacks: what they do is not counted."""
        return tuple(layer for layer in self.layers if not layer.known)

    @cached_property
    def tree(self) -> Branch:
        """The layers as a tree of the user's modules, repeated blocks folded."""
        return tree_of(self.name, self.layers)

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

    def __str__(self) -> str:
        return "\n".join(lines_of(self.tree))

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
            "real_macs": self.real_macs,
            "backward_macs": self.backward_macs,
            "moved_bytes": self.moved_bytes,
            "peak_bytes": self.peak_bytes,
            "unknown": [f"{layer.op} at {layer.name}" for layer in self.unknown],
            "by_kind": kinds,
            "layers": [layer.to_dict() for layer in self.layers],
            "taken_apart": [asdict(each) for each in self.taken_apart],
        }

    def to_pandas(self) -> Any:
        """Turn the layers into a table.

        Returns:
            A ``pandas.DataFrame``, one row a layer.

        Raises:
            MissingDependencyError: If pandas is not installed.

        Example:
            >>> CostReport("nothing", 1, ()).to_pandas().empty
            True
        """
        try:
            import pandas as pd
        except ImportError:
            msg = "a table of layers needs pandas; it is not installed"
            raise MissingDependencyError(msg, "pip install pandas") from None
        return pd.DataFrame([layer.to_dict() for layer in self.layers])


def count(
    graph: Graph,
    *,
    batch: int = 1,
    frozen: Collection[str] = (),
    input_gradient: bool = False,
) -> CostReport:
    """Count what a graph costs.

    Args:
        graph: Any graph that verifies.
        batch: Samples a run, at least 1; ignored where the model fixes its batch.
        frozen: Names of parameters that training leaves as they are: they count as
            parameters, and need no gradient.
        input_gradient: Whether the backward pass finds the gradient of the network's
            inputs too, as for a layer that stands inside a network.

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
    views, live = views_of(bound), memory_over_time(bound)
    trained = bound.parameters.difference(frozen)
    given = {each.name for each in bound.inputs} if input_gradient else set()
    learning = _learning(bound, trained | given)
    unpadded = {node.outputs[0]: node for node in fold_pads(bound).nodes}
    claimed: set[str] = set()
    layers = []
    for node, alive in zip(bound.nodes, live, strict=True):
        call = call_of(node, bound.types, bound.constants)
        fresh = bound.parameters.intersection(node.inputs) - claimed
        claimed |= fresh
        around = Surroundings(
            params=sum(bound.constants[name].size for name in fresh),
            view=views.get(node.outputs[0]),
            live=alive,
            learns=tuple(name in learning for name in node.inputs),
            real=_real_macs(bound, node, unpadded.get(node.outputs[0], node)),
        )
        layers.append(layer_of(call, around))
    return CostReport(graph.name, bound.batch or batch, tuple(layers))


def _real_macs(graph: Graph, node: Node, unpadded: Node) -> int | None:
    """Count what a node does where an operator before it has padded with zeros."""
    if unpadded is node or unpadded.inputs == node.inputs:
        return None
    call = call_of(unpadded, graph.types, graph.constants)
    return call.operator.macs(call).real


def _learning(graph: Graph, trained: Collection[str]) -> set[str]:
    """Name the values that gradients flow to: trained, or computed from what is."""
    found = set(trained)
    for node in graph.nodes:
        if not found.isdisjoint(node.inputs):
            found.update(node.outputs)
    return found
