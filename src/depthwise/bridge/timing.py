"""Torch modules as calls that can be timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn


def prepare(module: nn.Module, example: NDArray[np.float32]) -> Callable[[], object]:
    """Make a call of a module that takes and allocates nothing new.

    Args:
        module: Put into eval mode, and left there.
        example: Its input, float32 ``[N, C, *spatial]``.

    Returns:
        A function without arguments that runs the module once.

    Example:
        >>> prepare(nn.ReLU(), np.ones((1, 2), "float32"))()
        tensor([[1., 1.]])
    """
    module.eval()
    tensor = torch.from_numpy(example)

    def call() -> object:
        with torch.inference_mode():
            return module(tensor)

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
