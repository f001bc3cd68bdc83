"""The list of nodes while it is being written: names, constants, emission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthwise.graph import Attribute, Batch, Dim, Node, Shape

Array = NDArray[Any]


class Tape:
    """Nodes in the order in which they were emitted, with names that never repeat.

    Args:
        taken: Names that nodes may not bear: inputs and constants.
        source: Name of an input whose first axis is the batch.

    Example:
        >>> tape = Tape(["x"])
        >>> tape.emit("Relu", ["x"], scope="stem.act!")
        'stem.act'
        >>> print(tape.nodes[0])
        stem.act = Relu(x)
    """

    def __init__(self, taken: Sequence[str] = (), source: str = "") -> None:
        self.nodes: list[Node] = []
        self.constants: dict[str, Array] = {}
        self._names = set(taken)
        self._source = source
        self._batch = ""
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def unique(self, wanted: str) -> str:
        """Reserve a name.

        Args:
            wanted: The name, used as it is if nobody has it.

        Returns:
            The name, with a number behind it if it was taken.
        """
        name, count = wanted, 1
        while name in self._names:
            count += 1
            name = f"{wanted}_{count}"
        self._names.add(name)
        return name

    def constant(self, array: Array, hint: str = "constant") -> str:
        """Add an array that no parameter holds; equal arrays share a name.

        Args:
            array: Any array.
            hint: What to call it.

        Returns:
            Its name.
        """
        key = (array.dtype.name, array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = self.unique(hint)
            self.constants[self._known[key]] = array
        return self._known[key]

    def shape_vector(self, shape: Shape) -> str:
        """Write a vector of sizes, of which any may hold the batch.

        Args:
            shape: The sizes.

        Returns:
            The name of a constant, or of a value computed from the batch.
        """
        if not any(isinstance(dim, Batch) for dim in shape):
            return self.constant(sizes(*(d for d in shape if isinstance(d, int))))
        parts = [self._size(dim) for dim in shape]
        return self.emit("Concat", parts, {"axis": 0}) if len(parts) > 1 else parts[0]

    def _size(self, dim: Dim) -> str:
        if isinstance(dim, int):
            return self.constant(sizes(dim))
        if not self._batch:
            bounds: dict[str, Attribute] = {"start": 0, "end": 1}
            self._batch = self.emit("Shape", [self._source], bounds, scope="batch!")
        if dim.times == 1:
            return self._batch
        return self.emit("Mul", [self._batch, self.constant(sizes(dim.times))])

    def emit(
        self,
        op: str,
        inputs: Sequence[str],
        attributes: Mapping[str, Attribute] | None = None,
        *,
        scope: str = "",
    ) -> str:
        """Append a node with one result.

        Args:
            op: The ONNX operator.
            inputs: Names of values; trailing empty ones are dropped.
            attributes: ONNX attributes.
            scope: The module that it belongs to; with a "!" behind it, the node
                takes the module's own name if it is the first to ask.

        Returns:
            The name of its result.
        """
        return self.emit_many(op, inputs, 1, attributes, scope=scope)[0]

    def emit_many(
        self,
        op: str,
        inputs: Sequence[str],
        count: int,
        attributes: Mapping[str, Attribute] | None = None,
        *,
        scope: str = "",
    ) -> tuple[str, ...]:
        """Append a node with several results.

        Args:
            op: The ONNX operator.
            inputs: Names of values; trailing empty ones are dropped.
            count: How many results it has.
            attributes: ONNX attributes.
            scope: The module that it belongs to.

        Returns:
            The names of its results.
        """
        given = list(inputs)
        while given and not given[-1]:
            given.pop()
        name = self.unique(self._title(op, scope))
        parts = (f"{name}.{index}" for index in range(count))
        names = (name,) if count == 1 else tuple(map(self.unique, parts))
        node = Node(op, tuple(given), names, attributes or {}, name, scope.rstrip("!"))
        self.nodes.append(node)
        return names

    def rename(self, value: str, wanted: str) -> str:
        """Give a result another name, wherever it is read.

        Args:
            value: The result's name.
            wanted: The name to take, if nobody has it.

        Returns:
            The name that it has now.
        """
        name = self.unique(wanted)
        new = {value: name}
        self.nodes = [
            replace(
                node,
                inputs=tuple(new.get(n, n) for n in node.inputs),
                outputs=tuple(new.get(n, n) for n in node.outputs),
            )
            for node in self.nodes
        ]
        return name

    def _title(self, op: str, scope: str) -> str:
        path, leaf = scope.rstrip("!"), scope.endswith("!")
        if leaf and path not in self._names:
            return path
        return f"{path}.{op.lower()}" if path else op.lower()


def sizes(*values: int) -> Array:
    """Write sizes or axes as ONNX wants them.

    Args:
        *values: Integers.

    Returns:
        A vector of int64.

    Example:
        >>> sizes(2, -1)
        array([ 2, -1])
    """
    return np.array(values, np.int64)
