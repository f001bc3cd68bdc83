"""Edits: what prune and separate want changed, for a Graph and for a torch module.

An edit says what changes, never how a representation does it, so that the same frozen
edits can be applied to a Graph (``apply_edits``) and to a copy of the user's own torch
module (``bridge.apply``). Both results compute the same function.

**ReplaceArrays**: other arrays under the same names, such as a convolution with fewer
channels. In a Graph, all nodes that read one of the arrays read the new one, and the
attributes are set on all nodes of the edit's scope that do. In a module, the tensor of
that qualified name is replaced, and the sizes that its own module keeps
(``in_channels``, ``out_channels``, ``groups``, ``num_features`` ...) follow from the
new shapes and the attributes. Class, names and order of parameters stay.

**ReplaceNode**: a chain of steps in the place of one node, such as a dense convolution
by a depthwise and a pointwise one. In a Graph, step ``s`` becomes a node named
``<node>.<s.name>`` with scope ``<scope>.<s.name>``, and operand ``o`` of it the
constant ``<scope>.<s.name>.<o.role>``. In a module, the submodule at ``scope`` is
replaced by an ``nn.Sequential`` whose children are named as the steps, so that
parameters have those same names; a single step with an empty name is put there without
a Sequential, and a chain without steps is Identity in both. All calls of a shared
submodule are replaced: ``calls_of`` finds them. A module can take the edit only if the
node's scope is a leaf that computes that node and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from numpy.typing import NDArray

from depthwise.graph.graph import Graph
from depthwise.graph.node import Attribute, Node

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Operand:
    """A new array that a step reads, after the value that it works on.

    Args:
        role: The attribute of the torch module that holds it: "weight", "bias",
            "running_mean" or "running_var".
        array: Laid out as ONNX has it, which is torch's layout for all of these.
        trained: Whether it is a parameter rather than a buffer.

    Example:
        >>> import numpy as np
        >>> Operand("bias", np.zeros(4, "float32")).trained
        True
    """

    role: str
    array: Array
    trained: bool = True


@dataclass(frozen=True, eq=False)
class Step:
    """One operator of the chain that takes a node's place.

    Args:
        name: A plain name, different from the other steps'; empty for the only step.
        op: The ONNX operator; its first input is the value from the step before.
        operands: The other inputs, in ONNX's order.
        attributes: ONNX attributes.

    Example:
        >>> Step("activation", "Relu").operands
        ()
    """

    name: str
    op: str
    operands: tuple[Operand, ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ReplaceNode:
    """A chain of steps in the place of one node, or of all calls of one module.

    Args:
        nodes: Names of the nodes that go, calls of one module: see ``calls_of``.
        scope: Their module path, or empty.
        steps: The chain; none at all passes the value on.

    Example:
        >>> ReplaceNode(("stem.act",), "stem.act", (Step("", "Relu"),)).scope
        'stem.act'
    """

    nodes: tuple[str, ...]
    scope: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class ReplaceArrays:
    """Other arrays under the same names, for every node that reads them.

    Args:
        scope: The module path of the nodes whose attributes change, or empty.
        arrays: Qualified constant name to its new array; same type, any shape.
        attributes: Attributes to set on nodes of the scope that read one of them.

    Example:
        >>> import numpy as np
        >>> sorted(ReplaceArrays("fc", {"fc.bias": np.zeros(3, "float32")}).arrays)
        ['fc.bias']
    """

    scope: str
    arrays: Mapping[str, Array]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


Edit: TypeAlias = ReplaceNode | ReplaceArrays


def calls_of(graph: Graph, node: Node) -> tuple[Node, ...]:
    """Find the nodes that are calls of one module: equal but for what they work on.

    Args:
        graph: Any graph.
        node: One of its nodes.

    Returns:
        The node and its likes: same scope, operator and constants, in order.

    Example:
        >>> from depthwise.graph.graph import Input
        >>> from depthwise.graph.shapes import TensorType
        >>> x = Input("x", TensorType("float32", (4,)))
        >>> tiny = Graph("t", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> len(calls_of(tiny, tiny.nodes[0]))
        1
    """
    if not node.scope or not set(node.inputs[1:]) & set(graph.constants):
        return (node,)
    likes = (node.scope, node.op, node.inputs[1:])
    return tuple(n for n in graph.nodes if (n.scope, n.op, n.inputs[1:]) == likes)
