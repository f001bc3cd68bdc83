"""Findings on data: what channels did, which need not be all that they can do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.findings import Fault, Finding, Limits
from depthwise.diagnosis.statistics import ChannelStatistics

Array: TypeAlias = NDArray[Any]


def observed_findings(
    layer: str, seen: ChannelStatistics, limits: Limits, *, silent: bool = False
) -> tuple[Finding, ...]:
    """Find what is wrong with the channels of a layer, from what they did on data.

    A channel has one fault at most, duplicates apart: dead before constant before
    saturated before rare.

    Args:
        layer: Its name.
        seen: Statistics of its channels, after norm and activation.
        limits: From where on something is a finding.
        silent: Whether its activation says next to nothing below zero, as
            ``falls_silent`` tells; what is never below zero is known to.

    Returns:
        The findings.

    Example:
        >>> from depthwise.diagnosis.statistics import observe
        >>> seen = observe(np.array([[[0.0, 0.0], [1.0, 2.0]]]))
        >>> [str(f.fault) for f in observed_findings("conv", seen, Limits())]
        ['dead']
    """
    magnitude = np.hypot(np.sqrt(np.maximum(seen.variance, 0)), seen.mean)
    dead, still = idle_masks(seen.low, seen.high, limits)
    flat = ~dead & ~still & (seen.flat_share >= limits.saturated)
    rare = ~dead & ~still & ~flat & (seen.firing_rate < limits.rare)
    rare &= silent or seen.rectified
    typical = _typical(magnitude, dead) or 1.0
    huge = magnitude > limits.exploding * typical
    masks = (
        (Fault.DEAD, dead, seen.mean),
        (Fault.CONSTANT, still, seen.mean),
        (Fault.SATURATED, flat, seen.flat_share),
        (Fault.RARE, rare, seen.firing_rate),
        (Fault.EXPLODING, huge, magnitude / typical),
    )
    found = [
        Finding(
            layer,
            fault,
            tuple(np.flatnonzero(mask).tolist()),
            proven=False,
            numbers=tuple(numbers[mask].tolist()),
        )
        for fault, mask, numbers in masks
        if mask.any()
    ]
    return (*found, *_duplicates(layer, seen, limits.duplicate))


def idle_masks(low: Array, high: Array, limits: Limits) -> tuple[Array, Array]:
    """Tell which channels were silent, and which were one number.

    Args:
        low: ``[C]``, the least that each was.
        high: ``[C]``, the greatest.
        limits: How far from that they may be.

    Returns:
        ``[C]`` of bool each; no channel is both.

    Example:
        >>> low, high = np.array([0.0, -1.0, 2.0, -1e-9]), np.array([0, 1, 2, 1e-9])
        >>> dead, constant = idle_masks(low, high, Limits())
        >>> dead.tolist(), constant.tolist()
        ([True, False, False, True], [False, False, True, False])
    """
    size = np.maximum(np.abs(low), np.abs(high))
    dead = size <= limits.silent * _typical(size, size == 0)
    return dead, ~dead & (high - low <= limits.still * size)


def _typical(sizes: Array, without: Array) -> float:
    """The median size of a layer's channels, apart from some."""
    some = sizes[~without]
    return float(np.median(some)) if some.size else 0.0


def _duplicates(layer: str, seen: ChannelStatistics, limit: float) -> Iterator[Finding]:
    """Group channels that are one another, scaled: the first of a group stays.

    Each copy is alike enough to the one that stays, not to another copy alone.
    """
    strength = np.triu(np.nan_to_num(np.abs(seen.correlation)), 1)
    first: dict[int, int] = {}
    for channel in np.flatnonzero((strength >= limit).any(axis=0)).tolist():
        near = strength[:, channel].copy()
        near[list(first)] = 0
        if near.max() >= limit:
            first[channel] = int(near.argmax())
    if first:
        channels = tuple(sorted(first))
        partners = tuple(first[c] for c in channels)
        pairs = [(c, first[c]) for c in channels]
        rho = tuple(float(seen.correlation[pair]) for pair in pairs)
        slopes = (seen.covariance[c, p] / seen.variance[p] for c, p in pairs)
        yield Finding(
            layer,
            Fault.DUPLICATE,
            channels,
            proven=False,
            numbers=rho,
            partners=partners,
            scales=tuple(map(float, slopes)),
        )


def effective_rank(covariance: Array) -> float:
    """Say in how many directions channels really vary.

    Args:
        covariance: ``[C, C]``, symmetric.

    Returns:
        From 1 to C: the exponential of the entropy of the shares of variance; 0
        where nothing varies.

    Source:
        Roy and Vetterli 2007, "The effective rank", definition 1.

    Example:
        >>> round(effective_rank(np.diag([1.0, 1.0, 0.0])), 6)
        2.0
    """
    return rank_of(variance_shares(covariance))


def rank_of(shares: Array) -> float:
    """Say in how many directions channels really vary, from their shares of variance.

    Args:
        shares: From ``variance_shares``.

    Returns:
        As ``effective_rank``.

    Example:
        >>> round(rank_of(np.array([0.5, 0.5, 0.0])), 6)
        2.0
    """
    some = shares[shares > 0]
    return float(np.exp(-(some * np.log(some)).sum())) if some.size else 0.0


def directions_for(shares: Array, part: float) -> int:
    """Count the directions that hold a part of the variance.

    Args:
        shares: From ``variance_shares``, largest first.
        part: From 0 to 1.

    Returns:
        The least k whose first k directions hold it; 0 where nothing varies.

    Example:
        >>> directions_for(np.array([0.8, 0.15, 0.05]), 0.9)
        2
    """
    if not shares.any():
        return 0
    reached = np.cumsum(shares) >= part - 1e-12
    return int(np.argmax(reached)) + 1 if reached.any() else len(shares)


def variance_shares(covariance: Array) -> Array:
    """Split the variance by direction, largest first.

    Args:
        covariance: ``[C, C]``, symmetric.

    Returns:
        ``[C]``, summing to 1, or all 0 where nothing varies.

    Example:
        >>> variance_shares(np.diag([1.0, 3.0])).tolist()
        [0.75, 0.25]
    """
    values = np.maximum(np.linalg.eigvalsh(covariance)[::-1], 0)
    total = values.sum()
    return np.asarray(values / total if total > 0 else np.zeros(len(values)))
