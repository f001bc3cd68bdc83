"""A trained module's logits, and a torch seed for whoever builds networks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch

from depthwise.training.material import prepared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import nn

    from depthwise.training.material import Examples, Preparation


@torch.no_grad()
def predict_logits(
    module: nn.Module,
    dataset: Examples,
    indices: NDArray[np.int64],
    *,
    preprocessing: Preparation | None = None,
    batch_size: int = 256,
) -> NDArray[np.float32]:
    """Run a module over part of a data set, in eval mode and without gradients.

    Args:
        module: Gives logits [b, classes]; its mode is put back afterwards.
        dataset: Such as depthwise.data.Dataset.
        indices: Which examples, int64 [n].
        preprocessing: Such as depthwise.data.Preprocessing.
        batch_size: Examples at a time, at least 1.

    Returns:
        float32 [n, classes] in the order of indices.

    Example:
        >>> from types import SimpleNamespace
        >>> data = SimpleNamespace(inputs=np.ones((5, 2, 3), np.float32))
        >>> predict_logits(torch.nn.Flatten(), data, np.arange(5), batch_size=2).shape
        (5, 6)
    """
    device = next((p.device for p in module.parameters()), torch.device("cpu"))
    before = module.training
    module.eval()
    parts = []
    try:
        for start in range(0, len(indices), batch_size):
            batch = prepared(
                dataset, indices[start : start + batch_size], preprocessing
            )
            logits = module(torch.from_numpy(batch).to(device))
            parts.append(logits.float().cpu().numpy())
    finally:
        module.train(before)
    if parts:
        return np.concatenate(parts)
    return np.zeros((0, len(dataset.classes)), dtype=np.float32)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch for a block, such as one that builds a network, then put it back.

    Args:
        seed: In [0, 2^63).

    Yields:
        Nothing.

    Example:
        >>> with seeded(3):
        ...     first = torch.rand(1)
        >>> with seeded(3):
        ...     bool(torch.rand(1) == first)
        True
    """
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield
