"""Small whole numbers as float32: every sum is exact, so equal means equal bits."""

import torch
from torch import Tensor, nn


def whole(*shape: int) -> Tensor:
    """Numbers from -4 to 4."""
    return torch.randint(-4, 5, shape).float()


def fill_whole_(module: nn.Module) -> None:
    """Give every parameter of a module whole numbers."""
    for parameter in module.parameters():
        parameter.data = whole(*parameter.shape)
