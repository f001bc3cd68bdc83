"""Weights that a network starts from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch import nn

from depthwise.nn.dense import DenseConv
from depthwise.nn.depthwise import DepthwiseConv
from depthwise.nn.pointwise import PointwiseConv

if TYPE_CHECKING:
    from collections.abc import Iterator


def initialise_(network: nn.Module) -> None:
    """Draw every kernel so that a ReLU keeps the size of gradients.

    A depthwise output reads one channel; its fan is counted so, which torch's own
    rule for grouped kernels does not.

    Args:
        network: Module whose dense, depthwise and pointwise layers are drawn anew.

    Source:
        He et al. 2015, arXiv:1502.01852, section 2.2 (backward propagation case).

    Example:
        >>> import torch
        >>> from depthwise.nn import PointwiseConv2d
        >>> layer = PointwiseConv2d(500, 500)
        >>> initialise_(layer)
        >>> round(layer.weight.std().item(), 2), layer.bias.sum().item()
        (0.06, 0.0)
    """
    for weight, bias, groups in _convolutions(network):
        fan_out = weight[:, 0].numel() / groups
        nn.init.normal_(weight, std=math.sqrt(2 / fan_out))
        if bias is not None:
            nn.init.zeros_(bias)


def _convolutions(
    network: nn.Module,
) -> Iterator[tuple[nn.Parameter, nn.Parameter | None, int]]:
    for module in network.modules():
        if isinstance(module, DenseConv | DepthwiseConv | PointwiseConv):
            yield module.weight, module.bias, module.groups
