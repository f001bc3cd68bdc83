"""Seeing the same memory as an image or as an array, and naming kernels."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, TypeVar

from depthwise.engine.layout import FLOAT, NO_HALO, Blocked, Edges, Plain
from depthwise.engine.program import BlockedOperand, PlainOperand, Ref

K = TypeVar("K", bound="Any")


def as_image(shape: tuple[int, ...]) -> tuple[int, int, tuple[int, int, int]]:
    """Read a shape as batch, channels and three spatial axes.

    Args:
        shape: ``[N, C, *spatial]`` with at most three spatial axes.

    Returns:
        Batch, channels, and depth, height and width; missing ones are 1.

    Example:
        >>> as_image((2, 3, 8))
        (2, 3, (1, 1, 8))
    """
    spatial = (1, 1, 1, *shape[2:])[-3:]
    return shape[0], shape[1], (spatial[0], spatial[1], spatial[2])


def as_plain(image: BlockedOperand, shape: tuple[int, ...]) -> PlainOperand | None:
    """See an image as a plain array, where its elements lie in the same order.

    Args:
        image: The image.
        shape: The plain shape.

    Returns:
        The same memory, or None where a copy is needed.
    """
    layout = image.layout
    dense = layout.image == layout.channels * layout.pixels * FLOAT
    lonely = layout.pixels == 1 and (layout.batch == 1 or dense)
    planar = layout.lanes == 1 and dense
    if layout.is_flat and (lonely or planar):
        return PlainOperand(Plain(shape), replace(image.ref, stride=0))
    return None


def plain_side(
    plain: PlainOperand, layout: Blocked, channel: int
) -> tuple[Ref, tuple[int, ...]]:
    """Walk an array in the order of an image's blocks.

    Args:
        plain: The array, ``[N, C, *spatial]``.
        layout: The image.
        channel: Where to begin.

    Returns:
        The address, and bytes along batch, blocks, depth, height, width and lanes.
    """
    plane = layout.pixels * FLOAT
    _, height, width = layout.sizes
    sample = layout.channels * plane
    start = plain.ref.offset + channel * plane
    steps = (sample, layout.lanes * plane, height * width * FLOAT, width * FLOAT, FLOAT)
    ref = Ref(plain.ref.space, plain.ref.index, start)
    return ref, (*steps, plane)


def as_vector(
    plain: PlainOperand, shape: tuple[int, ...], lanes: int, halo: Edges | None
) -> BlockedOperand | None:
    """See one pixel a sample as an image, where its channels are whole vectors.

    Args:
        plain: The array.
        shape: ``[N, C, 1...]``.
        lanes: Elements of a vector.
        halo: What readers want around it.

    Returns:
        The same memory, or None where a copy is needed.
    """
    batch, channels, sizes = as_image(shape)
    if sizes != (1, 1, 1) or channels % lanes or halo not in {None, NO_HALO}:
        return None
    return BlockedOperand(Blocked(batch, channels, sizes, lanes), plain.ref)


def name_of(kernel: K, word: str) -> K:
    """Give a kernel a name that says what it is and differs for every geometry.

    Args:
        kernel: A kernel without a name.
        word: What a person should read.

    Returns:
        The same kernel, named.
    """
    return replace(kernel, name=f"{word}_{digest(kernel)}")


def digest(value: object) -> str:
    """Shorten a description to a few letters that differ when it does.

    Args:
        value: Anything with a complete ``repr``.

    Returns:
        Ten hexadecimal digits.
    """
    return hashlib.sha256(repr(value).encode()).hexdigest()[:10]
