"""From torch's exported program to the nodes of a Graph."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import fx

from depthwise.bridge.aliasing import Memory, Values
from depthwise.bridge.aten import HANDLERS, INVERSES, AtenCall, Value
from depthwise.bridge.nodes import first_tensor, op_name, writes
from depthwise.bridge.tape import Tape
from depthwise.errors import UnsupportedOperatorError

_SILENT = {
    "_assert_tensor_metadata",
    "_assert_scalar",
    "_assert_async",
    "sym_constrain_range_for_size",
    "sym_constrain_range",
    "sym_size",
}
"""Operators that check or measure and compute nothing."""


class Converter:
    """Walks an exported program and emits ONNX nodes.

    Args:
        nodes: The program's nodes, in order.
        tape: Where to emit.
        names: Names of the values of its placeholders.
    """

    def __init__(
        self,
        nodes: list[fx.Node],
        tape: Tape,
        names: Mapping[fx.Node, str],
    ) -> None:
        self._nodes = nodes
        self._tape = tape
        self._memory = Memory(nodes)
        self._values = Values(self._compute, self._put_back)
        for node, name in names.items():
            self._values.define(node, name)

    def run(self, step: Callable[[], None]) -> None:
        """Emit everything.

        Args:
            step: Called after each node.

        Raises:
            UnsupportedOperatorError: If an operator has no handler.
        """
        for node in self._nodes:
            if node.op == "call_function" and not _is_silent(node):
                self._convert(node)
            step()

    def value(self, node: fx.Node) -> Value:
        """Find what a node holds at the end.

        Args:
            node: Any node that holds a tensor.

        Returns:
            Name or names of its value.
        """
        return self._values.read(node)

    def _convert(self, node: fx.Node) -> None:
        value = self._compute(node)
        changed = first_tensor(node)
        if changed is not None and writes(node):
            self._values.write(changed, value, node)
        else:
            self._values.define(node, value, self._memory.view_of(node))

    def _compute(self, node: fx.Node) -> Value:
        if node.target is operator.getitem:
            source, index = node.args
            return self._values.read(source)[index]  # type: ignore[arg-type,index]
        call = self._call(node)
        return HANDLERS[call.op](call)

    def _put_back(self, node: fx.Node, base: Value, changed: Value) -> Value:
        if node.target is operator.getitem:
            index = int(node.args[1])  # type: ignore[arg-type]
            return (*base[:index], str(changed), *base[index + 1 :])
        call = self._call(node)
        if call.op not in INVERSES:
            raise call.unsupported("a view of this kind cannot be written to")
        return INVERSES[call.op](call, base, changed)

    def _call(self, node: fx.Node) -> AtenCall:
        name = op_name(node)
        plain = name if name in HANDLERS else name.removesuffix("_")
        scope = scope_of(node)
        if plain not in HANDLERS:
            what = f"aten.{name}" if name else str(node.target)
            where = scope.rstrip("!") or "the model itself"
            msg = f"operators must have a counterpart in ONNX; got {what} at {where}"
            hint = f"supported: {', '.join(sorted(HANDLERS))}"
            raise UnsupportedOperatorError(msg, hint)
        arguments = bind_arguments(node)
        read = self._values.read
        return AtenCall(plain, node, arguments, self._tape, read, scope)


def bind_arguments(node: fx.Node) -> dict[str, Any]:
    """Give each argument of an aten operator the name that its schema does.

    Args:
        node: A call of an aten operator.

    Returns:
        Arguments by name, defaults filled in.
    """
    schema = node.target._schema  # type: ignore[union-attr]  # noqa: SLF001 - no other way
    found: dict[str, Any] = {}
    for index, argument in enumerate(schema.arguments):
        if index < len(node.args):
            found[argument.name] = node.args[index]
        elif argument.name in node.kwargs:
            found[argument.name] = node.kwargs[argument.name]
        elif argument.has_default_value():
            found[argument.name] = argument.default_value
    return found


def scope_of(node: fx.Node) -> str:
    """Find the module that a node was called in.

    Args:
        node: Any traced node.

    Returns:
        The user's module path, with "!" behind it for a layer of torch.nn.
    """
    stack = node.meta.get("nn_module_stack") or {}
    if not stack:
        return ""
    path, kind = list(stack.values())[-1]
    where = str(path).split("@", 1)[0]
    is_layer = str(kind).startswith("torch.nn.modules.")
    return f"{where}!" if is_layer and where else where


def _is_silent(node: fx.Node) -> bool:
    if op_name(node) in _SILENT:
        return True
    scalar = torch.SymInt | torch.SymBool | torch.SymFloat | int | float
    return isinstance(node.meta.get("val"), scalar)
