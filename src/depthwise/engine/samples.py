"""Whether a network's samples are independent, so that a batch may be cut up."""

from __future__ import annotations

from depthwise.graph import Batch, Call, Graph, call_of

_MIXERS = {"Softmax": "axis", "LogSoftmax": "axis", "Concat": "axis"}


def is_samplewise(graph: Graph) -> bool:
    """Tell whether every sample's results depend on that sample alone.

    The answer errs on the side of False, which costs a compilation for each batch
    size and is never wrong.

    Args:
        graph: With the symbol N, or with a fixed batch.

    Returns:
        True if the batch is the first axis of every value and no operator mixes it.

    Example:
        >>> from depthwise.graph import Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 2)))
        >>> mean = Node("Softmax", ("x",), ("y",), {"axis": 0})
        >>> is_samplewise(Graph("g", (x,), ("y",), (mean,)))
        False
    """
    if graph.batch is not None:
        return False
    values = [given.name for given in graph.inputs]
    values += [name for node in graph.nodes for name in node.outputs if name]
    if not all(_leads(graph, name) for name in values):
        return False
    return not any(
        _mixes(call_of(n, graph.types, graph.constants)) for n in graph.nodes
    )


def _leads(graph: Graph, name: str) -> bool:
    shape = graph.types[name].shape
    rest = shape[1:]
    return (
        bool(shape)
        and shape[0] == Batch()
        and not any(isinstance(dim, Batch) for dim in rest)
    )


def _mixes(call: Call) -> bool:
    rank = call.type(0).rank
    if call.node.op in _MIXERS:
        return call.integer(_MIXERS[call.node.op]) % rank == 0
    if call.node.op.startswith("Reduce"):
        axes = call.content(1) if call.has(1) else None
        return axes is None or 0 in {a % rank for a in axes if isinstance(a, int)}
    if call.node.op == "Transpose":
        order = call.integers("perm")
        return order is None or order[0] != 0
    if call.node.op == "MatMul":
        return rank < 3 and call.constant(1) is None
    if call.node.op == "Gemm":
        loose = call.constant(1) is None
        return loose or call.integer("transA") == 1
    return False
