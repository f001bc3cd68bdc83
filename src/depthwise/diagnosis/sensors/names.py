"""Which channels are one sensor: the axes of an accelerometer belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

_AXES = "xyz"
Sensors: TypeAlias = Mapping[str, tuple[int, ...]]
"""Channels of each sensor, by its name."""


def sensors_of(channels: Sequence[str]) -> Sensors:
    """Put channels together whose names differ in a last x, y or z only.

    Args:
        channels: Their names, ``[C]``.

    Returns:
        Channels by sensor, in order; a channel without fellows is a sensor of its own.

    Example:
        >>> sensors_of(["acc_x", "acc_y", "acc_z", "Fz", "temp"])
        {'acc': (0, 1, 2), 'Fz': (3,), 'temp': (4,)}
    """
    stems: dict[str, dict[str, int]] = {}
    for index, name in enumerate(channels):
        stem, axis = name[:-1].rstrip("_-. "), name[-1:].lower()
        if stem and axis in _AXES:
            stems.setdefault(stem, {})[axis] = index
    joined = {stem: axes for stem, axes in stems.items() if len(axes) > 1}
    owner = {c: stem for stem, axes in joined.items() for c in axes.values()}
    found: dict[str, tuple[int, ...]] = {}
    for index, name in enumerate(channels):
        key = owner.get(index, name)
        found[key] = (*found.get(key, ()), index)
    return found


def each_channel(channels: Sequence[str]) -> Sensors:
    """Take every channel for a sensor of its own.

    Args:
        channels: Their names, ``[C]``.

    Returns:
        Channels by name.

    Example:
        >>> each_channel(["ax", "ay"])
        {'ax': (0,), 'ay': (1,)}
    """
    return {name: (index,) for index, name in enumerate(channels)}
