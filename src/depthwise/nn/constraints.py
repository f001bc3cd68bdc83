"""Max-norm: filters that are pulled back to a given length after every step.

The constraint acts on the weights and not in forward, so it leaves no trace in an
exported graph and no extra name in a saved file.
"""

from __future__ import annotations

from numbers import Real

import torch
from torch import Tensor, nn

from depthwise.errors import GeometryError


def positive_norm(max_norm: float | None) -> float | None:
    """Return the limit, or say that it is none.

    Args:
        max_norm: Largest length of a filter, above 0; None for no limit.

    Returns:
        The limit as a float.

    Raises:
        GeometryError: If it is no number, or 0 or less.

    Example:
        >>> positive_norm(1.0)
        1.0
    """
    if max_norm is None:
        return None
    if not isinstance(max_norm, Real) or not max_norm > 0:
        raise GeometryError(f"max_norm must be above 0 or None; got {max_norm!r}")
    return float(max_norm)


def renorm_(weight: Tensor, max_norm: float | None) -> None:
    """Shrink, in place, the filters that are too long.

    Args:
        weight: Filters [K, ...], each of which is one row.
        max_norm: Largest Euclidean length of a row; None leaves all alone.

    Example:
        >>> weight = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
        >>> renorm_(weight, 1.0)
        >>> weight.norm(dim=1)
        tensor([1.0000, 0.5000])
    """
    if max_norm is None:
        return
    with torch.no_grad():
        length = weight.flatten(1).norm(dim=1).clamp_min(torch.finfo(weight.dtype).tiny)
        scale = (max_norm / length).clamp_max(1.0)
        weight.mul_(scale.reshape(-1, *[1] * (weight.ndim - 1)))


def constrain_(model: nn.Module) -> None:
    """Apply every max-norm of a network; call it after each optimiser step.

    Args:
        model: Any module; layers without a limit are left alone.

    Source:
        Lawhern et al. 2018, arXiv:1611.08024, Table 2 (max norm 1 and 0.25).

    Example:
        >>> from depthwise.nn import DepthwiseConv1d
        >>> layer = DepthwiseConv1d(2, 5, max_norm=0.5)
        >>> with torch.no_grad():
        ...     _ = layer.weight.fill_(1.0)
        >>> constrain_(layer)
        >>> layer.weight.flatten(1).norm(dim=1)
        tensor([0.5000, 0.5000], grad_fn=<LinalgVectorNormBackward0>)
    """
    for module in model.modules():
        constrain = getattr(module, "constrain_", None)
        if callable(constrain):
            constrain()
