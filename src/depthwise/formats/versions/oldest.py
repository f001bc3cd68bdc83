"""Opset 6: arithmetic whose second operand is laid along an axis."""

from __future__ import annotations

from dataclasses import replace

from depthwise.errors import FormatError
from depthwise.formats.build import Build
from depthwise.formats.draft import Draft
from depthwise.formats.versions.changed import batch_norm
from depthwise.formats.versions.moved import dropout, to_int64
from depthwise.graph import Batch


def aligned(draft: Draft, build: Build) -> list[Draft]:
    """Give the second operand the axes that ``axis`` says it lacks.

    Args:
        draft: An elementwise operator with ``broadcast`` and ``axis``.
        build: What is known so far.

    Returns:
        The node, after a reshape where it needs one.
    """
    axis = draft.attributes.get("axis")
    rest = draft.without("broadcast", "axis")
    if not draft.attributes.get("broadcast") or axis is None:
        return [rest]
    if not isinstance(axis, int):
        raise FormatError(f"an axis must be an integer; got {axis!r} at {draft.where}")
    return _laid_along(rest, axis, build)


def per_channel(draft: Draft, build: Build) -> list[Draft]:
    """Lay the slopes of a PRelu along the channels.

    Args:
        draft: A PRelu with one slope a channel.
        build: What is known so far.

    Returns:
        The node, after a reshape where it needs one.
    """
    if len(draft.inputs) > 1 and build.type(draft.inputs[1]).shape == (1,):
        return [draft]
    return _laid_along(draft, 1, build)


def without_phase(draft: Draft, build: Build) -> list[Draft]:
    """Drop the attributes that told training from inference.

    Args:
        draft: A BatchNormalization, Dropout or Gemm.
        build: What is known so far; not used.

    Returns:
        The node without them.
    """
    del build
    return [draft.without("is_test", "consumed_inputs", "broadcast")]


def batch_norm_6(draft: Draft, build: Build) -> list[Draft]:
    """Bring a BatchNormalization 6 into today's form.

    Args:
        draft: The node.
        build: What is known so far.

    Returns:
        The same in today's form.
    """
    (rest,) = without_phase(draft, build)
    return batch_norm(rest, build)


def dropout_6(draft: Draft, build: Build) -> list[Draft]:
    """Bring a Dropout 6 into today's form.

    Args:
        draft: The node.
        build: What is known so far.

    Returns:
        The same in today's form.
    """
    (rest,) = without_phase(draft, build)
    return dropout(rest, build)


def _laid_along(draft: Draft, axis: int, build: Build) -> list[Draft]:
    if len(draft.inputs) != 2:
        raise FormatError(f"{draft.op} takes two inputs; got another at {draft.where}")
    x, y = (build.type(name) for name in draft.inputs)
    lacking = x.rank - axis % max(x.rank, 1) - y.rank
    if lacking <= 0:
        return [draft]
    sizes = tuple(-1 if isinstance(d, Batch) else d for d in y.shape)
    target = to_int64(draft, (*sizes, *(1,) * lacking))
    shape = build.new_constant(f"{draft.where}.shape", target)
    laid = build.fresh(f"{draft.where}.laid")
    reshape = Draft("Reshape", (draft.inputs[1], shape), (laid,), {}, laid)
    return [reshape, replace(draft, inputs=(draft.inputs[0], laid))]
