"""Apply edits to a graph."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from depthwise.errors import GraphError
from depthwise.graph.edits.edit import Array, Edit, ReplaceArrays, ReplaceNode, Step
from depthwise.graph.graph import Graph, verify
from depthwise.graph.node import Node
from depthwise.graph.rewrite.surgery import rebuilt


def apply_edits(graph: Graph, edits: Iterable[Edit]) -> Graph:
    """Apply edits to a graph.

    Args:
        graph: Any graph.
        edits: In any order; each node and each constant in one of them at most.

    Returns:
        The edited graph, which verifies. Names of its outputs are as before.

    Raises:
        GraphError: If an edit names what is not there, or two name the same.
        GeometryError: If the edited graph's shapes do not fit; it names the node.

    Example:
        >>> import numpy as np
        >>> from depthwise.graph.graph import Input
        >>> from depthwise.graph.shapes import Batch, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 4)))
        >>> act = Node("Tanh", ("x",), ("y",), name="act", scope="act")
        >>> edit = ReplaceNode(("act",), "act", (Step("", "Relu"),))
        >>> print(apply_edits(Graph("tiny", (x,), ("y",), (act,)), [edit]))
        graph tiny(x: float32[N,4]) -> y
          y: float32[N,4] = Relu(x)
    """
    every = tuple(edits)
    arrays = [edit for edit in every if isinstance(edit, ReplaceArrays)]
    chains = [edit for edit in every if isinstance(edit, ReplaceNode)]
    _check(graph, arrays, chains)
    for edit in arrays:
        graph = _with_arrays(graph, edit)
    for chain in chains:
        graph = _with_steps(graph, chain)
    return verify(graph)


def _check(
    graph: Graph, arrays: list[ReplaceArrays], chains: list[ReplaceNode]
) -> None:
    constants = [name for edit in arrays for name in edit.arrays]
    nodes = [name for edit in chains for name in edit.nodes]
    _check_names("constant", constants, graph.constants)
    _check_names("node", nodes, [node.name for node in graph.nodes])
    for edit in arrays:
        for name, array in edit.arrays.items():
            if array.dtype != graph.constants[name].dtype:
                types = f"{array.dtype} for {graph.constants[name].dtype}"
                raise GraphError(f"an edit keeps types; got {types} at {name!r}")
    for chain in chains:
        names = [step.name for step in chain.steps]
        if len(set(names)) < len(names) or ("" in names and len(names) > 1):
            raise GraphError(f"steps need names that differ; got {names}")


def _check_names(kind: str, named: list[str], known: Collection[str]) -> None:
    absent = sorted(set(named) - set(known))
    if absent:
        raise GraphError(f"an edit names a {kind} of the graph; got {absent[0]!r}")
    twice = sorted(name for name in set(named) if named.count(name) > 1)
    if twice:
        raise GraphError(f"a {kind} is edited once; got {twice[0]!r} twice")


def _with_arrays(graph: Graph, edit: ReplaceArrays) -> Graph:
    nodes = []
    for node in graph.nodes:
        reads = not edit.arrays.keys().isdisjoint(node.inputs)
        if reads and node.scope == edit.scope and edit.attributes:
            attributes = {**node.attributes, **edit.attributes}
            nodes.append(replace(node, attributes=attributes))
        else:
            nodes.append(node)
    constants = {**graph.constants, **edit.arrays}
    return replace(graph, nodes=tuple(nodes), constants=constants)


def _with_steps(graph: Graph, edit: ReplaceNode) -> Graph:
    constants: dict[str, Array] = {}
    trained: set[str] = set()
    for step in edit.steps:
        for name, operand in zip(_names(edit, step), step.operands, strict=True):
            constants[name] = operand.array
            trained |= {name} if operand.trained else set()
    others = (node for node in graph.nodes if node.name not in edit.nodes)
    taken = sorted({name for node in others for name in node.inputs} & set(constants))
    if taken:
        msg = f"an edit must not change what others read; got {taken[0]!r}"
        raise GraphError(msg, "another name for the step")
    nodes: list[Node] = []
    for node in graph.nodes:
        nodes += _chain(node, edit) if node.name in edit.nodes else [node]
    return rebuilt(graph, nodes, constants, trained)


def _names(edit: ReplaceNode, step: Step) -> tuple[str, ...]:
    place = edit.scope or edit.nodes[0]
    return tuple(_join(place, step.name, operand.role) for operand in step.operands)


def _chain(node: Node, edit: ReplaceNode) -> list[Node]:
    """Spell the steps for one call; only the last has the node's result."""
    value, nodes = node.inputs[0], []
    for step in edit.steps or (Step("", "Identity"),):
        last = step.name == (edit.steps[-1].name if edit.steps else "")
        result = node.outputs[0] if last else _join(node.outputs[0], step.name)
        nodes.append(
            Node(
                step.op,
                (value, *_names(edit, step)),
                (result,),
                step.attributes,
                _join(node.name, step.name),
                _join(edit.scope, step.name) if edit.scope else "",
            )
        )
        value = result
    return nodes


def _join(*parts: str) -> str:
    return ".".join(part for part in parts if part)
