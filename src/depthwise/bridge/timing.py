"""Torch modules as calls that can be timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn


def prepare(
    module: nn.Module,
    example: NDArray[np.float32],
    *,
    channels_last: bool = False,
    compiled: bool = False,
) -> Callable[[], object]:
    """Make a call of a module that takes and allocates nothing new.

    Args:
        module: Put into eval mode, and left there.
        example: Its input, float32 ``[N, C, *spatial]``.
        channels_last: Whether images and weights are laid out with channels last;
            torch is fastest so on CPUs.
        compiled: Whether torch.compile makes code for it, at the first call.

    Returns:
        A function without arguments that runs the module once.

    Example:
        >>> prepare(nn.ReLU(), np.ones((1, 2), "float32"))()
        tensor([[1., 1.]])
    """
    module.eval()
    tensor = torch.from_numpy(example)
    if channels_last:
        for weight in module.parameters():
            if weight.ndim == 4:
                weight.data = weight.data.to(memory_format=torch.channels_last)
        tensor = tensor.to(memory_format=torch.channels_last)
    function: Callable[..., object] = torch.compile(module) if compiled else module

    def call() -> object:
        with torch.inference_mode():
            return function(tensor)

    return call


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch use so many threads for a block.

    Args:
        count: At least 1.

    Yields:
        Nothing.

    Example:
        >>> with threads(1):
        ...     torch.get_num_threads()
        1
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
