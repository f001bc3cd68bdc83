"""From the nodes of a file to a graph: convert, type, fold, name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from depthwise.errors import FormatError
from depthwise.formats.build import Build
from depthwise.formats.draft import Draft, to_node
from depthwise.formats.folding import fold
from depthwise.formats.limits import FOLDING_BYTES
from depthwise.formats.naming import scope_of
from depthwise.formats.parameters import find_parameters
from depthwise.formats.tensors import Array, check_shape
from depthwise.formats.versions import convert
from depthwise.graph import Batch, Graph, Input, Node
from depthwise.graph.inference import infer_node

_FLOAT32 = 1
_OTHER_FLOATS = {10, 11, 16}


def import_graph(
    name: str,
    opset: int,
    inputs: Sequence[Input],
    outputs: Sequence[str],
    constants: Mapping[str, Array],
    drafts: Sequence[Draft],
) -> Graph:
    """Make a graph of what another tool has written.

    Args:
        name: The network's name.
        opset: The version of its operators.
        inputs: What the caller supplies.
        outputs: Names of the results.
        constants: Initialisers by name.
        drafts: Nodes in the file's order.

    Returns:
        The graph, not verified.

    Raises:
        UnsupportedOperatorError: If an operator is outside the table.
        GraphError: If operands are not defined, or twice.
        GeometryError: If shapes do not fit.
    """
    build = _start(inputs, outputs, constants, drafts)
    for draft in drafts:
        for part in _spelled_out(draft, opset, build):
            _add(part, build)
    nodes = _needed(_with_outputs(build, outputs), outputs)
    read = {value for node in nodes for value in node.inputs} | set(outputs)
    kept = {n: a for n, a in build.constants.items() if n in read}
    return Graph(
        name=name,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        nodes=tuple(_named(nodes)),
        constants=kept,
        parameters=find_parameters(nodes, kept),
    )


def _start(
    inputs: Sequence[Input],
    outputs: Sequence[str],
    constants: Mapping[str, Array],
    drafts: Sequence[Draft],
) -> Build:
    build = Build()
    weights = sum(array.nbytes for array in constants.values())
    build.budget = FOLDING_BYTES + 4 * weights
    build.taken = {value.name for value in inputs} | set(constants)
    for draft in drafts:
        build.taken.update(draft.inputs, draft.outputs)
        build.readers.update(draft.inputs)
    build.readers.update(outputs)
    for value in inputs:
        build.add_input(value)
    for name, array in constants.items():
        build.add_constant(name, array)
    return build


def _spelled_out(draft: Draft, opset: int, build: Build) -> list[Draft]:
    """Bring a node into today's form, without the operators that only make arrays."""
    for name in filter(None, draft.inputs):
        build.type(name)
    if draft.op == "Constant":
        build.add_constant(draft.outputs[0], constant_of(draft))
        return []
    if draft.op == "ConstantOfShape":
        return _filled(draft, build)
    return convert(narrowed(draft), opset, build)


def narrowed(draft: Draft) -> Draft:
    """Let a node that makes real numbers make those that a graph computes in.

    Args:
        draft: Any node.

    Returns:
        The node; a Cast to another width of real numbers is one to float32.

    Example:
        >>> narrowed(Draft("Cast", ("x",), ("y",), {"to": 11})).attributes["to"]
        1
    """
    if draft.op != "Cast" or draft.attributes.get("to") not in _OTHER_FLOATS:
        return draft
    return replace(draft, attributes={**draft.attributes, "to": _FLOAT32})


def constant_of(draft: Draft) -> Array:
    """Read a Constant, in whichever form it is written.

    Args:
        draft: The node.

    Returns:
        Its array.

    Raises:
        FormatError: If it holds no numbers.

    Example:
        >>> constant_of(Draft("Constant", (), ("y",), {"value_ints": (1, 2)}))
        array([1, 2])
    """
    forms = {"value_float": "f4", "value_floats": "f4", "value_int": "i8"}
    forms["value_ints"] = "i8"
    if len(draft.attributes) == 1:
        ((form, value),) = draft.attributes.items()
        if form == "value" and isinstance(value, np.ndarray):
            return value
        if form in forms:
            return np.array(value, forms[form])
    found = sorted(draft.attributes)
    raise FormatError(f"a Constant holds one array; got {found} at {draft.where}")


def _filled(draft: Draft, build: Build) -> list[Draft]:
    """Make the array of a ConstantOfShape, as one element seen many times."""
    value = draft.attributes.get("value", np.zeros(1, np.float32))
    sizes = build.type(draft.inputs[0]).content if draft.inputs else None
    if not isinstance(value, np.ndarray) or value.size != 1 or sizes is None:
        msg = "a ConstantOfShape has one value and a shape known beforehand"
        raise FormatError(f"{msg}; got another at {draft.where}")
    if any(isinstance(size, Batch) for size in sizes):
        element = build.new_constant(f"{draft.where}.value", value.reshape(-1))
        return [
            replace(
                draft.without("value"), op="Expand", inputs=(element, draft.inputs[0])
            )
        ]
    shape = tuple(int(size) for size in sizes if not isinstance(size, Batch))
    check_shape(draft.outputs[0], shape)
    array = np.broadcast_to(value.reshape(()), shape)
    build.add_constant(draft.outputs[0], array)
    return []


def _add(draft: Draft, build: Build) -> None:
    """Type a node, and add it unless it can be folded."""
    inputs = tuple(build.name(name) for name in draft.inputs)
    for name in filter(None, inputs):
        build.type(name)
    node = to_node(replace(draft, inputs=inputs))
    types = infer_node(node, build.types, build.constants)
    rest = fold(node, types, build)
    if rest is not None:
        build.define(types)
        build.nodes.append(rest)


def _with_outputs(build: Build, outputs: Sequence[str]) -> list[Node]:
    """Give results the names that the file has for them."""
    nodes = list(build.nodes)
    defined = {name for node in nodes for name in node.outputs}
    renamed: dict[str, str] = {}
    for name in dict.fromkeys(outputs):
        value = build.name(name)
        if value == name:
            continue
        if value in defined and value not in outputs and value not in renamed:
            renamed[value] = name
        else:
            source = renamed.get(value, value)
            nodes.append(Node("Identity", (source,), (name,), {}, name))
    return [_rename(node, renamed) for node in nodes]


def _rename(node: Node, names: Mapping[str, str]) -> Node:
    inputs = tuple(names.get(name, name) for name in node.inputs)
    outputs = tuple(names.get(name, name) for name in node.outputs)
    if (inputs, outputs) == (node.inputs, node.outputs):
        return node
    return replace(node, inputs=inputs, outputs=outputs)


def _needed(nodes: Sequence[Node], outputs: Sequence[str]) -> list[Node]:
    """Drop nodes that nobody reads any more."""
    wanted = set(outputs)
    kept: list[Node] = []
    for node in reversed(nodes):
        if wanted.intersection(node.outputs):
            wanted.update(node.inputs)
            kept.append(node)
    return kept[::-1]


def _named(nodes: Sequence[Node]) -> list[Node]:
    """Give every node a name of its own, and a scope where one can be told."""
    taken: Counter[str] = Counter()
    result = []
    for node in nodes:
        stem = node.name or next(filter(None, node.outputs))
        name = stem
        while taken[name]:
            name = f"{stem}_{taken[stem]}"
            taken[stem] += 1
        taken[name] += 1
        result.append(replace(node, name=name, scope=node.scope or scope_of(node)))
    return result
