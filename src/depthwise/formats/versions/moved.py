"""Attributes of older operators that have become inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from depthwise.errors import FormatError
from depthwise.formats.attributes import Value
from depthwise.formats.build import Build
from depthwise.formats.draft import Draft
from depthwise.formats.tensors import Array

Convert: TypeAlias = Callable[[Draft, Build], list[Draft]]

_LARGEST = float(np.finfo(np.float32).max)


def take_integers(draft: Draft, name: str) -> tuple[int, ...] | None:
    """Read an attribute that is a row of integers.

    Args:
        draft: The node.
        name: The attribute.

    Returns:
        Its value, or None where the node has none.

    Raises:
        FormatError: If it is something else.

    Example:
        >>> take_integers(Draft("Squeeze", ("x",), ("y",), {"axes": (1,)}), "axes")
        (1,)
    """
    value = draft.attributes.get(name)
    if value is None:
        return None
    if not isinstance(value, tuple) or not all(isinstance(v, int) for v in value):
        raise _wrong(draft, name, "integers", value)
    return tuple(int(v) for v in value)


def take_real(draft: Draft, name: str) -> float | None:
    """Read an attribute that is one number.

    Args:
        draft: The node.
        name: The attribute.

    Returns:
        Its value, or None where the node has none.

    Raises:
        FormatError: If it is something else.

    Example:
        >>> take_real(Draft("Clip", ("x",), ("y",), {"min": 0}), "min")
        0.0
    """
    value = draft.attributes.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float):
        raise _wrong(draft, name, "a number", value)
    return float(value)


def _wrong(draft: Draft, name: str, wanted: str, value: Value) -> FormatError:
    msg = f"attribute {name} of {draft.where} must be {wanted}; got {value!r:.80}"
    return FormatError(msg)


def integers_to_inputs(*names: str) -> Convert:
    """Move rows of integers from attributes to the inputs after the first.

    Args:
        *names: The attributes, in the order of the inputs; one that a node lacks is
            left out.

    Returns:
        The conversion.
    """

    def convert(draft: Draft, build: Build) -> list[Draft]:
        rows = [take_integers(draft, name) for name in names]
        arrays = [None if row is None else to_int64(draft, row) for row in rows]
        return [_moved(draft, build, names, arrays)]

    return convert


def to_int64(draft: Draft, row: tuple[int, ...]) -> Array:
    """Make an array of sizes.

    Args:
        draft: The node that they belong to.
        row: The sizes.

    Returns:
        The array.

    Raises:
        FormatError: If one does not fit.

    Example:
        >>> to_int64(Draft("Squeeze", ("x",), ("y",)), (1, 2))
        array([1, 2])
    """
    if any(not -(2**63) <= element < 2**63 for element in row):
        raise FormatError(f"sizes must fit 64 bits; got {row} at {draft.where}")
    return np.array(row, np.int64)


def axes_to_input(draft: Draft, build: Build) -> list[Draft]:
    """Move ``axes``; an empty list means the same as none.

    Args:
        draft: A reduction.
        build: What is known so far.

    Returns:
        The same in today's form.
    """
    if take_integers(draft, "axes") == ():
        draft = draft.without("axes")
    return integers_to_inputs("axes")(draft, build)


def clip(draft: Draft, build: Build) -> list[Draft]:
    """Move the bounds of a clip; the largest numbers of all mean no bound.

    Args:
        draft: A Clip with ``min`` and ``max`` as attributes.
        build: What is known so far.

    Returns:
        The same in today's form.
    """
    arrays: list[Array | None] = []
    for name in ("min", "max"):
        bound = take_real(draft, name)
        open_ended = bound is None or abs(bound) >= _LARGEST
        arrays.append(None if open_ended else np.array(bound, np.float32))
    return [_moved(draft, build, ("min", "max"), arrays)]


def dropout(draft: Draft, build: Build) -> list[Draft]:
    """Move the ratio of a dropout.

    Args:
        draft: A Dropout with ``ratio`` as an attribute.
        build: What is known so far.

    Returns:
        The same in today's form.
    """
    ratio = take_real(draft, "ratio")
    array = None if ratio is None else np.array(ratio, np.float32)
    return [_moved(draft, build, ("ratio",), [array])]


def pad(draft: Draft, build: Build) -> list[Draft]:
    """Move the amounts and the value of a pad.

    Args:
        draft: A Pad with ``pads`` and ``value`` as attributes.
        build: What is known so far.

    Returns:
        The same in today's form.

    Raises:
        FormatError: If the amounts are missing.
    """
    pads = take_integers(draft, "pads")
    if pads is None:
        raise FormatError(f"a Pad needs pads; got none at {draft.where}")
    value = np.array(take_real(draft, "value") or 0.0, np.float32)
    return [_moved(draft, build, ("pads", "value"), [to_int64(draft, pads), value])]


def split(draft: Draft, build: Build) -> list[Draft]:
    """Move the sizes of a split, or state how many equal parts there are.

    Args:
        draft: A Split with ``split`` as an attribute, or with neither.
        build: What is known so far.

    Returns:
        The same in today's form.
    """
    (moved,) = integers_to_inputs("split")(draft, build)
    return equal_parts(moved, build)


def equal_parts(draft: Draft, build: Build) -> list[Draft]:
    """State how many equal parts a split has, where the file leaves it open.

    Args:
        draft: A Split.
        build: What is known so far; not used.

    Returns:
        The same in today's form.
    """
    del build
    if len(draft.inputs) > 1 and draft.inputs[1]:
        return [draft]
    count = {"num_outputs": len(draft.outputs)}
    return [replace(draft, attributes={**draft.attributes, **count})]


def _moved(
    draft: Draft,
    build: Build,
    names: tuple[str, ...],
    arrays: list[Array | None],
) -> Draft:
    """Append constants as inputs, and drop the attributes they came from."""
    inputs = [draft.inputs[0] if draft.inputs else ""]
    for name, array in zip(names, arrays, strict=True):
        hint = f"{draft.where}.{name}"
        inputs.append("" if array is None else build.new_constant(hint, array))
    while not inputs[-1] and len(inputs) > 1:
        inputs.pop()
    return replace(draft.without(*names), inputs=tuple(inputs))
