"""What the engine cannot compile, said before anything is compiled."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from depthwise.engine.lowering.resize import can_resize
from depthwise.errors import CompileError
from depthwise.graph import Call, Graph, Node

_FEW_AXES = frozenset({"Conv", "ConvTranspose", "MaxPool", "AveragePool"})
_LOOSE = {"Conv": 1, "ConvTranspose": 1, "BatchNormalization": 1, "Clip": 1, "Pad": 1}
"""Operators whose operands from this one on must be constants."""

_PAIRS = frozenset({"Max", "Min"})
_HINT = "depthwise.execute runs every operator of the table"


def check_operators(graph: Graph, supported: Collection[str]) -> None:
    """Refuse what the engine cannot compile.

    Args:
        graph: A graph without the symbol N, constants folded.
        supported: Operators that have a rule.

    Raises:
        CompileError: At the first node that has no kernel; it names the node, the
            operator and what is missing.
    """
    for node in graph.nodes:
        reason = _no_rule(graph, node, supported)
        if reason:
            where = node.name or node.outputs[0]
            msg = f"operators must have a native kernel; got {node.op} at {where}"
            raise CompileError(f"{msg}: {reason}", _HINT)
    for given in graph.inputs:
        if given.type.dtype != "float32":
            kind = given.type.dtype
            msg = f"inputs must be float32; got {kind} for {given.name}"
            raise CompileError(msg)


def _no_rule(graph: Graph, node: Node, supported: Collection[str]) -> str:
    """Say why a node cannot be compiled; nothing where it can."""
    if node.op not in supported:
        return "there is none for this operator"
    used = {*graph.consumers, *graph.outputs, node.outputs[0]}
    named = [name for name in node.outputs if name in used]
    if any(0 in graph.types[name].shape for name in (*node.inputs, *named) if name):
        return "it has a tensor without elements"
    if len(named) > 1 and node.op != "Split":
        return f"it gives {len(named)} results"
    kinds = {graph.types[name].dtype for name in named} - {"float32"}
    if kinds:
        return f"its results are {min(kinds)}, not float32"
    loose = [n for n in node.inputs[_LOOSE.get(node.op, len(node.inputs)) :] if n]
    strange = [name for name in loose if name not in graph.constants]
    if strange:
        return f"{strange[0]} is not a constant"
    call = graph.call(node)
    return _REASONS.get(node.op, _any_geometry)(call)


def _any_geometry(call: Call) -> str:
    if call.node.op in _FEW_AXES and len(call.shape()) > 5:
        return f"it has {len(call.shape()) - 2} spatial axes, and 3 are the most"
    return ""


def _two_operands(call: Call) -> str:
    return "" if len(call.inputs) == 2 else f"it has {len(call.inputs)} operands, not 2"


def _exact_gelu(call: Call) -> str:
    kind = call.text("approximate")
    return "" if kind == "none" else f"its approximation is {kind}"


def _mixing_resize(call: Call) -> str:
    return "" if can_resize(call) else "it crops"


_REASONS: Mapping[str, Callable[[Call], str]] = {
    **dict.fromkeys(_PAIRS, _two_operands),
    "Gelu": _exact_gelu,
    "Resize": _mixing_resize,
}
