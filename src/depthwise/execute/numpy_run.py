"""Execution in plain NumPy: the operator table, node after node."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from depthwise.errors import GraphError
from depthwise.execute.protocol import Array, Batches, Values, feed
from depthwise.execute.steps import Step, plan_steps
from depthwise.graph import Graph


def run(
    graph: Graph,
    batches: Batches,
    taps: Collection[str] = (),
    *,
    dtype: str = "float32",
) -> Iterator[Values]:
    """Execute a graph on batches in NumPy.

    Args:
        graph: Any graph that verifies.
        batches: Arrays ``[n, ...]``, or mappings by input name; any batch size.
        taps: Names of values to hand out beside the outputs.
        dtype: "float32", or "float64" for the oracle; applied to inputs and constants.

    Returns:
        An iterator of mappings: outputs in order, then taps.

    Raises:
        GraphError: If a tap is not a value of the graph.
        GeometryError: If a batch is not what the graph takes.

    Example:
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 2)))
        >>> graph = Graph("tiny", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> next(run(graph, [np.array([[-1, 2]], "float32")]))["y"]
        array([[0., 2.]], dtype=float32)
    """
    unknown = sorted(set(taps) - set(graph.types))
    if unknown:
        raise GraphError(f"a tap must be a value of the graph; got {unknown[0]!r}")
    wanted = dict.fromkeys((*graph.outputs, *taps))
    constants = {n: _cast(a, dtype) for n, a in graph.constants.items()}
    steps = plan_steps(graph, set(wanted))
    return (
        _step_through(graph, steps, constants, batch, wanted, dtype)
        for batch in batches
    )


def _step_through(
    graph: Graph,
    steps: list[Step],
    constants: dict[str, Array],
    batch: Array | Values,
    wanted: dict[str, None],
    dtype: str,
) -> Values:
    given = feed(graph, batch)
    values: dict[str, Any] = {n: _cast(a, dtype) for n, a in given.items()}
    values = {**constants, **values, "": None}
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for call, free in steps:
            arrays = tuple(values[name] for name in call.node.inputs)
            results = call.operator.reference(call, arrays)
            values.update(zip(call.node.outputs, results, strict=False))
            for name in free:
                del values[name]
    return {name: values[name] for name in wanted}


def _cast(array: Array, dtype: str) -> Array:
    return array.astype(dtype, copy=False) if array.dtype.kind == "f" else array
