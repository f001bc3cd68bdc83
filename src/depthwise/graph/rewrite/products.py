"""Write products with constant matrices as Gemm, bias included."""

from __future__ import annotations

from dataclasses import replace

from depthwise.graph.graph import Graph
from depthwise.graph.node import Node
from depthwise.graph.rewrite.matching import operands, sole_reader
from depthwise.graph.rewrite.surgery import rebuilt


def recognise_gemm(graph: Graph) -> Graph:
    """Write a MatMul of two matrices, and the Add of a row behind it, as one Gemm.

    Args:
        graph: Any graph.

    Returns:
        A graph with the same outputs but for rounding.

    Example:
        >>> import numpy as np
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 3)))
        >>> product = Node("MatMul", ("x", "w"), ("p",))
        >>> nodes = (product, Node("Add", ("b", "p"), ("y",)))
        >>> weights = {"w": np.ones((3, 2), "float32"), "b": np.ones(2, "float32")}
        >>> print(recognise_gemm(Graph("t", (x,), ("y",), nodes, weights)))
        graph t(x: float32[N,3]) -> y
          y: float32[N,2] = Gemm(x, w, b)
    """
    absorbed: set[int] = set()
    nodes = []
    for node in graph.nodes:
        if id(node) in absorbed:
            continue
        if node.op != "MatMul" or not _is_linear(graph, node):
            nodes.append(node)
            continue
        add = sole_reader(graph, node.outputs[0])
        row = _row(graph, node, add) if add else ""
        if add and row:
            absorbed.add(id(add))
            inputs = (*node.inputs, row)
            node = replace(node, inputs=inputs, outputs=add.outputs)  # noqa: PLW2901 - the pair becomes one node
        nodes.append(replace(node, op="Gemm"))
    return rebuilt(graph, nodes)


def _is_linear(graph: Graph, node: Node) -> bool:
    known = node.inputs[1] in graph.constants
    return known and all(graph.types[name].rank == 2 for name in node.inputs)


def _row(graph: Graph, product: Node, add: Node) -> str:
    """Name the constant row that a node adds to a product."""
    if add.op != "Add":
        return ""
    columns = graph.types[product.outputs[0]].shape[1]
    for value, other in operands(add):
        array = graph.constants.get(other)
        if value == product.outputs[0] and array is not None:
            fits = array.shape in {(columns,), (1, columns), (), (1,)}
            return other if fits else ""
    return ""
