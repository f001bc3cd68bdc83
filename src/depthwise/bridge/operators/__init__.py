"""What each ONNX operator is in torch: one function a row, one file a family.

A function is given the call, in which all sizes but the batch are known, and tensors;
or, when a module is rebuilt, ``fx.Proxy`` objects, which write down what is done to
them. So no function here reads a tensor's values.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from depthwise.bridge.operators import (
    activation,
    convolution,
    elementwise,
    indexing,
    linear,
    measuring,
    normalization,
    padding,
    pooling,
    recurrent,
    reduction,
    reshaping,
    resize,
    scattering,
    unary,
)
from depthwise.bridge.operators.function import Function, Tensors

__all__ = ["FUNCTIONS", "Function", "Tensors"]

_FAMILIES = (
    activation,
    convolution,
    elementwise,
    indexing,
    linear,
    measuring,
    normalization,
    padding,
    pooling,
    recurrent,
    reduction,
    reshaping,
    resize,
    scattering,
    unary,
)

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {name: entry for family in _FAMILIES for name, entry in family.FUNCTIONS.items()},
)
"""Every operator of the table, by ONNX name."""
