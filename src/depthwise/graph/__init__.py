"""The one representation: ONNX operators, frozen nodes, exact shapes."""

from depthwise.graph.graph import OPSET, Graph, Input, verify
from depthwise.graph.node import Attribute, Node
from depthwise.graph.operators import OPERATORS, Call, Macs, Operator, call_of
from depthwise.graph.operators.traffic import Traffic, traffic_of
from depthwise.graph.shapes import Batch, Dim, Shape, TensorType, bind, concrete

__all__ = [
    "OPERATORS",
    "OPSET",
    "Attribute",
    "Batch",
    "Call",
    "Dim",
    "Graph",
    "Input",
    "Macs",
    "Node",
    "Operator",
    "Shape",
    "TensorType",
    "Traffic",
    "bind",
    "call_of",
    "concrete",
    "traffic_of",
    "verify",
]
