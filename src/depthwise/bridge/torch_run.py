"""Execution in torch: the same protocol as ``execute.run``, another implementation."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import torch

from depthwise.bridge.operators import FUNCTIONS
from depthwise.errors import GraphError
from depthwise.execute import Batches, Step, Values, feed, plan_steps
from depthwise.graph import Batch, Graph

_CASTS = {"Cast", "CastLike"}
"""Half a network in another width: rounded to it, and computed in the one asked for."""

_DTYPES = {"float32": torch.float32, "float64": torch.float64}


def run(
    graph: Graph,
    batches: Batches,
    taps: Collection[str] = (),
    *,
    dtype: str = "float32",
) -> Iterator[Values]:
    """Execute a graph on batches in torch.

    Args:
        graph: Any graph that verifies.
        batches: Arrays ``[n, ...]``, or mappings by input name; any batch size.
        taps: Names of values to hand out beside the outputs.
        dtype: "float32" or "float64", applied to inputs and constants.

    Returns:
        An iterator of mappings: outputs in order, then taps.

    Raises:
        GraphError: If a tap is not a value of the graph.
        GeometryError: If a batch is not what the graph takes.

    Example:
        >>> import numpy as np
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 2)))
        >>> graph = Graph("tiny", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> next(run(graph, [np.array([[-1, 2]], "float32")]))["y"]
        array([[0., 2.]], dtype=float32)
    """
    unknown = sorted(set(taps) - set(graph.types))
    if unknown:
        raise GraphError(f"a tap must be a value of the graph; got {unknown[0]!r}")
    kind = _DTYPES[dtype]
    wanted = tuple(dict.fromkeys((*graph.outputs, *taps)))
    constants = {name: _tensor(a, kind) for name, a in graph.constants.items()}
    plans: dict[int, list[Step]] = {}
    for batch in batches:
        given = feed(graph, batch)
        count = _count(graph, given)
        if count not in plans:
            plans[count] = plan_steps(graph.bind(count), set(wanted))
        values: dict[str, Any] = {"": None, **constants}
        values |= {name: _tensor(array, kind) for name, array in given.items()}
        _step_through(plans[count], values, kind)
        yield {name: values[name].numpy() for name in wanted}


@torch.no_grad()
def _step_through(steps: list[Step], values: dict[str, Any], kind: torch.dtype) -> None:
    for call, free in steps:
        operands = tuple(values[name] for name in call.node.inputs)
        results = FUNCTIONS[call.node.op](call, operands)
        if call.node.op in _CASTS:
            results = tuple(x.to(kind) if x.is_floating_point() else x for x in results)
        values.update(zip(call.node.outputs, results, strict=False))
        for name in free:
            del values[name]


def _count(graph: Graph, given: Values) -> int:
    """Find how many samples a batch holds; 0 where the graph leaves none open."""
    for one in graph.inputs:
        for size, dim in zip(given[one.name].shape, one.type.shape, strict=True):
            if isinstance(dim, Batch):
                return int(size) // dim.times
    return 0


def _tensor(array: Any, dtype: torch.dtype) -> torch.Tensor:
    tensor = torch.tensor(array)
    return tensor.to(dtype) if tensor.is_floating_point() else tensor
