"""What is done to a graph before it is lowered: constants folded, names passed on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthwise.engine.stages import ALIASES
from depthwise.graph import Graph, Node
from depthwise.graph.rewrite import fold_batch_norm
from depthwise.graph.shapes import concrete


def prepare(graph: Graph) -> Graph:
    """Fold constants and batch norm, and drop operators that pass a value on.

    Args:
        graph: Without the symbol N.

    Returns:
        A graph with the same outputs.
    """
    return fold_batch_norm(_without_aliases(_fold_constants(graph)))


def _fold_constants(graph: Graph) -> Graph:
    """Compute every node whose operands are known; in float64, rounded once."""
    constants: dict[str, NDArray[Any]] = dict(graph.constants)
    kept: list[Node] = []
    for node in graph.nodes:
        operands = [constants.get(name) for name in node.inputs if name]
        shape_alone = node.op in {"Shape", "Size"}
        known = all(array is not None for array in operands) and bool(operands)
        if shape_alone or known:
            call = replace(
                graph.call(node),
                constants=tuple(constants.get(name) for name in node.inputs),
            )
            arrays = [_operand(graph, constants, name) for name in node.inputs]
            results = call.operator.reference(call, tuple(arrays))
            pairs = zip(node.outputs, results, call.outputs, strict=False)
            for name, result, kind in pairs:
                constants[name] = np.asarray(result, kind.dtype)
        else:
            kept.append(node)
    return replace(graph, nodes=tuple(kept), constants=constants)


def _operand(graph: Graph, constants: dict[str, Any], name: str) -> Any:
    if not name:
        return None
    array = constants.get(name)
    if array is None:  # only its shape is asked for
        kind = graph.types[name]
        return np.broadcast_to(np.zeros((), kind.dtype), concrete(kind.shape))
    return array.astype(np.float64) if array.dtype == np.float32 else array


def _without_aliases(graph: Graph) -> Graph:
    """Drop operators that pass a value on, unless the graph hands their value out."""
    names: dict[str, str] = {}
    kept: list[Node] = []
    for node in graph.nodes:
        inputs = tuple(names.get(name, name) for name in node.inputs)
        if node.op in ALIASES and node.outputs[0] not in graph.outputs:
            names[node.outputs[0]] = inputs[0]
        else:
            kept.append(replace(node, inputs=inputs))
    return replace(graph, nodes=tuple(kept))
