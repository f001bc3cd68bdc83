"""Bytes that an operator moves, if every operand is read and every result written."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from depthwise.graph.operators.operator import Call
from depthwise.graph.shapes import TensorType, concrete


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes that one node moves between memory and the processor.

    Args:
        reads: Bytes read of each input, those left out included as 0.
        writes: Bytes written to each output.

    Example:
        >>> Traffic((16, 4), (8,)).total
        28
    """

    reads: tuple[int, ...]
    writes: tuple[int, ...]

    @property
    def total(self) -> int:
        """All bytes, read and written."""
        return sum(self.reads) + sum(self.writes)


def bytes_of(kind: TensorType) -> int:
    """Count the bytes of a value.

    Args:
        kind: A type that holds no N.

    Returns:
        Elements times the size of one.

    Example:
        >>> bytes_of(TensorType("float32", (2, 3)))
        24
    """
    return math.prod(concrete(kind.shape)) * np.dtype(kind.dtype).itemsize


def traffic_of(call: Call) -> Traffic:
    """Count the bytes that a call moves.

    Every input is read once and every output written once. Views move nothing,
    operands that only decide shapes are not read, and operators that pick elements
    read no more of their data than they write.

    Args:
        call: A call whose sizes are all known, with outputs.

    Returns:
        Bytes an input and an output.

    Example:
        >>> from depthwise.graph import Node, call_of
        >>> types = {name: TensorType("float32", (2, 3)) for name in "xy"}
        >>> traffic_of(call_of(Node("Relu", ("x",), ("y",)), types, {}))
        Traffic(reads=(24,), writes=(24,))
    """
    entry = call.operator
    if not entry.moves_data:
        return Traffic((0,) * len(call.inputs), (0,) * len(call.outputs))
    writes = tuple(bytes_of(kind) for kind in call.outputs)
    reads = [
        0 if kind is None or index in entry.static else bytes_of(kind)
        for index, kind in enumerate(call.inputs)
    ]
    if entry.picks:
        reads[0] = min(reads[0], sum(writes))
    return Traffic(tuple(reads), writes)
