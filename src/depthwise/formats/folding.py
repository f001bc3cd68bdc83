"""What need not be computed when a network runs: constants, sizes and no-ops.

Exporters spell sizes out as Shape, Gather, Unsqueeze, Concat, Reshape. The operators'
own shape rules know the elements of such values, N included, so each becomes a
constant where it is one, or a -1 where only the batch is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from depthwise.errors import DepthwiseError
from depthwise.formats.build import Build
from depthwise.formats.sizes import static_resize, static_target
from depthwise.formats.tensors import Array
from depthwise.graph import OPERATORS, Batch, Node, TensorType, call_of
from depthwise.graph.inference import is_cheap

_KEEPS_NAME = frozenset(
    ["Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"]
)


def fold(node: Node, types: Mapping[str, TensorType], build: Build) -> Node | None:
    """Replace a node by constants or another name, or simplify it.

    Args:
        node: A node whose operands are in the graph.
        types: Types of what it defines.
        build: What is known so far; constants and names are added to it.

    Returns:
        The node that is left, or None.
    """
    if _fold_known(node, types, build) or _fold_constants(node, types, build):
        return None
    if _is_no_op(node, types, build):
        build.alias(node.outputs[0], node.inputs[0])
        return None
    if node.op in {"Reshape", "Expand"}:
        return static_target(node, types, build)
    if node.op == "Resize":
        return static_resize(node, build)
    return node


def _fold_known(node: Node, types: Mapping[str, TensorType], build: Build) -> bool:
    """Take what the shape rules know of every output."""
    arrays: dict[str, Array] = {}
    for name, kind in types.items():
        known = kind.content
        if known is None or any(isinstance(e, Batch) for e in known):
            return False
        sizes = tuple(d for d in kind.shape if isinstance(d, int))
        arrays[name] = np.array(known, kind.dtype).reshape(sizes)
    _enter(node, arrays, build)
    return True


def _fold_constants(
    node: Node,
    types: Mapping[str, TensorType],
    build: Build,
) -> bool:
    """Compute a node whose operands are all constants."""
    named = [name for name in node.inputs if name]
    if not is_cheap(OPERATORS[node.op]) or not all(
        name in build.constants for name in named
    ):
        return False
    operands = tuple(build.constants[n] if n else None for n in node.inputs)
    size = sum(_bytes(kind) for kind in types.values())
    size += sum(array.nbytes for array in operands if array is not None)
    if size > build.budget:
        return False
    build.budget -= size
    call = call_of(node, build.types, build.constants)
    try:
        with np.errstate(all="ignore"):
            results = call.operator.reference(call, operands)
    except (DepthwiseError, ArithmeticError, LookupError, TypeError, ValueError):
        return False
    pairs = zip(node.outputs, results, strict=False)
    _enter(node, {n: np.asarray(a, types[n].dtype) for n, a in pairs if n}, build)
    return True


def _bytes(kind: TensorType) -> int:
    elements = math.prod(d.times if isinstance(d, Batch) else d for d in kind.shape)
    return elements * np.dtype(kind.dtype).itemsize


def _enter(node: Node, arrays: Mapping[str, Array], build: Build) -> None:
    """Add constants; a weight that is only reshaped keeps its own name."""
    source = node.inputs[0] if node.inputs else ""
    alone = build.readers[source] == 1 and source in build.constants
    if alone and node.op in _KEEPS_NAME and len(arrays) == 1:
        del build.types[source], build.constants[source]
        (array,) = arrays.values()
        build.add_constant(source, array)
        build.alias(node.outputs[0], source)
        return
    for name, array in arrays.items():
        build.add_constant(name, array)


def _is_no_op(node: Node, types: Mapping[str, TensorType], build: Build) -> bool:
    if node.op == "Identity":
        return True
    same = types.get(node.outputs[0]) if node.outputs else None
    operand = build.types[node.inputs[0]] if node.inputs else None
    if same is None or operand is None:
        return False
    return node.op == "Cast" and same.dtype == operand.dtype
