"""One step of learning: the loss of a batch, and what is counted on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from depthwise.training.batches import Batch
    from depthwise.training.settings import TrainingSettings

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class Tensors(NamedTuple):
    """A batch on the device: inputs, labels, partners' labels and shares."""

    inputs: torch.Tensor
    labels: torch.Tensor
    partners: torch.Tensor
    shares: torch.Tensor


def to_device(
    batch: Batch, device: torch.device, *, channels_last: bool = False
) -> Tensors:
    """Move a batch to where the network is.

    Args:
        batch: NumPy arrays.
        device: Target.
        channels_last: Whether images are laid out with channels innermost.

    Returns:
        The tensors.
    """
    inputs = torch.from_numpy(batch.inputs)
    if channels_last and inputs.ndim == 4:
        inputs = inputs.contiguous(memory_format=torch.channels_last)
    rest = (batch.labels, batch.partners, batch.shares)
    tensors = [torch.from_numpy(np.ascontiguousarray(part)) for part in rest]
    return Tensors(inputs.to(device), *(tensor.to(device) for tensor in tensors))


def loss_sum(
    logits: torch.Tensor, batch: Tensors, weights: torch.Tensor, smoothing: float
) -> torch.Tensor:
    """Sum the weighted cross-entropy over a batch.

    Args:
        logits: float [b, classes].
        batch: Labels, partners and shares.
        weights: float32 [classes].
        smoothing: In [0, 1): how much of the target is spread over all classes.

    Returns:
        Scalar: the sum over examples of share × weight × loss with the own label, plus
        the rest with the partner's. Divide by the batch's weight.

    Source:
        Szegedy et al. (2016), section 7, label smoothing; Zhang et al. (2018), mixup.

    Example:
        >>> batch = Tensors(torch.zeros(1), *3 * [torch.tensor([0])])
        >>> loss = loss_sum(torch.zeros(1, 4), batch, torch.ones(4), 0.0)
        >>> round(float(loss.exp()), 5)
        4.0
    """
    logits = logits.float()
    own = functional.cross_entropy(
        logits, batch.labels, reduction="none", label_smoothing=smoothing
    )
    other = functional.cross_entropy(
        logits, batch.partners, reduction="none", label_smoothing=smoothing
    )
    mixed_in = (1 - batch.shares) * weights[batch.partners] * other
    return (batch.shares * weights[batch.labels] * own + mixed_in).sum()


def class_weights(
    settings: TrainingSettings, labels: NDArray[np.int64], classes: int
) -> NDArray[np.float32]:
    """Compute the weight of each class in the loss.

    Args:
        settings: Gives class_weights.
        labels: Labels of the training part.
        classes: Number of classes.

    Returns:
        float32 [classes]; "balanced" is n / (classes present × count), and 0 for a
        class that the training part has not.

    Example:
        >>> from depthwise.training.settings import TrainingSettings
        >>> plan = TrainingSettings(class_weights="balanced")
        >>> class_weights(plan, np.array([0, 0, 0, 1]), 3).round(2).tolist()
        [0.6700000166893005, 2.0, 0.0]
    """
    chosen = settings.class_weights
    if chosen == "none":
        return np.ones(classes, dtype=np.float32)
    if not isinstance(chosen, str):
        return np.asarray(chosen, dtype=np.float32)
    counts = np.bincount(labels, minlength=classes)
    present = counts > 0
    even = len(labels) / (present.sum() * np.maximum(counts, 1))
    return np.where(present, even, 0.0).astype(np.float32)


def train_mode(module: nn.Module, *, freeze_batch_norm: bool) -> None:
    """Switch a network to training, its batch norms only if they may move.

    Args:
        module: The network.
        freeze_batch_norm: Whether running statistics stay as they are.
    """
    module.train()
    if freeze_batch_norm:
        for norm in _norms(module):
            norm.eval()


def _norms(module: nn.Module) -> Iterator[nn.Module]:
    return (layer for layer in module.modules() if isinstance(layer, NORMS))


def correct(logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
    """Count the examples whose largest logit is at their (main) label.

    Args:
        logits: float [b, classes].
        batch: Labels, partners and shares; a mixed example counts as its larger part.

    Returns:
        Scalar, float64.
    """
    main = torch.where(batch.shares >= 0.5, batch.labels, batch.partners)
    return (logits.argmax(dim=1) == main).sum().double()
