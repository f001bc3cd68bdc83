"""Which traced values share memory, so that in-place operators can be undone.

A write to a tensor changes everything that shares its memory. Values of a Graph never
change, so a write gives the base a new name, and a view whose base has a new name
is computed again the next time that it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import fx

from depthwise.bridge.aten import Value
from depthwise.bridge.nodes import first_tensor, op_name, writes
from depthwise.errors import GraphError

Regenerate = Callable[[fx.Node], Value]
PutBack = Callable[[fx.Node, Value, Value], Value]

_PASS_IN_EVAL = {
    "dropout",
    "feature_dropout",
    "alpha_dropout",
    "feature_alpha_dropout",
}
"""Operators that return their very input in eval mode, though traces copy it."""


class Memory:
    """Storages of traced nodes, and which of them are ever written to.

    Args:
        nodes: All nodes of a traced program, in order.
    """

    def __init__(self, nodes: Iterable[fx.Node]) -> None:
        self._storages: dict[fx.Node, int] = {}
        self._written: set[int] = set()
        for node in nodes:
            first = first_tensor(node)
            storage = _storage(node.meta.get("val"))
            if first is not None and op_name(node) in _PASS_IN_EVAL:
                storage = self._storages.get(first, 0)
            self._storages[node] = storage
            if first is not None and writes(node):
                self._written.add(self._storages[first])

    def is_written(self, node: fx.Node) -> bool:
        """Tell whether anything ever writes to the memory of a result.

        Args:
            node: Any node.

        Returns:
            True if an in-place operator does.
        """
        return self._storages.get(node, 0) in self._written

    def view_of(self, node: fx.Node) -> fx.Node | None:
        """Find the operand that a result shares memory with.

        Args:
            node: Any node.

        Returns:
            The operand; None if there is none, or if nobody ever writes there.
        """
        storage = self._storages[node]
        if storage not in self._written:
            return None
        for operand in node.all_input_nodes:
            if self._storages.get(operand) == storage:
                return operand
        return None


class Values:
    """The current value of every traced node.

    Args:
        regenerate: Computes a view again from what its base holds now.
        put_back: Gives the base's new value after a view of it changed.
    """

    def __init__(self, regenerate: Regenerate, put_back: PutBack) -> None:
        self._values: dict[fx.Node, Value] = {}
        self._bases: dict[fx.Node, fx.Node] = {}
        self._seen: dict[fx.Node, Value] = {}
        self._same: dict[fx.Node, fx.Node] = {}
        self._regenerate = regenerate
        self._put_back = put_back

    def define(self, node: fx.Node, value: Value, base: fx.Node | None = None) -> None:
        """Record a result.

        Args:
            node: The node.
            value: Name or names of what it computes.
            base: The operand that it is a view of.
        """
        self._values[node] = value
        if base is not None:
            self._bases[node] = base
            self._seen[node] = self.read(base)

    def read(self, node: fx.Node) -> Value:
        """Find what a node holds now.

        Args:
            node: A node that was recorded.

        Returns:
            Name or names of its value.

        Raises:
            GraphError: If the node was never recorded.
        """
        node = self._same.get(node, node)
        if node not in self._values:
            raise GraphError(f"a value must be a tensor here; got {node.format_node()}")
        base = self._bases.get(node)
        if base is not None:
            now = self.read(base)
            if now != self._seen[node]:
                self._values[node] = self._regenerate(node)
                self._seen[node] = now
        return self._values[node]

    def write(self, node: fx.Node, value: Value, result: fx.Node | None = None) -> None:
        """Record that a node's memory holds a new value.

        Args:
            node: The node whose tensor was changed in place.
            value: Name or names of what it holds now.
            result: The in-place operation, whose own result is the same tensor.
        """
        node = self._same.get(node, node)
        base = self._bases.get(node)
        if base is not None:
            self.write(base, self._put_back(node, self.read(base), value))
            self._seen[node] = self.read(base)
        self._values[node] = value
        if result is not None:
            self._same[result] = node


def _storage(value: object) -> int:
    if isinstance(value, list | tuple) and value:
        value = value[0]
    if not isinstance(value, torch.Tensor):
        return 0
    try:
        return int(value.untyped_storage()._cdata)  # noqa: SLF001 - its only identity
    except RuntimeError as error:
        msg = f"a traced value must have memory of its own; got one without: {error}"
        raise GraphError(msg, "write the batch out instead of torch.vmap") from error
