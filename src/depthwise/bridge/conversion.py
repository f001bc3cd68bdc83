"""From torch's exported program to the nodes of a Graph."""

from __future__ import annotations

import logging
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import fx

from depthwise.bridge.aliasing import Memory, Values
from depthwise.bridge.aten import COMPLEX, HANDLERS, INVERSES, AtenCall, Value
from depthwise.bridge.decomposing import decompose
from depthwise.bridge.folding import fold
from depthwise.bridge.nodes import first_tensor, op_name, writes
from depthwise.bridge.settling import Weights
from depthwise.bridge.tape import Tape
from depthwise.errors import DepthwiseError, UnsupportedOperatorError

_log = logging.getLogger("depthwise.bridge")

_HINT = "torch's own exporter may know it: bridge.export_onnx writes a file to load"

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
    """Walks a traced program and emits ONNX nodes.

    Args:
        nodes: The program's nodes, in order.
        tape: Where to emit.
        names: Names of the values of its placeholders.
        known: Placeholders whose elements nothing decides but the program.
        weights: What follows from the tensors that the module holds.
        scope_of: Gives the module that a node belongs to, with "!" behind a layer.
    """

    def __init__(
        self,
        nodes: Iterable[fx.Node],
        tape: Tape,
        names: Mapping[fx.Node, str],
        *,
        scope_of: Callable[[fx.Node], str],
        known: Mapping[fx.Node, torch.Tensor] | None = None,
        weights: Weights | None = None,
    ) -> None:
        self._nodes = list(nodes)
        self._tape = tape
        self._scope_of = scope_of
        self._memory = Memory(self._nodes)
        self._known = {
            n: t for n, t in (known or {}).items() if not self._memory.is_written(n)
        }
        self._weights = weights or Weights({})
        self._values = Values(self._compute, self._put_back)
        for node, name in names.items():
            self._values.define(node, name)

    def run(self, step: Callable[[], None] = lambda: None) -> None:
        """Emit everything.

        Args:
            step: Called after each node.

        Raises:
            UnsupportedOperatorError: If an operator has no handler.
        """
        wanted = _wanted(self._nodes)
        for node in self._nodes:
            if node in wanted and not _is_silent(node):
                self._guarded(node)
            step()

    def value(self, node: fx.Node) -> Value:
        """Find what a node holds at the end.

        Args:
            node: Any node that holds a tensor.

        Returns:
            Name or names of its value.
        """
        return self._values.read(node)

    def changes(self, node: fx.Node) -> bool:
        """Tell whether the program writes to a placeholder's memory.

        Args:
            node: A placeholder.

        Returns:
            True if an in-place operator does, and not from weights alone.
        """
        return self._memory.is_written(node) and node not in self.settled

    @property
    def settled(self) -> Mapping[fx.Node, torch.Tensor]:
        """What placeholders hold that the program sets from weights alone."""
        return self._weights.settled

    def _guarded(self, node: fx.Node) -> None:
        """Convert a node; a rule that nobody has written down is a sentence too."""
        try:
            if not (writes(node) and self._settle(node)):
                self._convert(node)
        except DepthwiseError:
            if not self._evaluate(node):
                raise
        except Exception as error:
            if self._evaluate(node):
                return
            first = str(error).strip().split("\n", 1)[0]
            refused = _without_handler(node, self._scope_of(node))
            why = f": {type(error).__name__}: {first:.200}"
            msg = refused.message + ("" if isinstance(error, KeyError) else why)
            raise UnsupportedOperatorError(msg, refused.hint) from error

    def _settle(self, node: fx.Node) -> bool:
        """Let a weight be what the module sets it to, such as one of bounded norm."""
        place, changed = self._weights.settle(node), first_tensor(node)
        if place is None or changed is None:
            return False
        self._values.write(changed, self._values.read(place), node)
        return True

    def _evaluate(self, node: fx.Node) -> bool:
        """Compute in torch what has no counterpart and depends on weights alone."""
        result = None if writes(node) else self._weights.evaluate(node)
        if result is None:
            return False
        alone = isinstance(result, torch.Tensor)
        row = [result] if alone else list(result)
        if any(one.is_complex() for one in row):
            return True
        names = tuple(self._tape.constant(one.numpy()) for one in row)
        self._values.define(node, names[0] if alone else names)
        where = self._scope_of(node).rstrip("!") or "the model itself"
        _log.warning("aten.%s at %s is computed once, of weights", op_name(node), where)
        return True

    def _convert(self, node: fx.Node) -> None:
        folded = fold(node, self._known)
        if folded is not None:
            if not self._memory.is_written(node):
                self._known[node] = folded
            plain = torch.view_as_real(folded) if folded.is_complex() else folded
            self._values.define(node, self._tape.constant(plain.numpy()))
            return
        value = self._compute(node)
        changed = first_tensor(node)
        if changed is not None and writes(node):
            self._values.write(changed, value, node)
        else:
            self._values.define(node, value, self._memory.view_of(node))

    def _compute(self, node: fx.Node) -> Value:
        if node.target is operator.getitem:
            return self._part(node)
        call = self._call(node)
        if any(map(_is_complex, (node, *node.all_input_nodes))):
            return _with_complex(call)
        handler = HANDLERS.get(call.op)
        return handler(call) if handler else self._spell_out(node, call)

    def _part(self, node: fx.Node) -> Value:
        source: Any = node.args[0]
        index: Any = node.args[1]
        found = self._values.read(source)[index]
        if not found:
            raise self._call(source).unsupported(f"result {index} has no counterpart")
        return found

    def _spell_out(self, node: fx.Node, call: AtenCall) -> Value:
        """Convert what torch itself decomposes an operator into."""
        found = decompose(node) if op_name(node) else None
        if found is None:
            raise _without_handler(node, call.scope)
        program, operands = found
        holders = program.graph.find_nodes(op="placeholder")
        read = self._values.read
        names = {h: str(read(o)) for h, o in zip(holders, operands, strict=True)}
        nodes = list(program.graph.nodes)
        inner = Converter(nodes, self._tape, names, scope_of=lambda _node: call.scope)
        try:
            inner.run()
        except UnsupportedOperatorError as error:
            first = _without_handler(node, call.scope)
            if error.message.startswith(first.message):
                raise
            msg = f"{first.message}; as torch spells it, {error.message}"
            raise UnsupportedOperatorError(msg, error.hint) from error
        (end,) = program.graph.find_nodes(op="output")
        result = end.args[0]
        if isinstance(result, fx.Node):
            return inner.value(result)
        return tuple(str(inner.value(one)) if one else "" for one in result)

    def _put_back(self, node: fx.Node, base: Value, changed: Value) -> Value:
        if node.target is operator.getitem:
            index = int(node.args[1])  # type: ignore[arg-type]
            return (*base[:index], str(changed), *base[index + 1 :])
        call = self._call(node)
        if call.op not in INVERSES:
            raise call.unsupported("a view of this kind cannot be written to")
        return INVERSES[call.op](call, base, changed)

    def _call(self, node: fx.Node) -> AtenCall:
        scope = self._scope_of(node)
        name = op_name(node)
        if not name:
            raise _without_handler(node, scope)
        plain = name if name in HANDLERS else name.removesuffix("_")
        arguments = bind_arguments(node)
        return AtenCall(plain, node, arguments, self._tape, self._values.read, scope)


def _is_complex(node: fx.Node) -> bool:
    value = node.meta.get("val")
    return isinstance(value, torch.Tensor) and value.is_complex()


def _with_complex(call: AtenCall) -> Value:
    handler = COMPLEX.get(call.op)
    if handler is None:
        raise call.unsupported("numbers must be real here: abs(), .real, .imag first")
    return handler(call)


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


def _without_handler(node: fx.Node, scope: str) -> UnsupportedOperatorError:
    name = op_name(node)
    what = name if "::" in name else f"aten.{name}" if name else str(node.target)
    where = scope.rstrip("!") or "the model itself"
    msg = f"operators must have a counterpart in ONNX; got {what} at {where}"
    return UnsupportedOperatorError(msg, _HINT)


def _wanted(nodes: list[fx.Node]) -> set[fx.Node]:
    """Leave out operations whose results nobody reads."""
    found: set[fx.Node] = set()
    for node in reversed(nodes):
        is_read = any(user.op == "output" or user in found for user in node.users)
        if node.op == "call_function" and (is_read or writes(node)):
            found.add(node)
    return found


def _is_silent(node: fx.Node) -> bool:
    if op_name(node) in _SILENT:
        return True
    scalar = torch.SymInt | torch.SymBool | torch.SymFloat | int | float
    value = node.meta.get("val")
    row = value if isinstance(value, list | tuple) and value else [value]
    return all(isinstance(one, scalar) for one in row)
