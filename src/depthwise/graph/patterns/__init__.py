"""Recognise depthwise, pointwise, their pairs, blocks and gates."""

from depthwise.graph.patterns.find import find_patterns
from depthwise.graph.patterns.parts import is_depthwise, is_pointwise
from depthwise.graph.patterns.structures import (
    InvertedResidual,
    Pair,
    PairKind,
    Patterns,
    SqueezeExcite,
)

__all__ = [
    "InvertedResidual",
    "Pair",
    "PairKind",
    "Patterns",
    "SqueezeExcite",
    "find_patterns",
    "is_depthwise",
    "is_pointwise",
]
