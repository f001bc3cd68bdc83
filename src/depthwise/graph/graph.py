"""The one representation in the middle: a frozen list of nodes and named constants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from depthwise.errors import GraphError
from depthwise.graph.inference import infer_types
from depthwise.graph.node import Node
from depthwise.graph.operators import Call, call_of
from depthwise.graph.shapes import Dim, Shape, TensorType, bind

OPSET = 22
"""The version of ONNX's operator set that every node's meaning is taken from."""


@dataclass(frozen=True)
class Input:
    """A value that the caller supplies.

    Args:
        name: The value's name.
        type: Element type and shape; the batch is N unless the model fixes it.

    Example:
        >>> from depthwise.graph.shapes import Batch
        >>> Input("x", TensorType("float32", (Batch(), 3, 8))).type.rank
        3
    """

    name: str
    type: TensorType


@dataclass(frozen=True, eq=False)
class Graph:
    """A network: ONNX operators in topological order, and the constants they read.

    Build one with ``bridge.trace`` or ``formats.load_onnx``; change one with
    ``dataclasses.replace``. ``verify`` checks every rule stated here.

    Args:
        name: The network's name.
        inputs: What the caller supplies.
        outputs: Names of the values that are the result.
        nodes: In an order in which every operand is defined before it is read.
        constants: Arrays by qualified parameter name; made read-only.
        parameters: Names of those constants that training changes. Running
            statistics and tables of numbers are constants but not parameters.

    Example:
        >>> from depthwise.graph.shapes import Batch, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 4)))
        >>> print(Graph("tiny", (x,), ("y",), (Node("Relu", ("x",), ("y",)),)))
        graph tiny(x: float32[N,4]) -> y
          y: float32[N,4] = Relu(x)
    """

    name: str
    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    constants: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
    parameters: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        frozen = {name: _read_only(array) for name, array in self.constants.items()}
        object.__setattr__(self, "constants", MappingProxyType(frozen))

    @cached_property
    def types(self) -> Mapping[str, TensorType]:
        """The type of every value: inputs, constants and what nodes define."""
        return MappingProxyType(infer_types(self.inputs, self.nodes, self.constants))

    @cached_property
    def producers(self) -> Mapping[str, Node]:
        """The node that defines each value; inputs and constants have none."""
        return {name: node for node in self.nodes for name in node.outputs if name}

    @cached_property
    def consumers(self) -> Mapping[str, tuple[Node, ...]]:
        """The nodes that read each value, in order; a graph output adds none."""
        readers: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(filter(None, node.inputs)):
                readers.setdefault(name, []).append(node)
        return {name: tuple(nodes) for name, nodes in readers.items()}

    @property
    def batch(self) -> int | None:
        """The batch size that the model fixes, or None where any will do."""
        dims: list[Dim] = [i.type.shape[0] for i in self.inputs if i.type.shape]
        first = dims[0] if dims else None
        return first if isinstance(first, int) else None

    def call(self, node: Node) -> Call:
        """Prepare a node for the rules of its operator.

        Args:
            node: One of the graph's nodes.

        Returns:
            The node with its types, constants and default attributes.
        """
        return call_of(node, self.types, self.constants)

    def bind(self, batch: int) -> Graph:
        """Fix the batch size.

        Args:
            batch: Samples a run, at least 1; a batch that is fixed already stays.

        Returns:
            The same graph with integers for N in the types of its inputs.
        """
        bound = (replace(i.type, shape=bind(i.type.shape, batch)) for i in self.inputs)
        inputs = (Input(i.name, t) for i, t in zip(self.inputs, bound, strict=True))
        return replace(self, inputs=tuple(inputs))

    def output_shapes(self) -> tuple[Shape, ...]:
        """List the shapes of the results, in order.

        Returns:
            One shape an output.
        """
        return tuple(self.types[name].shape for name in self.outputs)

    def __str__(self) -> str:
        heads = ", ".join(f"{i.name}: {i.type}" for i in self.inputs)
        lines = [f"graph {self.name}({heads}) -> {', '.join(self.outputs)}"]
        for node in self.nodes:
            named = ", ".join(f"{o}: {self.types[o]}" for o in node.outputs if o)
            lines.append(f"  {named} = {str(node).split(' = ', 1)[1]}")
        return "\n".join(lines)


def verify(graph: Graph) -> Graph:
    """Check every rule of a graph; a graph that passes can be costed and run.

    Args:
        graph: Any graph.

    Returns:
        The same graph, so that a constructor can end with it.

    Raises:
        GraphError: If a name is defined twice or never, nodes are out of order, node
            names repeat, an operator is unknown, or shapes do not fit.

    Example:
        >>> from depthwise.graph.shapes import Batch, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 4)))
        >>> verify(Graph("tiny", (x,), ("x",), ())).name
        'tiny'
    """
    defined = Counter([i.name for i in graph.inputs] + list(graph.constants))
    for node in graph.nodes:
        for name in filter(None, node.inputs):
            if name not in defined:
                raise GraphError(_missing(graph, node, name))
        defined.update(filter(None, node.outputs))
    twice = [name for name, count in defined.items() if count > 1]
    if twice:
        msg = f"a value is defined once; got {defined[twice[0]]} times {twice[0]!r}"
        raise GraphError(msg)
    names = Counter(node.name for node in graph.nodes if node.name)
    again = [name for name, count in names.items() if count > 1]
    if again:
        msg = f"node names must differ; got {names[again[0]]} nodes {again[0]!r}"
        raise GraphError(msg)
    absent = [name for name in graph.outputs if name not in defined]
    if absent or not graph.outputs:
        msg = f"a graph needs outputs that exist; got {absent or 'none'}"
        raise GraphError(msg)
    strangers = sorted(graph.parameters - set(graph.constants))
    if strangers:
        msg = f"parameters must be constants of the graph; got {strangers[0]!r}"
        raise GraphError(msg)
    _ = graph.types
    return graph


def _missing(graph: Graph, node: Node, name: str) -> str:
    where = "later" if name in graph.producers else "nowhere"
    who = node.name or node.op
    return f"operands are defined before they are read; {who} reads {name!r}, {where}"


def _read_only(array: NDArray[np.generic]) -> NDArray[np.generic]:
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view
