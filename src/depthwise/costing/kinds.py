"""The kinds of layer that a count is broken down by."""

from __future__ import annotations

import math
from enum import StrEnum

from depthwise.graph import Call, concrete


class Kind(StrEnum):
    """What sort of work a node does.

    Example:
        >>> Kind("depthwise") is Kind.DEPTHWISE
        True
    """

    DENSE = "dense"
    GROUPED = "grouped"
    DEPTHWISE = "depthwise"
    POINTWISE = "pointwise"
    LINEAR = "linear"
    OTHER = "other"


def kind_of(call: Call) -> Kind:
    """Tell what sort of work a node does.

    A depthwise convolution has as many groups as input channels, more than one; a
    pointwise one has a single tap and a single group; dense has a single group.

    Args:
        call: Any call.

    Returns:
        Its kind.

    Example:
        >>> from depthwise.graph import Node, TensorType, call_of
        >>> types = {"x": TensorType("float32", (1, 8, 5))}
        >>> types["w"] = TensorType("float32", (8, 1, 3))
        >>> node = Node("Conv", ("x", "w"), ("y",), {"group": 8})
        >>> print(kind_of(call_of(node, types, {})))
        depthwise
    """
    match call.operator.name:
        case "Gemm" | "MatMul":
            return Kind.LINEAR
        case "Conv" | "ConvTranspose":
            return _kind_of_convolution(call)
        case _:
            return Kind.OTHER


def _kind_of_convolution(call: Call) -> Kind:
    (channels,) = concrete(call.shape(0)[1:2])
    group = call.integer("group")
    if group > 1:
        return Kind.DEPTHWISE if group == channels else Kind.GROUPED
    taps = math.prod(concrete(call.shape(1)[2:]))
    return Kind.POINTWISE if taps == 1 else Kind.DENSE
