"""Windows of recordings: equal lengths cut from series of any length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from depthwise.errors import GeometryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depthwise.data.dataset import Array, Indices


def window_starts(samples: int, *, length: int, step: int) -> Indices:
    """Say where the windows of one recording begin.

    Args:
        samples: Length of the recording.
        length: Length of a window, in samples.
        step: From one window's start to the next one's, in samples.

    Returns:
        int64 starts; none if the recording is shorter than a window.

    Raises:
        GeometryError: If length or step is below 1.

    Example:
        >>> window_starts(300, length=128, step=64).tolist()
        [0, 64, 128]
    """
    if length < 1 or step < 1:
        raise GeometryError(
            f"window and step must be at least 1; got window={length}, step={step}"
        )
    return np.arange(0, samples - length + 1, step, dtype=np.int64)


def cut(recording: Array, *, length: int, step: int) -> Array:
    """Cut one recording into windows.

    Args:
        recording: ``[C, T]``.
        length: Length of a window, in samples.
        step: From one window's start to the next one's, in samples.

    Returns:
        ``[n, C, length]``, a copy of the recording's type.

    Example:
        >>> cut(np.arange(5)[None], length=3, step=2).tolist()
        [[[0, 1, 2]], [[2, 3, 4]]]
    """
    starts = window_starts(recording.shape[1], length=length, step=step)
    if not len(starts):
        return np.empty((0, recording.shape[0], length), recording.dtype)
    view = np.lib.stride_tricks.sliding_window_view(recording, length, axis=1)
    return np.ascontiguousarray(view[:, ::step].transpose(1, 0, 2))


def cut_all(
    recordings: Sequence[Array], *, length: int, step: int
) -> tuple[Array, Indices]:
    """Cut recordings into windows, one recording after the other.

    Args:
        recordings: Each ``[C, T]`` with its own ``T``.
        length: Length of a window, in samples.
        step: From one window's start to the next one's, in samples.

    Returns:
        The windows ``[n, C, length]``, and for each the index of its recording.

    Example:
        >>> series = [np.zeros((1, 4)), np.ones((1, 6))]
        >>> windows, owner = cut_all(series, length=4, step=2)
        >>> windows.shape, owner.tolist()
        ((3, 1, 4), [0, 1, 1])
    """
    pieces = [cut(recording, length=length, step=step) for recording in recordings]
    owner = np.repeat(np.arange(len(pieces)), [len(piece) for piece in pieces])
    return np.concatenate(pieces), owner


def majority(labels: Indices, *, length: int, step: int, classes: int) -> Indices:
    """Label each window by the class that most of its samples have.

    Args:
        labels: int64 ``[T]``, one a sample, each below ``classes``.
        length: Length of a window, in samples.
        step: From one window's start to the next one's, in samples.
        classes: Number of classes.

    Returns:
        int64 ``[n]``; where two classes tie, the smaller index.

    Example:
        >>> majority(np.array([0, 0, 1, 1, 1]), length=3, step=2, classes=2).tolist()
        [0, 1]
    """
    starts = window_starts(len(labels), length=length, step=step)
    count = np.zeros((len(labels) + 1, classes), np.int64)
    count[1:] = np.cumsum(labels[:, None] == np.arange(classes), axis=0)
    most: Indices = np.argmax(count[starts + length] - count[starts], axis=1)
    return most.astype(np.int64)
