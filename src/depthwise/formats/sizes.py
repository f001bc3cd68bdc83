"""Sizes that only the batch keeps from being constants, made constants all the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from depthwise.formats.build import Build
from depthwise.graph import Batch, Node, TensorType
from depthwise.graph.rewrite.constants import known_target, with_target

_SIZES = 3
"""Which input of a Resize holds sizes."""


def static_target(
    node: Node,
    types: Mapping[str, TensorType],
    build: Build,
) -> Node:
    """Make the target of a reshape or an expansion a constant.

    Args:
        node: A Reshape or an Expand.
        types: The type of its result.
        build: What is known so far.

    Returns:
        The node with a constant target, where one exists.
    """
    if node.inputs[1] in build.constants:
        return node
    source, wanted = build.types[node.inputs[0]], types[node.outputs[0]]
    target = known_target(node.op, source.shape, wanted.shape)
    if target is None:
        return node
    hint = f"{node.outputs[0]}.shape"
    name = build.new_constant(hint, np.array(target, np.int64))
    return with_target(node, name)


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
