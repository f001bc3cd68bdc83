"""Operators whose meaning changed from one version to the next."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from depthwise.errors import FormatError, UnsupportedOperatorError
from depthwise.formats.build import Build
from depthwise.formats.draft import Draft
from depthwise.formats.versions.moved import to_int64
from depthwise.graph import Batch, Shape, TensorType


def softmax(draft: Draft, build: Build) -> list[Draft]:
    """Spell out that the axes from ``axis`` on were one axis.

    Args:
        draft: A Softmax, LogSoftmax or Hardmax from before opset 13.
        build: What is known so far.

    Returns:
        One node, or three with the flattening made visible.

    Raises:
        FormatError: If there is no such axis.
    """
    x = _first(draft, build)
    axis = draft.attributes.get("axis", 1)
    if not isinstance(axis, int) or not -x.rank <= axis < max(x.rank, 1):
        msg = f"an axis must be within the rank; got {axis!r}, {x.rank} axes"
        raise FormatError(f"{msg} at {draft.where}")
    axis = axis % max(x.rank, 1)
    if all(dim == 1 for dim in x.shape[axis + 1 :]):
        return [replace(draft, attributes={"axis": axis})]
    flat = build.fresh(f"{draft.where}.flat")
    shares = build.fresh(f"{draft.where}.shares")
    return [
        _reshape(draft, build, (draft.inputs[0], flat), (0,) * axis + (-1,)),
        Draft(draft.op, (flat,), (shares,), {"axis": axis}, draft.name, draft.scope),
        _reshape(draft, build, (shares, draft.outputs[0]), copied(x.shape, axis)),
    ]


def copied(shape: Shape, axes: int) -> tuple[int, ...]:
    """Write a shape as the target of a reshape.

    Args:
        shape: Dimensions, of which at most one after ``axes`` holds the batch.
        axes: How many leading axes stay as they are.

    Returns:
        0 for an axis that stays, -1 for one that holds the batch.

    Example:
        >>> copied((Batch(), 8, 2), axes=1)
        (0, 8, 2)
    """
    tail = (-1 if isinstance(d, Batch) else d for d in shape[axes:])
    return (*(0,) * axes, *tail)


def _reshape(
    draft: Draft,
    build: Build,
    values: tuple[str, str],
    target: tuple[int, ...],
) -> Draft:
    before, after = values
    shape = build.new_constant(f"{after}.shape", to_int64(draft, target))
    return Draft("Reshape", (before, shape), (after,), {}, after, draft.scope)


def batch_norm(draft: Draft, build: Build) -> list[Draft]:
    """Drop the outputs of training and the attribute ``spatial``.

    Args:
        draft: A BatchNormalization from before opset 14.
        build: What is known so far.

    Returns:
        The same in today's form.

    Raises:
        UnsupportedOperatorError: If it has statistics for each position.
        FormatError: If the outputs of training are read.
    """
    if draft.attributes.get("spatial", 1) != 1:
        msg = "batch norm has one statistic a channel; got spatial=0"
        raise UnsupportedOperatorError(f"{msg} at {draft.where}")
    if any(build.readers[name] for name in draft.outputs[1:]):
        msg = "batch norm must be in inference mode; got outputs of training"
        raise FormatError(f"{msg} at {draft.where}")
    return [replace(draft.without("spatial"), outputs=draft.outputs[:1])]


def group_norm(draft: Draft, build: Build) -> list[Draft]:
    """Repeat what was one scale a group for every channel of the group.

    Args:
        draft: A GroupNormalization of opset 18 to 20.
        build: What is known so far.

    Returns:
        The same in today's form.

    Raises:
        UnsupportedOperatorError: If scale and bias are no constants.
        FormatError: If the groups do not divide the channels.
    """
    x = _first(draft, build)
    channels = x.shape[1] if x.rank > 1 else 0
    inputs = [draft.inputs[0]]
    for name in draft.inputs[1:]:
        array = build.array(name)
        if array is None:
            msg = "the scales of a group norm must be constants; got a value"
            raise UnsupportedOperatorError(f"{msg} at {draft.where}")
        if not isinstance(channels, int) or not array.size or channels % array.size:
            msg = f"groups must divide channels; got {array.size} and {channels}"
            raise FormatError(f"{msg} at {draft.where}")
        repeated = np.repeat(array.reshape(-1), channels // array.size)
        inputs.append(build.new_constant(f"{name}.by_channel", repeated))
    return [replace(draft, inputs=tuple(inputs))]


def resize_10(draft: Draft, build: Build) -> list[Draft]:
    """State the rule by which Resize 10 and Upsample found their neighbours.

    Args:
        draft: A Resize of opset 10, or an Upsample of opset 9.
        build: What is known so far; not used.

    Returns:
        The same as a Resize of today.
    """
    del build
    rule = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    inputs = (draft.inputs[0], "", *draft.inputs[1:2])
    attributes = {**draft.attributes, **rule}
    return [replace(draft, op="Resize", inputs=inputs, attributes=attributes)]


def upsample_7(draft: Draft, build: Build) -> list[Draft]:
    """Move the scales of an Upsample 7 to an input.

    Args:
        draft: An Upsample with ``scales`` as an attribute.
        build: What is known so far.

    Returns:
        The same as a Resize of today.

    Raises:
        FormatError: If the scales are missing.
    """
    scales = draft.attributes.get("scales")
    if not isinstance(scales, tuple) or not all(
        isinstance(scale, int | float) for scale in scales
    ):
        raise FormatError(f"an Upsample needs scales; got {scales!r} at {draft.where}")
    hint = f"{draft.where}.scales"
    name = build.new_constant(hint, np.array(scales, np.float32))
    rest = replace(draft.without("scales"), inputs=(draft.inputs[0], name))
    return resize_10(rest, build)


def resize(draft: Draft, build: Build) -> list[Draft]:
    """Leave out inputs of a Resize that are there but empty.

    Args:
        draft: A Resize from opset 11 on.
        build: What is known so far.

    Returns:
        The same without empty operands.
    """
    inputs = list(draft.inputs)
    for index, name in enumerate(inputs[1:], 1):
        array = build.array(name) if name else None
        if array is not None and array.size == 0:
            inputs[index] = ""
    while len(inputs) > 1 and not inputs[-1]:
        inputs.pop()
    return [replace(draft, inputs=tuple(inputs))]


def reduction_without_axes(draft: Draft, build: Build) -> list[Draft]:
    """Leave out axes that are an empty constant.

    Args:
        draft: A reduction with axes as an input.
        build: What is known so far.

    Returns:
        The same without an empty operand.
    """
    array = build.array(draft.inputs[1]) if len(draft.inputs) > 1 else None
    empty = array is not None and array.size == 0
    if empty and not draft.attributes.get("noop_with_empty_axes"):
        return [replace(draft, inputs=draft.inputs[:1])]
    return [draft]


def _first(draft: Draft, build: Build) -> TensorType:
    if not draft.inputs or not draft.outputs[0]:
        raise FormatError(f"{draft.op} takes one input; got none at {draft.where}")
    return build.type(draft.inputs[0])
