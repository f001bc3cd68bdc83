"""Normalisations by name, or by a small spec where a number differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from torch import nn

from depthwise.errors import UnknownNameError
from depthwise.nn.geometry import divides

KINDS: Final = ("batch", "group", "instance", "layer")
_BATCH: Final = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
_INSTANCE: Final = {1: nn.InstanceNorm1d, 2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d}


@dataclass(frozen=True)
class Norm:
    """What to normalise by.

    Args:
        kind: "batch", "instance", "group" or "layer" (one group of all channels).
        eps: Added to the variance.
        momentum: Share of the newest batch in the running statistics, 0 to 1.
        groups: Groups of channels, for "group" only.

    Example:
        >>> Norm("batch", eps=1e-3, momentum=0.01)
        Norm(kind='batch', eps=0.001, momentum=0.01, groups=1)
    """

    kind: str
    eps: float = 1e-5
    momentum: float = 0.1
    groups: int = 1


NormLike = Norm | str | None
BATCH: Final = Norm("batch")


def make_norm(norm: Norm | str, rank: int, channels: int) -> nn.Module:
    """Build a normalisation with a learnt scale and shift for each channel.

    Args:
        norm: A kind, or a spec.
        rank: Spatial axes: 1, 2 or 3.
        channels: Channels that it normalises.

    Returns:
        A new module.

    Raises:
        UnknownNameError: If there is no such kind.
        GeometryError: If groups do not divide the channels.

    Example:
        >>> make_norm("batch", rank=1, channels=8).num_features
        8
    """
    spec = norm if isinstance(norm, Norm) else Norm(norm)
    if spec.kind not in KINDS:
        raise UnknownNameError.of("norm", spec.kind, KINDS)
    if spec.kind == "batch":
        return _BATCH[rank](channels, eps=spec.eps, momentum=spec.momentum)
    if spec.kind == "instance":
        return _INSTANCE[rank](channels, eps=spec.eps, affine=True)
    groups = spec.groups if spec.kind == "group" else 1
    divides(groups, channels=channels)
    return nn.GroupNorm(groups, channels, eps=spec.eps)
