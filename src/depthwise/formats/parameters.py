"""Which constants of a foreign file are weights: decided by where they are read.

Running statistics, bounds of clips, sizes and tables of indices are constants too, but
training does not change them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from depthwise.graph import Node

POSITIONS: Mapping[str, tuple[int, ...]] = {
    "BatchNormalization": (1, 2),
    "Conv": (1, 2),
    "ConvTranspose": (1, 2),
    "GRU": (1, 2, 3),
    "Gather": (0,),
    "Gemm": (0, 1, 2),
    "GroupNormalization": (1, 2),
    "InstanceNormalization": (1, 2),
    "LSTM": (1, 2, 3, 7),
    "LayerNormalization": (1, 2),
    "MatMul": (0, 1),
    "PRelu": (1,),
    "RNN": (1, 2, 3),
}
"""Operator -> inputs that are weights where they are constants."""

ELEMENTWISE = frozenset({"Add", "Div", "Mul", "Sub"})
"""Operators whose constant operand is a weight if it has more than one element."""


def find_parameters(
    nodes: Iterable[Node],
    constants: Mapping[str, NDArray[np.generic]],
) -> frozenset[str]:
    """Decide which constants training would change.

    Args:
        nodes: The nodes of a graph.
        constants: Its constants.

    Returns:
        Their names.

    Example:
        >>> conv = Node("Conv", ("x", "w"), ("y",))
        >>> sorted(find_parameters([conv], {"w": np.ones((8, 3, 1), "float32")}))
        ['w']
    """
    found: set[str] = set()
    for node in nodes:
        places = POSITIONS.get(node.op, ())
        if node.op in ELEMENTWISE:
            places = tuple(range(len(node.inputs)))
        for place in places:
            name = node.inputs[place] if place < len(node.inputs) else ""
            array = constants.get(name)
            if array is None or array.dtype.kind != "f":
                continue
            if node.op not in ELEMENTWISE or array.size > 1:
                found.add(name)
    return frozenset(found)
