"""Count multiply-accumulates with hooks: outputs times taps that each one reads."""

import torch
from torch import nn

from depthwise.nn import Network
from depthwise.nn.dense import DenseConv
from depthwise.nn.depthwise import DepthwiseConv
from depthwise.nn.pointwise import PointwiseConv

COUNTED = (DenseConv, DepthwiseConv, PointwiseConv, nn.Linear)


def count_macs(network: Network) -> int:
    """Multiply-accumulates of convolutions and linear layers on the default input."""
    total = 0

    def add(module: nn.Module, _: object, output: torch.Tensor) -> None:
        nonlocal total
        total += output.numel() * module.weight[0].numel()

    handles = [
        module.register_forward_hook(add)
        for module in network.modules()
        if isinstance(module, COUNTED)
    ]
    network.eval()
    with torch.no_grad():
        network(torch.zeros(1, *network.input_shape))
    for handle in handles:
        handle.remove()
    return total


def count_parameters(module: nn.Module) -> int:
    """Numbers that training changes."""
    return sum(parameter.numel() for parameter in module.parameters())
