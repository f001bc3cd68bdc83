"""Operators of a file that the table lacks: listed, or cut out of the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from depthwise.errors import UnsupportedOperatorError
from depthwise.formats.messages import GraphMessage, NodeMessage, ValueMessage
from depthwise.formats.versions import CONVERSIONS
from depthwise.graph import OPERATORS

_SPELLED_OUT = {"Constant", "ConstantOfShape"}
_OWN = {None, "", "ai.onnx"}
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class UnknownNode:
    """A node of a file whose operator is outside the table.

    Args:
        name: The node's name, or that of its first result.
        op: Its operator, with the domain if that is not ONNX's own.
        inputs: Names of what it reads.
        outputs: Names of what it defines.

    Example:
        >>> UnknownNode("f", "Frobnicate", ("x",), ("y",)).op
        'Frobnicate'
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def unknown_nodes(graph: GraphMessage) -> tuple[UnknownNode, ...]:
    """Find the nodes whose operators are outside the table.

    Args:
        graph: The network of a file.

    Returns:
        The nodes, in the file's order.
    """
    return tuple(_unknown(node) for node in graph.nodes if not _is_known(node))


def refuse_unknown(nodes: Sequence[UnknownNode]) -> None:
    """Raise an error that lists operators outside the table, if there are any.

    Args:
        nodes: What was found.

    Raises:
        UnsupportedOperatorError: If there are any.

    Example:
        >>> refuse_unknown(())
    """
    if not nodes:
        return
    places: dict[str, list[str]] = {}
    for node in nodes:
        places.setdefault(node.op, []).append(node.name)
    parts = [_told(op, names) for op, names in list(places.items())[:_SHOWN]]
    more = len(places) - _SHOWN
    rest = f" and {more} more" if more > 0 else ""
    msg = f"operators must be in the table; got {', '.join(parts)}{rest}"
    supported = f"supported: {', '.join(sorted(OPERATORS))}"
    raise UnsupportedOperatorError(msg, supported)


def _told(op: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{op!r} at {names[0]}{more}"


def cut_out(graph: GraphMessage, nodes: Sequence[UnknownNode]) -> GraphMessage:
    """Cut nodes out of a network: what they define is given, what they read a result.

    Args:
        graph: The network of a file.
        nodes: Nodes of it.

    Returns:
        The network around them.

    Raises:
        UnsupportedOperatorError: If the file does not say how large a result is that
            other nodes read.
    """
    cut = {name for node in nodes for name in node.outputs}
    kept = [node for node in graph.nodes if _is_known(node)]
    read = {name for node in kept for name in node.inputs}
    given = [_declared(graph, name) for name in sorted(cut & read)]
    made = {name for node in kept for name in node.outputs if name}
    asked = dict.fromkeys(name for node in nodes for name in node.inputs)
    results = [value for value in graph.outputs if value.name not in cut]
    there = {value.name for value in results}
    results += [ValueMessage(n) for n in asked if n in made and n not in there]
    return replace(graph, nodes=kept, inputs=[*graph.inputs, *given], outputs=results)


def _is_known(node: NodeMessage) -> bool:
    if node.domain not in _OWN:
        return False
    if any(each.graph is not None or each.graphs for each in node.attributes):
        return False
    return node.op in OPERATORS or node.op in CONVERSIONS or node.op in _SPELLED_OUT


def _unknown(node: NodeMessage) -> UnknownNode:
    outputs = tuple(filter(None, node.outputs))
    op = node.op if node.domain in _OWN else f"{node.domain}::{node.op}"
    name = node.name or next(iter(outputs), op)
    return UnknownNode(name, op, tuple(filter(None, node.inputs)), outputs)


def _declared(graph: GraphMessage, name: str) -> ValueMessage:
    for value in (*graph.values, *graph.outputs):
        typed = value.type is not None and value.type.array is not None
        if value.name == name and typed:
            return value
    msg = "a file must say how large the results of unknown operators are"
    hint = "write the shapes of values into the file, as exporters can"
    raise UnsupportedOperatorError(f"{msg}; got nothing on {name!r}", hint)
