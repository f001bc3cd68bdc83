"""Rewrites: graph to graph, with the outputs kept."""

from depthwise.graph.graph import Graph
from depthwise.graph.rewrite.activations import recognise_hard_swish
from depthwise.graph.rewrite.batch_norm import fold_batch_norm
from depthwise.graph.rewrite.constants import fold_constants
from depthwise.graph.rewrite.identities import remove_identities
from depthwise.graph.rewrite.pads import fold_pads
from depthwise.graph.rewrite.pools import recognise_global_pool
from depthwise.graph.rewrite.products import recognise_gemm

__all__ = [
    "fold_batch_norm",
    "fold_constants",
    "fold_pads",
    "recognise_gemm",
    "recognise_global_pool",
    "recognise_hard_swish",
    "remove_identities",
    "simplify",
]

_STEPS = (
    fold_constants,
    remove_identities,
    fold_pads,
    recognise_hard_swish,
    recognise_global_pool,
    recognise_gemm,
    fold_batch_norm,
)


def simplify(graph: Graph) -> Graph:
    """Bring a graph into the form that is cheapest to run: every rewrite in order.

    Args:
        graph: Any graph.

    Returns:
        A graph with the same outputs but for rounding; no longer one to train, as
        batch norms are folded and dropout is gone.

    Example:
        >>> from depthwise.graph import Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (4,)))
        >>> nodes = (Node("Relu", ("x",), ("r",)), Node("Dropout", ("r",), ("y",)))
        >>> print(simplify(Graph("tiny", (x,), ("y",), nodes)))
        graph tiny(x: float32[4]) -> y
          y: float32[4] = Relu(x)
    """
    for step in _STEPS:
        graph = step(graph)
    return graph
