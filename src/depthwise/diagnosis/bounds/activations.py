"""Ranges of activations: what comes out, from what can go in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.bounds.span import Span
from depthwise.graph import Call

Array: TypeAlias = NDArray[Any]
Activation: TypeAlias = Callable[[Call, Span], Span]

RISING = frozenset(
    {
        "Relu",
        "Sigmoid",
        "Tanh",
        "Softplus",
        "Softsign",
        "Elu",
        "Celu",
        "Selu",
        "HardSigmoid",
        "LeakyRelu",
        "Exp",
        "Erf",
        "Floor",
        "Ceil",
        "Round",
        "Sign",
    },
)
"""Never falling for the parameters that ranges_of checks."""

BOTTOMS: Mapping[str, float] = {
    "HardSwish": -1.5,
    "Mish": -1.1924312,
    "Gelu": -0.7517916,
}
"""Where activations that fall first and rise then are least."""

_FAR = 1e300
"""Stands for infinity: every activation is at its limit there, or beyond all bounds."""


def activated(call: Call, span: Span) -> Span | None:
    """Bound an activation.

    Args:
        call: Any call of one value.
        span: Of its operand.

    Returns:
        Of its result; None where nothing is known of it.

    Example:
        >>> from depthwise.graph import Node, TensorType, call_of
        >>> types = {name: TensorType("float64", (1, 1)) for name in "xy"}
        >>> relu = call_of(Node("Relu", ("x",), ("y",)), types, {})
        >>> activated(relu, Span.of(-3.0, -1.0)).fixed.tolist()
        [True]
    """
    name = call.operator.name
    if name in RISING and not _falls(call):
        return span.rising(_function(call))
    if name in BOTTOMS:
        return span.valley(_function(call), BOTTOMS[name])
    return None


def _falls(call: Call) -> bool:
    slopes = {"alpha", "gamma"} & set(call.operator.attributes)
    return any(call.real(name) < 0 for name in slopes)


def _function(call: Call) -> Callable[[Array], Array]:
    """Evaluate by the operator's own reference; infinities by far numbers."""

    def apply(ends: Array) -> Array:
        near = np.where(np.isinf(ends), np.copysign(_FAR, ends), ends)
        with np.errstate(over="ignore"):
            (result,) = call.operator.reference(call, (near,))
        endless = np.isinf(ends) & (np.abs(result) >= _FAR**0.5)
        return np.where(endless, np.copysign(np.inf, result), result)

    return apply
