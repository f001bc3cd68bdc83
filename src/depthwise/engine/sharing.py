"""How many threads are worth while for a network: the smallest run best on one."""

from __future__ import annotations

from depthwise.engine.schedule import threads_for
from depthwise.engine.target import host
from depthwise.graph import Graph


def worthwhile_threads(graph: Graph, most: int, batch: int = 1) -> int:
    """Say how many threads run a network soonest.

    Args:
        graph: The network.
        most: Threads that may be used, at least 1.
        batch: Samples of a run; a batch that the graph fixes comes first.

    Returns:
        Threads, at most ``most``.

    Example:
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 2)))
        >>> graph = Graph("tiny", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> worthwhile_threads(graph, 2)
        1
    """
    bound = graph.bind(graph.batch or batch)
    calls = [bound.call(node) for node in bound.nodes]
    macs = [call.operator.macs(call).forward for call in calls]
    return threads_for(host(), most, sum(macs), sum(count > 0 for count in macs))
