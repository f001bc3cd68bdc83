"""Linear layers on more than two axes, which a trace spells with three nodes."""

from __future__ import annotations

from dataclasses import dataclass

from depthwise.graph import Graph, Node


@dataclass(frozen=True)
class Chain:
    """A weight turned, multiplied, and perhaps a bias added.

    Args:
        product: Name of the MatMul.
        tensors: The layer's own names to constants.
        features: Inputs and outputs of the layer.
        result: The value that it ends with.
        inner: Names of the nodes that it stands for.
    """

    product: str
    tensors: dict[str, str]
    features: tuple[int, int]
    result: str
    inner: frozenset[str]


def linear_chains(graph: Graph) -> dict[str, Chain]:
    """Find the linear layers that are spelled as a chain.

    Args:
        graph: Any graph.

    Returns:
        Chains by name of their MatMul.
    """
    found = (_chain(graph, node) for node in graph.nodes if node.op == "MatMul")
    return {chain.product: chain for chain in found if chain is not None}


def _chain(graph: Graph, product: Node) -> Chain | None:
    turned = graph.producers.get(product.inputs[1])
    if turned is None or turned.op != "Transpose" or not product.name:
        return None
    weight = graph.constants.get(turned.inputs[0])
    if weight is None or weight.ndim != 2 or not _is_alone(graph, turned.outputs[0]):
        return None
    outputs, inputs = weight.shape
    tensors = {"weight": turned.inputs[0]}
    inner = {turned.name, product.name}
    result = product.outputs[0]
    added = _added(graph, product, outputs)
    if added is not None:
        node, bias = added
        tensors["bias"] = bias
        inner.add(node.name)
        result = node.outputs[0]
    return Chain(product.name, tensors, (inputs, outputs), result, frozenset(inner))


def _is_alone(graph: Graph, value: str) -> bool:
    readers = graph.consumers.get(value, ())
    return len(readers) == 1 and value not in graph.outputs


def _added(graph: Graph, product: Node, outputs: int) -> tuple[Node, str] | None:
    """Find the Add of a bias that reads the product alone."""
    value = product.outputs[0]
    if not _is_alone(graph, value):
        return None
    (node,) = graph.consumers[value]
    if node.op != "Add" or node.inputs[0] != value:
        return None
    bias = graph.constants.get(node.inputs[1])
    return (
        (node, node.inputs[1])
        if bias is not None and bias.shape == (outputs,)
        else None
    )
