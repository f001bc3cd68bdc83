"""Which operators play which part in a pattern, and what a convolution is."""

from __future__ import annotations

import math

from depthwise.graph.graph import Graph
from depthwise.graph.node import Node
from depthwise.graph.shapes import concrete

CONVOLUTIONS = {"Conv", "ConvTranspose"}
NORMS = {
    "BatchNormalization",
    "InstanceNormalization",
    "GroupNormalization",
    "Identity",
    "Dropout",
}
ACTIVATIONS = {
    "Relu",
    "Clip",
    "LeakyRelu",
    "PRelu",
    "Elu",
    "Selu",
    "Celu",
    "Gelu",
    "Mish",
    "Sigmoid",
    "HardSigmoid",
    "HardSwish",
    "Tanh",
    "Softplus",
    "Softsign",
}


def is_depthwise(graph: Graph, node: Node) -> bool:
    """Tell whether a convolution has a group, not the only one, a channel.

    Args:
        graph: The node's graph.
        node: Any node; transposed convolutions count.

    Returns:
        True if it has.
    """
    if node.op not in CONVOLUTIONS:
        return False
    (channels,) = concrete(graph.types[node.inputs[0]].shape[1:2])
    return graph.call(node).integer("group") == channels > 1


def is_pointwise(graph: Graph, node: Node) -> bool:
    """Tell whether a convolution only mixes channels: one tap, one group.

    Args:
        graph: The node's graph.
        node: Any node.

    Returns:
        True if it does; its stride may be anything.
    """
    if node.op != "Conv" or graph.call(node).integer("group") != 1:
        return False
    return math.prod(concrete(graph.types[node.inputs[1]].shape[2:])) == 1


def name_of(node: Node) -> str:
    """Name a node; one without a name goes by its first result.

    Args:
        node: Any node.

    Returns:
        Its name.

    Example:
        >>> name_of(Node("Relu", ("x",), ("y",)))
        'y'
    """
    return node.name or node.outputs[0]
