"""The two halves of a separable layer, each with what follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from depthwise.errors import GeometryError
from depthwise.nn.activations import make_activation
from depthwise.nn.norms import NormLike, make_norm

if TYPE_CHECKING:
    from torch import Tensor, nn

T = TypeVar("T")
NormHalves = NormLike | tuple[NormLike, NormLike]
ActivationHalves = str | None | tuple[str | None, str | None]


def each_half(name: str, value: T | tuple[T, T]) -> tuple[T, T]:
    """Spell a setting as one value for each half.

    Args:
        name: Argument name for the error.
        value: One value for both halves, or a tuple of two.

    Returns:
        The value after the first half, and after the second.

    Raises:
        GeometryError: If a tuple has not two values.

    Example:
        >>> each_half("norm", "batch"), each_half("norm", (None, "batch"))
        (('batch', 'batch'), (None, 'batch'))
    """
    if not isinstance(value, tuple | list):
        return value, value
    if len(value) != 2:
        rule = f"{name} must be one value or one for each of two halves"
        raise GeometryError(f"{rule}; got {value}")
    return value[0], value[1]


class Half(Protocol):
    """A convolution that is one half of a layer."""

    weight: nn.Parameter
    out_channels: int


def add_after(
    owner: nn.Module, half: tuple[str, Half], norm: NormLike, activation: str | None
) -> None:
    """Add a normalisation and an activation after a half, where one is wanted.

    Args:
        owner: The layer.
        half: Name of its child, with which the new names begin, and the child.
        norm: Normalisation, or None.
        activation: Name of the activation, or None.

    Example:
        >>> from torch import nn
        >>> from depthwise.nn import PointwiseConv1d
        >>> owner, half = nn.Module(), PointwiseConv1d(4, 8)
        >>> add_after(owner, ("pointwise", half), "batch", "relu")
        >>> [name for name, _ in owner.named_children()]
        ['pointwise_norm', 'pointwise_activation']
    """
    name, conv = half
    place = conv.weight.device, conv.weight.dtype
    if norm is not None:
        made = make_norm(norm, conv.weight.ndim - 2, conv.out_channels)
        owner.add_module(f"{name}_norm", made.to(*place))
    if activation is not None:
        # PReLU has a weight, which lives where the kernel does.
        owner.add_module(f"{name}_activation", make_activation(activation).to(*place))


def run_children(owner: nn.Module, x: Tensor) -> Tensor:
    """Run a layer's children one after the other.

    Args:
        owner: The layer; None children are not there.
        x: Input of the first child.

    Returns:
        Output of the last child.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> run_children(nn.Sequential(nn.ReLU(), nn.Flatten()), torch.ones(1, 2, 2))
        tensor([[1., 1., 1., 1.]])
    """
    for child in owner.children():
        x = child(x)
    return x
