"""Edits of a graph that a torch module can take as well: see edit.py."""

from depthwise.graph.edits.apply import apply_edits
from depthwise.graph.edits.edit import (
    Edit,
    Operand,
    ReplaceArrays,
    ReplaceNode,
    Step,
    calls_of,
)

__all__ = [
    "Edit",
    "Operand",
    "ReplaceArrays",
    "ReplaceNode",
    "Step",
    "apply_edits",
    "calls_of",
]
