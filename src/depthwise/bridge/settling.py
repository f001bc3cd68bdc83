"""What a module computes from its weights alone, computed once, in torch."""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import torch
from torch import fx
from torch.utils import _pytree as pytree

from depthwise.bridge.nodes import first_tensor, op_name, writes

_ALIASES = {"detach", "alias"}


class Weights:
    """Tensors that a module holds, and whatever follows from them alone.

    Args:
        held: The tensors of placeholders.
        settable: Those of them that the module may set: its parameters.
    """

    def __init__(
        self,
        held: Mapping[fx.Node, torch.Tensor],
        settable: Collection[fx.Node] = (),
    ) -> None:
        self._tensors: dict[fx.Node, torch.Tensor] = dict(held)
        self._settable = frozenset(settable)
        self._results: dict[fx.Node, Any] = {}
        self.settled: dict[fx.Node, torch.Tensor] = {}

    def evaluate(self, node: fx.Node) -> Any:
        """Compute a node in torch.

        Args:
            node: Any node.

        Returns:
            A tensor or a row of them; None where an input or chance takes part.
        """
        if node in self._tensors:
            return self._tensors[node]
        if node not in self._results:
            self._results[node] = self._run(node)
        return self._results[node]

    def settle(self, node: fx.Node) -> fx.Node | None:
        """Let a parameter be what the one operator that writes to it makes of it.

        Args:
            node: An operator that writes to its first operand.

        Returns:
            The placeholder of the tensor; None where it is no parameter, where an
            input takes part, or where what it held before is still needed.
        """
        place = _origin(first_tensor(node))
        if place is None or place not in self._settable:
            return None
        writers = [one for one in node.graph.nodes if _writes_to(one, place)]
        if writers != [node]:
            return None
        if self.evaluate(node) is None or not self._is_past(place, node):
            return None
        self._tensors[place] = self.settled[place] = self.evaluate(node)
        return place

    def _is_past(self, place: fx.Node, write: fx.Node) -> bool:
        """Tell whether nothing but weights was made of what a tensor held before."""
        before, changed = {place}, first_tensor(write)
        for node in _up_to(write):
            if before.isdisjoint(node.all_input_nodes):
                continue
            if self.evaluate(node) is None:
                return False
            before.add(node)
        before -= {place, changed}
        rest = {user for node in before for user in node.users} - before - {write}
        return all(self.evaluate(node) is not None for node in rest)

    def _run(self, node: fx.Node) -> Any:
        operands = [self.evaluate(one) for one in node.all_input_nodes]
        if node.op != "call_function" or any(one is None for one in operands):
            return None
        known = dict(zip(node.all_input_nodes, operands, strict=True))
        given: Any = (node.args, node.kwargs)
        args, kwargs = fx.map_arg(given, known.__getitem__)
        target: Any = node.target
        if target is operator.getitem:
            return args[0][args[1]]
        if not op_name(node) or torch.Tag.nondeterministic_seeded in target.tags:
            return None
        if writes(node):
            args = (args[0].clone(), *args[1:])
        with torch.no_grad():
            result = target(*args, **kwargs)
        tensors = [
            isinstance(leaf, torch.Tensor) for leaf in pytree.tree_leaves(result)
        ]
        return result if tensors and all(tensors) else None


def _origin(node: fx.Node | None) -> fx.Node | None:
    while node is not None and op_name(node) in _ALIASES:
        node = first_tensor(node)
    return node


def _writes_to(node: fx.Node, place: fx.Node) -> bool:
    return writes(node) and _origin(first_tensor(node)) is place


def _up_to(node: fx.Node) -> Iterable[fx.Node]:
    for one in node.graph.nodes:
        if one is node:
            return
        yield one
