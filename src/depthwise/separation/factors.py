"""A dense kernel as a sum of depthwise times pointwise terms, in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
_FLOOR = 1e-9
"""Added to a covariance, as a share of its mean variance: it must have an inverse."""


class Order(StrEnum):
    """Which half comes first.

    Example:
        >>> Order("depthwise-first").first
        'depthwise'
    """

    DEPTHWISE_FIRST = "depthwise-first"
    POINTWISE_FIRST = "pointwise-first"

    @property
    def first(self) -> str:
        """The half that reads the layer's input."""
        return self.value.removesuffix("-first")


@dataclass(frozen=True, eq=False)
class Factors:
    """The terms of a kernel ``[K, C/groups, *taps]``, those that matter most first.

    Args:
        order: Which half comes first.
        groups: Groups of the kernel.
        taps: Its spatial sizes.
        depthwise: Filters ``[owners, rank, taps]``; the owners are the C inputs where
            depthwise comes first, else the K outputs.
        pointwise: Mixing weights ``[K, C/groups, rank]``.

    Example:
        >>> factorise(np.ones((4, 3, 5)), 1, Order.DEPTHWISE_FIRST).rank
        4
    """

    order: Order
    groups: int
    taps: tuple[int, ...]
    depthwise: Array
    pointwise: Array

    @property
    def rank(self) -> int:
        """Terms with which the sum is the kernel itself."""
        return int(self.pointwise.shape[2])

    def kernels(self, terms: int) -> tuple[Array, Array]:
        """Lay the first terms out as the kernels of two convolutions.

        Args:
            terms: How many, 1 to the rank.

        Returns:
            Depthwise and pointwise kernel, as ONNX and torch have them: multiplier t
            of channel c is ``c * terms + t``.
        """
        filters = self.depthwise[:, :terms]
        mixing = self.pointwise[:, :, :terms]
        single = (1,) * len(self.taps)
        if self.order is Order.DEPTHWISE_FIRST:
            return (
                filters.reshape(-1, 1, *self.taps),
                mixing.reshape(len(mixing), -1, *single),
            )
        return (
            filters.reshape(-1, terms, *self.taps),
            mixing.swapaxes(1, 2).reshape(-1, mixing.shape[1], *single),
        )

    def composed(self, terms: int) -> Array:
        """Multiply the first terms out.

        Args:
            terms: How many, 1 to the rank.

        Returns:
            The dense kernel ``[K, C/groups, *taps]`` that they stand for.
        """
        filters = self.depthwise[:, :terms]
        mixing = self.pointwise[:, :, :terms]
        if self.order is Order.POINTWISE_FIRST:
            flat = np.einsum("kjr,krt->kjt", mixing, filters)
        else:
            inner = mixing.shape[1]
            owned = filters.reshape(self.groups, inner, terms, -1)
            parted = mixing.reshape(self.groups, -1, inner, terms)
            flat = np.einsum("gkjr,gjrt->gkjt", parted, owned)
        return np.asarray(flat).reshape(*mixing.shape[:2], *self.taps)


def factorise(
    weight: Array, groups: int, order: Order, covariance: Array | None = None
) -> Factors:
    """Take a kernel apart: the best sum of any number of terms, by error or by energy.

    Per input channel (or output channel, where pointwise comes first) the kernel is
    a matrix, and its truncated singular value decomposition is the best of its rank.
    With a covariance, what is least is the error of the output rather than that of
    the weights, as far as channels (or taps, the other way round) do not correlate.

    Args:
        weight: ``[K, C/groups, *taps]``.
        groups: Groups of channels that do not meet; divides K.
        order: Which half comes first.
        covariance: Of what the taps see, ``[groups, n, n]`` with n = C/groups * taps,
            the taps innermost; None weighs all weights alike.

    Returns:
        The terms, in float64.

    Source:
        Guo et al. 2018, arXiv:1808.05517, theorem 1; Eckart and Young 1936.

    Example:
        >>> kernel = np.outer([1.0, 2.0], [1.0, 0.0, -1.0]).reshape(2, 1, 3)
        >>> terms = factorise(kernel, 1, Order.DEPTHWISE_FIRST)
        >>> bool(np.allclose(terms.composed(1), kernel))
        True
    """
    outputs, inner, *taps = weight.shape
    flat = weight.astype(np.float64).reshape(groups, -1, inner, math.prod(taps))
    if order is Order.DEPTHWISE_FIRST:
        matrices = flat.swapaxes(1, 2)
        roots = None if covariance is None else _roots(_of_taps(covariance, inner))
        whole = matrices if roots is None else matrices @ roots
        left = np.linalg.svd(whole, full_matrices=False)[0]
        filters = left.swapaxes(-1, -2) @ matrices
        left, filters = _balanced(left, filters)
        mixing = left.swapaxes(1, 2).reshape(outputs, inner, -1)
    else:
        roots = None if covariance is None else _roots(_of_inputs(covariance, inner))
        whole = flat if roots is None else roots[:, None].swapaxes(-1, -2) @ flat
        filters = np.linalg.svd(whole, full_matrices=False)[2]
        left, filters = _balanced(flat @ filters.swapaxes(-1, -2), filters)
        mixing = left.reshape(outputs, inner, -1)
    owned = filters.reshape(-1, *filters.shape[2:])
    return Factors(order, groups, tuple(taps), owned, mixing)


def term_energies(weight: Array, groups: int, covariance: Array | None = None) -> Array:
    """Tell what share of a kernel's energy its best separable terms hold.

    Args:
        weight: ``[K, C/groups, *taps]``.
        groups: Groups of channels that do not meet; divides K.
        covariance: Of what the taps of each input channel see, ``[C, taps, taps]``;
            None weighs all weights alike.

    Returns:
        ``[rank]``, from what one term holds up to 1; ones for a kernel of zeros.

    Example:
        >>> kernel = np.array([[3.0, 0.0], [0.0, 4.0]]).reshape(2, 1, 2)
        >>> term_energies(kernel, 1).round(2).tolist()
        [0.64, 1.0]
    """
    outputs, inner, *taps = weight.shape
    flat = weight.astype(np.float64).reshape(groups, -1, inner, math.prod(taps))
    matrices = flat.swapaxes(1, 2).reshape(groups * inner, outputs // groups, -1)
    if covariance is not None:
        values, vectors = np.linalg.eigh(covariance)
        matrices = matrices @ (vectors * np.sqrt(values.clip(0))[:, None])
    squares = np.linalg.svd(matrices, compute_uv=False) ** 2
    held = np.cumsum(squares.sum(axis=0))
    return np.asarray(held / held[-1] if held[-1] > 0 else np.ones_like(held))


def _of_taps(covariance: Array, inner: int) -> Array:
    """Covariance of the taps of each input channel, ``[groups, C/groups, t, t]``."""
    groups, size, _ = covariance.shape
    parted = covariance.reshape(groups, inner, size // inner, inner, -1)
    return np.asarray(np.einsum("gjajb->gjab", parted))


def _of_inputs(covariance: Array, inner: int) -> Array:
    """Covariance of the input channels over all taps, ``[groups, C/g, C/g]``."""
    groups, size, _ = covariance.shape
    parted = covariance.reshape(groups, inner, size // inner, inner, -1)
    return np.asarray(np.einsum("gjala->gjl", parted))


def _roots(covariance: Array) -> Array:
    """Square roots, each with a floor so that no direction is lost."""
    values, vectors = np.linalg.eigh(covariance)
    level = values.clip(0).mean(axis=-1, keepdims=True)
    floor = np.where(level > 0, _FLOOR * level, 1.0)
    return np.asarray(vectors * np.sqrt(values.clip(0) + floor)[..., None, :])


def _balanced(left: Array, right: Array) -> tuple[Array, Array]:
    """Give both halves of every term the same length: they train alike then."""
    lengths = np.linalg.norm(left, axis=-2), np.linalg.norm(right, axis=-1)
    usable = (lengths[0] > 0) & (lengths[1] > 0)
    ratio = np.divide(
        lengths[1], lengths[0], where=usable, out=np.ones_like(lengths[0])
    )
    scale = np.sqrt(ratio)
    return left * scale[..., None, :], right / scale[..., None]
