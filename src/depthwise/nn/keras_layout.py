"""Kernels between Keras' layout and torch's.

    layer            Keras                  torch
    dense            [*kernel, C, K]        [K, C, *kernel]
    depthwise        [*kernel, C, M]        [C * M, 1, *kernel]
    pointwise        [1, ..., C * M, K]     [K, C * M, 1, ...]

Multiplier m of channel c is row c * M + m.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from depthwise.errors import GeometryError
from depthwise.nn.geometry import divides

Weights: TypeAlias = Tensor | NDArray[Any]
"""A tensor, or an array as Keras' `get_weights` gives it."""


def from_keras_dense(kernel: Weights) -> Tensor:
    """Turn a dense or pointwise kernel into torch's layout.

    Args:
        kernel: Keras' kernel [*kernel, C, K] with 1 to 3 spatial axes.

    Returns:
        The same numbers as [K, C, *kernel].

    Raises:
        GeometryError: If it has not 3 to 5 axes.

    Example:
        >>> import torch
        >>> from_keras_dense(torch.zeros(5, 3, 8, 16)).shape
        torch.Size([16, 8, 5, 3])
    """
    kernel = _tensor(kernel)
    spatial = _spatial(kernel)
    return kernel.permute(-1, -2, *range(spatial)).contiguous()


def to_keras_dense(weight: Tensor) -> Tensor:
    """Turn a dense or pointwise kernel into Keras' layout.

    Args:
        weight: torch's kernel [K, C, *kernel].

    Returns:
        The same numbers as [*kernel, C, K].

    Raises:
        GeometryError: If it has not 3 to 5 axes.

    Example:
        >>> import torch
        >>> to_keras_dense(torch.zeros(16, 8, 5, 3)).shape
        torch.Size([5, 3, 8, 16])
    """
    spatial = _spatial(weight)
    return weight.permute(*range(2, 2 + spatial), 1, 0).contiguous()


def from_keras_depthwise(kernel: Weights) -> Tensor:
    """Turn a depthwise kernel into torch's layout.

    Args:
        kernel: Keras' depthwise_kernel [*kernel, C, M] with 1 to 3 spatial axes.

    Returns:
        The same numbers as [C * M, 1, *kernel].

    Raises:
        GeometryError: If it has not 3 to 5 axes.

    Example:
        >>> import torch
        >>> kernel = torch.arange(6).reshape(1, 3, 2)  # one tap, C = 3, M = 2
        >>> from_keras_depthwise(kernel).flatten().tolist()
        [0, 1, 2, 3, 4, 5]
    """
    kernel = _tensor(kernel)
    spatial = _spatial(kernel)
    moved = kernel.permute(-2, -1, *range(spatial)).contiguous()
    return moved.reshape(-1, 1, *kernel.shape[:spatial])


def to_keras_depthwise(weight: Tensor, in_channels: int) -> Tensor:
    """Turn a depthwise kernel into Keras' layout.

    Args:
        weight: torch's kernel [C * M, 1, *kernel].
        in_channels: Channels C, which the weight alone does not tell.

    Returns:
        The same numbers as [*kernel, C, M].

    Raises:
        GeometryError: If C does not divide the rows, or the kernel is not depthwise.

    Example:
        >>> import torch
        >>> to_keras_depthwise(torch.zeros(12, 1, 3, 3), in_channels=4).shape
        torch.Size([3, 3, 4, 3])
    """
    spatial = _spatial(weight)
    divides(in_channels, name="in_channels", rows=weight.shape[0])
    if weight.shape[1] != 1:
        rule = "a depthwise kernel must have 1 on axis 1"
        raise GeometryError(f"{rule}; got shape {tuple(weight.shape)}")
    split = weight.reshape(in_channels, -1, *weight.shape[2:])
    return split.permute(*range(2, 2 + spatial), 0, 1).contiguous()


def from_keras_separable(
    depthwise_kernel: Weights, pointwise_kernel: Weights, bias: Weights | None = None
) -> dict[str, Tensor]:
    """Turn the weights of Keras' SeparableConv into a state for ours.

    Args:
        depthwise_kernel: [*kernel, C, M].
        pointwise_kernel: [1, ..., C * M, K].
        bias: [K], or None.

    Returns:
        What `load_state_dict` of a SeparableConv of that size takes.

    Raises:
        GeometryError: If the two kernels do not fit together.

    Example:
        >>> import torch
        >>> from depthwise.nn import SeparableConv2d
        >>> kernels = torch.ones(3, 3, 4, 2), torch.ones(1, 1, 8, 16)
        >>> state = from_keras_separable(*kernels, torch.zeros(16))
        >>> layer = SeparableConv2d(4, 16, 3, depth_multiplier=2)
        >>> layer.load_state_dict(state)
        <All keys matched successfully>
    """
    depthwise = from_keras_depthwise(depthwise_kernel)
    pointwise = from_keras_dense(pointwise_kernel)
    if depthwise.shape[0] != pointwise.shape[1]:
        rule = "pointwise kernel must read what the depthwise kernel gives"
        got = f"got {pointwise.shape[1]}, {depthwise.shape[0]} channels"
        raise GeometryError(f"{rule}; {got}")
    state = {"depthwise.weight": depthwise, "pointwise.weight": pointwise}
    return state if bias is None else {**state, "pointwise.bias": _tensor(bias)}


def to_keras_separable(state: dict[str, Tensor], in_channels: int) -> list[Tensor]:
    """Turn the state of a SeparableConv into what Keras' `set_weights` takes.

    Args:
        state: `state_dict()` of a SeparableConv without norms.
        in_channels: Channels C.

    Returns:
        Depthwise kernel, pointwise kernel, and the bias if there is one.

    Raises:
        GeometryError: If the kernels do not fit `in_channels`.

    Example:
        >>> from depthwise.nn import SeparableConv1d
        >>> layer = SeparableConv1d(4, 16, 9)
        >>> [tuple(w.shape) for w in to_keras_separable(layer.state_dict(), 4)]
        [(9, 4, 1), (1, 4, 16), (16,)]
    """
    kernels = [
        to_keras_depthwise(state["depthwise.weight"], in_channels),
        to_keras_dense(state["pointwise.weight"]),
    ]
    bias = state.get("pointwise.bias")
    return kernels if bias is None else [*kernels, bias]


def _tensor(weights: Weights) -> Tensor:
    if isinstance(weights, Tensor):
        return weights
    return torch.tensor(np.asarray(weights))


def _spatial(kernel: Tensor) -> int:
    if not 3 <= kernel.ndim <= 5:
        rule = "a kernel must have 3 to 5 axes"
        raise GeometryError(f"{rule}; got shape {tuple(kernel.shape)}")
    return kernel.ndim - 2
