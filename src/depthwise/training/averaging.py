"""The moving average of a network's weights."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn


class WeightAverage:
    """A copy of a network whose weights follow the trained ones slowly.

    The decay rises with the number of updates, min(decay, (1 + t) / (10 + t)), so that
    the random start is soon forgotten. Running statistics are averaged like weights,
    counters are copied.

    Args:
        module: The network that is trained; it is copied as it is now.
        decay: In (0, 1).

    Source:
        Polyak and Juditsky (1992); the warm-up is that of TensorFlow's
        ExponentialMovingAverage.

    Example:
        >>> net = torch.nn.Linear(1, 1)
        >>> average = WeightAverage(net, 0.9)
        >>> _ = net.weight.data.add_(1.0)
        >>> average.update(net)
        >>> bool(torch.isclose(net.weight - average.module.weight, torch.tensor(2/11)))
        True
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module = copy.deepcopy(module).requires_grad_(requires_grad=False).eval()
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Move the average one step towards the network.

        Args:
            module: The network after an optimizer step.
        """
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        new = module.state_dict()
        for name, value in self.module.state_dict().items():
            if value.is_floating_point():
                value.lerp_(new[name].to(value.dtype), 1 - decay)
            else:
                value.copy_(new[name])
