"""Sizes that only the batch keeps from being constants, made constants all the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from depthwise.formats.build import Build
from depthwise.formats.versions.changed import copied
from depthwise.graph import Batch, Node, Shape, TensorType

_SIZES = 3
"""Which input of a Resize holds sizes."""


def static_reshape(
    node: Node,
    types: Mapping[str, TensorType],
    build: Build,
) -> Node:
    """Write -1 for the axis that holds the batch, 0 where it stays in its place.

    Args:
        node: A Reshape.
        types: The type of its result.
        build: What is known so far.

    Returns:
        The node with a constant shape, where one exists.
    """
    if node.inputs[1] in build.constants:
        return node
    before = build.types[node.inputs[0]].shape
    after = types[node.outputs[0]].shape
    kept = _same_front(before, after)
    if 0 in after or sum(isinstance(dim, Batch) for dim in after[kept:]) > 1:
        return node
    target = np.array(copied(after, kept), np.int64)
    name = build.new_constant(f"{node.outputs[0]}.shape", target)
    return replace(node, inputs=(node.inputs[0], name), attributes={})


def _same_front(before: Shape, after: Shape) -> int:
    """Count the leading axes that hold the batch before and after."""
    count = 0
    for one, other in zip(before, after, strict=False):
        if one != other or not isinstance(one, Batch):
            break
        count += 1
    return count


def static_expand(node: Node, build: Build) -> Node:
    """Write 1 for an axis that already holds the batch.

    Args:
        node: An Expand.
        build: What is known so far.

    Returns:
        The node with a constant shape, where one exists.
    """
    wanted = build.types[node.inputs[1]].content
    if node.inputs[1] in build.constants or wanted is None:
        return node
    before = build.types[node.inputs[0]].shape
    before = (1,) * (len(wanted) - len(before)) + before
    pairs = zip(before[len(before) - len(wanted) :], wanted, strict=True)
    sizes = [1 if isinstance(size, Batch) and size == d else size for d, size in pairs]
    if any(isinstance(size, Batch) for size in sizes):
        return node
    name = build.new_constant(f"{node.outputs[0]}.shape", np.array(sizes, np.int64))
    return replace(node, inputs=(node.inputs[0], name))


def static_resize(node: Node, build: Build) -> Node:
    """Leave the batch out of the axes that a resize changes.

    Args:
        node: A Resize.
        build: What is known so far.

    Returns:
        The node with constant sizes, where they exist.
    """
    sizes = node.inputs[_SIZES] if len(node.inputs) > _SIZES else ""
    wanted = build.types[sizes].content if sizes else None
    if wanted is None or sizes in build.constants or "axes" in node.attributes:
        return node
    axes = tuple(i for i, size in enumerate(wanted) if not isinstance(size, Batch))
    rest = np.array([wanted[axis] for axis in axes], np.int64)
    name = build.new_constant(f"{node.outputs[0]}.sizes", rest)
    attributes = {**node.attributes, "axes": axes}
    return replace(node, inputs=(*node.inputs[:_SIZES], name), attributes=attributes)
