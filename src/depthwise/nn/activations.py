"""Activations by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from depthwise.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "gelu_tanh": lambda: nn.GELU(approximate="tanh"),
    "hard_sigmoid": nn.Hardsigmoid,
    "hard_swish": nn.Hardswish,
    "leaky_relu": nn.LeakyReLU,
    "mish": nn.Mish,
    "prelu": nn.PReLU,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "selu": nn.SELU,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "swish": nn.SiLU,
    "tanh": nn.Tanh,
}


def make_activation(name: str) -> nn.Module:
    """Build an activation.

    Args:
        name: A key of `ACTIVATIONS`.

    Returns:
        A new module.

    Raises:
        UnknownNameError: If the name is in no table.

    Example:
        >>> make_activation("hard_swish")
        Hardswish()
    """
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise UnknownNameError.of("activation", name, ACTIVATIONS)
    return ACTIVATIONS[name]()
