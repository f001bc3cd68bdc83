"""Augmentation of whole batches, each example from its own random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from depthwise.training import draws

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from depthwise.training.augmentation import Augmentation

    Floats = NDArray[np.float32]
    Indices = NDArray[np.int64]
    Change = Callable[[Floats, Indices, float, int], Floats]


def augmented(batch: Floats, indices: Indices, plan: Augmentation, root: int) -> Floats:
    """Apply all that is on, apart from mixing.

    Args:
        batch: float32 [b, C, L] or [b, C, H, W], preprocessed.
        indices: Which examples these are, int64 [b].
        plan: What is on.
        root: Key of (seed, epoch).

    Returns:
        A new array of the same shape, or the same one if nothing is on.

    Example:
        >>> from depthwise.training.augmentation import Augmentation
        >>> series, plan = np.ones((2, 3, 8), np.float32), Augmentation(jitter=0.1)
        >>> both = augmented(series, np.array([5, 6]), plan, root=1)
        >>> one = augmented(series[1:], np.array([6]), plan, root=1)
        >>> bool((both[1] == one[0]).all())
        True
    """
    changes = SERIES if batch.ndim == 3 else IMAGES
    for stream, (name, change) in enumerate(changes, start=FIRST_STREAM):
        strength = getattr(plan, name)
        if strength > 0:
            batch = change(batch, indices, strength, draws.key(root, stream))
    return batch


def jitter(batch: Floats, indices: Indices, deviation: float, root: int) -> Floats:
    """Add independent normal noise to every sample.

    Args:
        batch: float32 [b, C, L].
        indices: int64 [b].
        deviation: Of the noise.
        root: Key of this stream.

    Returns:
        A new array.
    """
    noise = draws.normals(root, indices, batch[0].size).reshape(batch.shape)
    return batch + np.float32(deviation) * noise


def scale(batch: Floats, indices: Indices, deviation: float, root: int) -> Floats:
    """Multiply each channel by its own normal factor around 1.

    Args:
        batch: float32 [b, C, L].
        indices: int64 [b].
        deviation: Of the factor.
        root: Key of this stream.

    Returns:
        A new array.
    """
    factor = 1 + np.float32(deviation) * draws.normals(root, indices, batch.shape[1])
    changed: Floats = batch * factor[:, :, None]
    return changed


def time_mask(batch: Floats, indices: Indices, longest: float, root: int) -> Floats:
    """Set one span of time to 0 in all channels.

    Args:
        batch: float32 [b, C, L].
        indices: int64 [b].
        longest: Longest span as a share of L; the length is uniform below it.
        root: Key of this stream.

    Returns:
        A new array.
    """
    drawn = draws.uniforms(root, indices, 2)
    length = batch.shape[2]
    span = np.floor(drawn[:, 0] * (longest * length + 1)).astype(np.int64)
    start = np.floor(drawn[:, 1] * (length - span + 1)).astype(np.int64)
    time = np.arange(length)
    hidden = (time >= start[:, None]) & (time < (start + span)[:, None])
    return np.where(hidden[:, None, :], np.float32(0), batch)


def channel_drop(batch: Floats, indices: Indices, chance: float, root: int) -> Floats:
    """Set whole channels to 0, never all of an example.

    Args:
        batch: float32 [b, C, L].
        indices: int64 [b].
        chance: Probability for each channel.
        root: Key of this stream.

    Returns:
        A new array.
    """
    drawn = draws.uniforms(root, indices, batch.shape[1])
    kept = (drawn >= chance) | (drawn == drawn.max(axis=1, keepdims=True))
    changed: Floats = batch * kept[:, :, None].astype(np.float32)
    return changed


def rotate(batch: Floats, indices: Indices, degrees: float, root: int) -> Floats:
    """Turn each sensor with three axes about one random axis an example.

    Args:
        batch: float32 [b, C, L]; channels 0-2, 3-5 … are the axes x, y, z of a sensor.
        indices: int64 [b].
        degrees: Deviation of the angle.
        root: Key of this stream.

    Returns:
        A new array; channels left over after the last three are as they were.

    Source:
        Rodrigues' rotation formula; Um et al. (2017), section 3.
    """
    drawn = draws.normals(root, indices, 4).astype(np.float64)
    axis = drawn[:, :3] / np.linalg.norm(drawn[:, :3], axis=1, keepdims=True)
    angle = np.radians(degrees) * drawn[:, 3, None, None]
    x, y, z = axis.T
    zero = np.zeros_like(x)
    rows = [[zero, -z, y], [z, zero, -x], [-y, x, zero]]
    cross = np.moveaxis(np.array(rows), 2, 0)
    turn = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    turn = turn.astype(np.float32)
    parts = [batch[:, c : c + 3] for c in range(0, batch.shape[1], 3)]
    turned = [turn @ part if part.shape[1] == 3 else part for part in parts]
    return np.concatenate(turned, axis=1)


def stretch(batch: Floats, indices: Indices, share: float, root: int) -> Floats:
    """Cut a random end or both off and draw the rest out, linearly.

    Args:
        batch: float32 [b, C, L].
        indices: int64 [b].
        share: Largest part cut off; the part is uniform below it.
        root: Key of this stream.

    Returns:
        A new array.
    """
    drawn = draws.uniforms(root, indices, 2).astype(np.float64)
    length = batch.shape[2]
    cut = share * drawn[:, :1]
    steps = np.linspace(0, 1, length)
    place = (drawn[:, 1:] * cut + (1 - cut) * steps) * (length - 1)
    left = np.minimum(place.astype(np.int64), max(length - 2, 0))[:, None, :]
    part = (place[:, None, :] - left).astype(np.float32)
    right = np.minimum(left + 1, length - 1)
    before = np.take_along_axis(batch, left, axis=2)
    after = np.take_along_axis(batch, right, axis=2)
    changed: Floats = before + part * (after - before)
    return changed


def crop(batch: Floats, indices: Indices, pixels: float, root: int) -> Floats:
    """Pad with 0 and cut the old size at a random place.

    Args:
        batch: float32 [b, C, H, W].
        indices: int64 [b].
        pixels: Padding on each side.
        root: Key of this stream.

    Returns:
        A new array.
    """
    pad = int(pixels)
    around = np.pad(batch, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    size = batch.shape[2:]
    places = np.lib.stride_tricks.sliding_window_view(around, size, axis=(2, 3))
    drawn = draws.uniforms(root, indices, 2)
    row, column = np.floor(drawn * (2 * pad + 1)).astype(np.int64).T
    return np.ascontiguousarray(places[np.arange(len(batch)), :, row, column])


def flip(batch: Floats, indices: Indices, chance: float, root: int) -> Floats:
    """Mirror some images left to right.

    Args:
        batch: float32 [b, C, H, W].
        indices: int64 [b].
        chance: Probability for each image.
        root: Key of this stream.

    Returns:
        A new array.
    """
    mirrored = draws.uniforms(root, indices)[:, 0] < chance
    changed: Floats = np.where(mirrored[:, None, None, None], batch[..., ::-1], batch)
    return changed


# Streams are numbered by place: a new augmentation goes to the end of its tuple.
FIRST_STREAM = 16
SERIES: tuple[tuple[str, Change], ...] = (
    ("jitter", jitter),
    ("scale", scale),
    ("time_mask", time_mask),
    ("channel_drop", channel_drop),
    ("rotate", rotate),
    ("stretch", stretch),
)
IMAGES: tuple[tuple[str, Change], ...] = (("crop", crop), ("flip", flip))
