"""One operation of a graph: an ONNX operator, its operands and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

Attribute: TypeAlias = (
    int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]
)


@dataclass(frozen=True)
class Node:
    """One operation, in ONNX names and semantics.

    Args:
        op: The ONNX operator, such as "Conv".
        inputs: Names of values; an empty name is an optional input left out.
            A constant's name is the qualified name of the parameter that it is.
        outputs: Names of the values it defines, in the operator's order.
        attributes: ONNX attributes that differ from the operator's defaults.
        name: Unique within the graph.
        scope: The user's module path, such as "stages.0.depthwise", or empty.

    Example:
        >>> print(Node("Relu", ("x",), ("y",), name="stem.relu"))
        y = Relu(x)
    """

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    name: str = ""
    scope: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "attributes", MappingProxyType(dict(self.attributes)))

    def __str__(self) -> str:
        extra = "".join(f", {k}={_plain(v)}" for k, v in self.attributes.items())
        operands = ", ".join(name or "-" for name in self.inputs)
        return f"{', '.join(self.outputs)} = {self.op}({operands}{extra})"


def _plain(value: Attribute) -> str:
    if isinstance(value, tuple):
        return "[" + ",".join(map(str, value)) + "]"
    return str(value)
