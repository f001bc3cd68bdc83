"""From aten to ONNX: one handler an aten operator, one file a family."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from depthwise.bridge.aten import (
    activation,
    convolution,
    elementwise,
    linear,
    movement,
    normalization,
    ordering,
    pooling,
    recurrent,
    reduction,
    resizing,
    selection,
    spectrum,
    windows,
)
from depthwise.bridge.aten.call import AtenCall, Handler, Inverse, Value

__all__ = ["COMPLEX", "HANDLERS", "INVERSES", "AtenCall", "Handler", "Inverse", "Value"]

_FAMILIES = (
    convolution,
    linear,
    normalization,
    activation,
    pooling,
    elementwise,
    reduction,
    movement,
    selection,
    windows,
    ordering,
    resizing,
    recurrent,
)

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {name: entry for family in _FAMILIES for name, entry in family.HANDLERS.items()},
)
"""What each aten operator becomes, by its name without overload and underscore."""

INVERSES: Mapping[str, Inverse] = MappingProxyType(
    {**movement.INVERSES, **selection.INVERSES},
)
"""How to put a changed view back into what it is a view of."""

COMPLEX: Mapping[str, Handler] = MappingProxyType(spectrum.HANDLERS)
"""The same for operators that take or give complex numbers."""
