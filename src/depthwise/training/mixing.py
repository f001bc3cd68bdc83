"""Mixup and cutmix: two examples in one, with the share of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from depthwise.training import draws

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from depthwise.training.augmentation import Augmentation

    Floats = NDArray[np.float32]
    Indices = NDArray[np.int64]

CHOICE, SHARE, PLACE = 8, 9, 10  # streams of random numbers
TRIES = 32  # Jöhnk's method accepts at least every second try for alpha <= 1


def mixed(
    batch: Floats, partners: Floats, indices: Indices, plan: Augmentation, root: int
) -> tuple[Floats, Floats]:
    """Mix each example with its partner; with both kinds on, half of them each.

    Args:
        batch: float32 [b, C, L] or [b, C, H, W].
        partners: The examples to mix in, same shape.
        indices: int64 [b], of batch.
        plan: Gives mixup and cutmix.
        root: Key of (seed, epoch).

    Returns:
        The mixed batch, and shares float32 [b]: how much of each is its own.

    Source:
        Zhang et al., mixup (2018), equation 2; Yun et al., CutMix (2019), equation 1.

    Example:
        >>> from depthwise.training.augmentation import Augmentation
        >>> ones, zeros = np.ones((4, 1, 8, 8), np.float32), np.zeros((4, 1, 8, 8))
        >>> plan = Augmentation(cutmix=1.0)
        >>> both, share = mixed(ones, zeros, np.arange(4), plan, root=3)
        >>> bool(np.allclose(both.mean(axis=(1, 2, 3)), share))
        True
    """
    blend, cut, inside = _plan(indices, batch.shape[2:], plan, root)
    axes = (1,) * (batch.ndim - 1)
    factor = blend.reshape(-1, *axes)
    smooth = factor * batch + (1 - factor) * partners
    pasted = np.where(inside[:, None], partners, batch)
    chosen = np.where(cut.reshape(-1, *axes), pasted, smooth).astype(np.float32)
    return chosen, shares(indices, batch.shape[2:], plan, root)


def shares(
    indices: Indices, size: tuple[int, ...], plan: Augmentation, root: int
) -> Floats:
    """Compute the shares alone, without reading the examples.

    Args:
        indices: int64 [b].
        size: (L,) or (H, W).
        plan: Gives mixup and cutmix.
        root: Key of (seed, epoch).

    Returns:
        float32 [b] in [0, 1].
    """
    blend, cut, inside = _plan(indices, size, plan, root)
    area = inside.reshape(len(indices), -1).mean(axis=1, dtype=np.float32)
    return np.where(cut, 1 - area, blend).astype(np.float32)


def beta(indices: Indices, alpha: float, root: int) -> Floats:
    """Draw from the beta distribution with both parameters alpha.

    Args:
        indices: int64 [b].
        alpha: In (0, 1].
        root: Key of this stream.

    Returns:
        float32 [b] in [0, 1].

    Source:
        Jöhnk (1964); Devroye, Non-uniform random variate generation, IX.3.5.

    Example:
        >>> drawn = beta(np.arange(4000), 1.0, root=1)
        >>> bool(abs(drawn.mean() - 0.5) < 0.02 and abs(drawn.var() - 1 / 12) < 0.01)
        True
    """
    drawn = draws.uniforms(root, indices, 2 * TRIES).astype(np.float64)
    powers = np.maximum(drawn, 2.0**-25) ** (1 / alpha)
    first, second = powers[:, :TRIES], powers[:, TRIES:]
    total = first + second
    accepted = (total <= 1) & (total > 0)
    rows = np.arange(len(indices))
    chosen = accepted.argmax(axis=1)
    value = first[rows, chosen] / np.maximum(total[rows, chosen], 1e-300)
    return np.where(accepted.any(axis=1), value, 0.5).astype(np.float32)


def _plan(
    indices: Indices, size: tuple[int, ...], plan: Augmentation, root: int
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    coin = draws.uniforms(draws.key(root, CHOICE), indices)[:, 0] < 0.5
    both = plan.mixup > 0 and plan.cutmix > 0
    cut = coin if both else np.full(len(indices), plan.cutmix > 0)
    key = draws.key(root, SHARE)
    one = np.ones(len(indices), dtype=np.float32)
    blend = beta(indices, plan.mixup, key) if plan.mixup > 0 else one
    area = 1 - beta(indices, plan.cutmix, key) if plan.cutmix > 0 else 0 * one
    return blend, cut, _boxes(indices, area, size, draws.key(root, PLACE))


def _boxes(
    indices: Indices, area: Floats, size: tuple[int, ...], root: int
) -> NDArray[np.bool_]:
    middle = draws.uniforms(root, indices, len(size))
    side = area ** (1 / len(size))
    inside = np.ones((len(indices), *size), dtype=np.bool_)
    for axis, length in enumerate(size):
        low = np.rint((middle[:, axis] - side / 2) * length)
        high = np.rint((middle[:, axis] + side / 2) * length)
        place = np.arange(length)
        within = (place >= low[:, None]) & (place < high[:, None])
        shape = [len(indices)] + [1] * len(size)
        shape[axis + 1] = length
        inside &= within.reshape(shape)
    return inside
