"""Let one channel speak for its copies, so that nothing reads these any more."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.copies.tracing import forms_of
from depthwise.diagnosis.links import Link, tie_of
from depthwise.graph import Call, Graph, call_of
from depthwise.graph.edits import ReplaceArrays

Array: TypeAlias = NDArray[Any]


def merge_copies(graph: Graph) -> tuple[ReplaceArrays, ...]:
    """Move the weights of channels that are copies to the channel they copy.

    Results stay what they were up to rounding, and the copies are read by zeros, so
    that pruning finds them ignored. Copies that differ by a constant stay.

    Args:
        graph: Any graph that verifies.

    Returns:
        An edit for each layer that reads copies, with arrays of the same shapes.

    Example:
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 1, 8)))
        >>> weights = {"a": np.ones((2, 1, 1), "f"), "b": np.ones((1, 2, 1), "f")}
        >>> nodes = Node("Conv", ("x", "a"), ("h",)), Node("Conv", ("h", "b"), ("y",))
        >>> (edit,) = merge_copies(Graph("g", (x,), ("y",), nodes, weights))
        >>> edit.arrays["b"].ravel().tolist()
        [2.0, 0.0]
    """
    bound = graph.bind(1)
    forms = forms_of(bound)
    edits = []
    for node in bound.nodes:
        call = call_of(node, bound.types, bound.constants)
        if not node.inputs or tie_of(call, 0).link is not Link.MIXED:
            continue
        form, shared = forms[node.inputs[0]], bound.consumers[node.inputs[1]]
        partners = np.where(form.plain, form.partners, np.arange(len(form.kind)))
        if (partners == np.arange(len(partners))).all() or len(shared) > 1:
            continue
        copies = np.flatnonzero(partners != np.arange(len(partners)))
        moved = with_inputs_moved(call, copies, partners[copies], form.factors[copies])
        edits.append(ReplaceArrays(node.scope, {node.inputs[1]: moved}, {}))
    return tuple(edits)


def with_inputs_moved(
    call: Call, copies: Array, partners: Array, factors: Array, *, leave: bool = False
) -> Array:
    """Add the weights of some input channels, scaled, to those of others.

    Args:
        call: A layer.
        copies: ``[K]``, channels whose weights go.
        partners: ``[K]``, where they go; none of them is a copy.
        factors: ``[K]``, times what.
        leave: Whether copies keep their weights, rather than zeros.

    Returns:
        Weights of the same shape and type.
    """
    weight = np.asarray(call.constants[1])
    axis = 0 if _reads_first(call) else 1
    by_input = np.moveaxis(np.asarray(weight, np.float64), axis, 0).copy()
    scaled = by_input[copies] * factors.reshape(-1, *(1,) * (weight.ndim - 1))
    np.add.at(by_input, partners, scaled)
    if not leave:
        by_input[copies] = 0
    result = np.moveaxis(by_input, 0, axis).astype(weight.dtype)
    return np.ascontiguousarray(result)


def _reads_first(call: Call) -> bool:
    """Whether input channels are the first axis of a layer's weights."""
    name = call.operator.name
    gemm = name == "Gemm" and not call.flag("transB")
    return name in {"ConvTranspose", "MatMul"} or gemm
