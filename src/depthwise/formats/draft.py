"""A network as a file states it, before it is a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from depthwise.errors import FormatError, UnsupportedOperatorError
from depthwise.formats.attributes import Value, read_attributes
from depthwise.formats.limits import MAX_NODES
from depthwise.formats.messages import (
    GraphMessage,
    ModelMessage,
    NodeMessage,
    ValueMessage,
)
from depthwise.formats.write import SCOPE_PREFIX
from depthwise.graph import OPSET, Attribute, Node

OLDEST_OPSET = 6
"""The first one in which no operator changes its operands."""

ONNX_DOMAINS = (None, "", "ai.onnx")
"""How files write that an operator is ONNX's own."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One operation of any version of ONNX.

    Args:
        op: The operator.
        inputs: Names of values; empty where an optional one is left out.
        outputs: Names of the values it defines.
        attributes: Numbers, text and arrays by name.
        name: What the file calls it, or empty.
        scope: The module path, or empty.
    """

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Value] = field(default_factory=dict)
    name: str = ""
    scope: str = ""

    @property
    def where(self) -> str:
        """What to call the node in a sentence."""
        return self.name or next(filter(None, self.outputs), self.op)

    def without(self, *names: str) -> Draft:
        """Drop attributes.

        Args:
            *names: Which ones; those that are not there are passed over.

        Returns:
            The rest of the node.
        """
        kept = {k: v for k, v in self.attributes.items() if k not in names}
        return replace(self, attributes=kept)


def opset_of(model: ModelMessage) -> int:
    """Find the version of the operators in a file.

    Args:
        model: The file.

    Returns:
        The version.

    Raises:
        FormatError: If there is none, or it is not one that can be read.
    """
    versions = [o.version for o in model.opsets if o.domain in {"", "ai.onnx"}]
    version = versions[0] if len(versions) == 1 else None
    if version is None:
        raise FormatError(f"a model names one version of operators; got {versions}")
    if not OLDEST_OPSET <= version <= OPSET:
        msg = f"the opset must be {OLDEST_OPSET} to {OPSET}; got {version}"
        raise FormatError(msg, f"export the model again with opset {OPSET}")
    return version


def drafts_of(graph: GraphMessage) -> list[Draft]:
    """Read the operations of a file.

    Args:
        graph: The network in it.

    Returns:
        The operations, in the file's order.

    Raises:
        UnsupportedOperatorError: If one is of another domain or holds a subgraph.
        FormatError: If there are too many, or an attribute is damaged.
    """
    if len(graph.nodes) > MAX_NODES:
        msg = f"a network may have {MAX_NODES} nodes; got {len(graph.nodes)}"
        raise FormatError(msg)
    return [_draft(node) for node in graph.nodes]


def _draft(node: NodeMessage) -> Draft:
    where = node.name or ", ".join(node.outputs)
    if node.domain not in ONNX_DOMAINS:
        msg = f"operators must be ONNX's own; got {node.domain}::{node.op} at {where}"
        raise UnsupportedOperatorError(msg, "onnx.inliner writes local functions out")
    if not any(node.outputs):
        raise FormatError(f"a node must define a value; got none, {node.op} {where}")
    scope = ""
    if node.doc and node.doc.startswith(SCOPE_PREFIX):
        scope = node.doc.removeprefix(SCOPE_PREFIX)
    values = read_attributes(node)
    inputs, outputs = tuple(node.inputs), tuple(node.outputs)
    return Draft(node.op, inputs, outputs, values, node.name, scope)


def input_values(graph: GraphMessage) -> list[ValueMessage]:
    """List what the caller supplies.

    Args:
        graph: The network.

    Returns:
        Its inputs without the initialisers, which old files list as inputs too.
    """
    constants = {tensor.name for tensor in graph.initializers}
    return [value for value in graph.inputs if value.name not in constants]


def to_node(draft: Draft) -> Node:
    """Take a draft as it is.

    Args:
        draft: A node in today's form.

    Returns:
        The node.

    Raises:
        FormatError: If an attribute is an array.

    Example:
        >>> print(to_node(Draft("Relu", ("x",), ("y",))))
        y = Relu(x)
    """
    values: dict[str, Attribute] = {}
    for name, value in draft.attributes.items():
        if not isinstance(value, int | float | str | tuple):
            msg = f"attribute {name} must be numbers or text; got an array"
            raise FormatError(f"{msg} at {draft.where}")
        values[name] = value
    return Node(draft.op, draft.inputs, draft.outputs, values, draft.name, draft.scope)
