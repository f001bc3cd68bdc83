"""Channels written as multiples of one another, plus a number."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.copies.matching import match_rows

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Form:
    """Each channel as ``scale * kind + offset``: channels of one kind are copies.

    Args:
        kind: ``[C]``: which unknown map it is a multiple of.
        scale: ``[C]``.
        offset: ``[C]``.

    Example:
        >>> form = Form(np.array([4, 7, 4]), np.array([1, 1, -2.0]), np.zeros(3))
        >>> form.partners.tolist(), form.factors.tolist()
        ([0, 1, 0], [1.0, 1.0, -2.0])
    """

    kind: Array
    scale: Array
    offset: Array

    @property
    def partners(self) -> Array:
        """``[C]``: the first channel of the same kind; itself where there is none."""
        alone = -1 - np.arange(len(self.kind))
        kind = np.where(self.scale == 0, alone, self.kind)
        _, first, place = np.unique(kind, return_index=True, return_inverse=True)
        return np.asarray(first[place])

    @property
    def factors(self) -> Array:
        """``[C]``: times its partner, apart from a constant."""
        scale = np.where(self.scale == 0, 1, self.scale)
        return np.asarray(scale / scale[self.partners])

    @property
    def plain(self) -> Array:
        """``[C]``: True where a channel is its partner times a factor, and no more."""
        rest = self.offset - self.factors * self.offset[self.partners]
        return np.asarray(np.abs(rest) <= 1e-6 * (1e-30 + np.abs(self.offset)))

    def affine(self, gain: Array, shift: Array) -> Form:
        """Multiply channels and add numbers.

        Args:
            gain: ``[C]``, or one for all.
            shift: ``[C]``, or one for all.

        Returns:
            The form of what comes out.
        """
        return Form(self.kind, self.scale * gain, self.offset * gain + shift)


class Kinds:
    """Hands out kinds that nothing else has."""

    def __init__(self) -> None:
        self._next = count()

    def fresh(self, channels: int) -> Form:
        """Write channels of which nothing is known.

        Args:
            channels: How many there are.

        Returns:
            Each of a kind of its own.
        """
        kind = np.array([next(self._next) for _ in range(channels)], int)
        return Form(kind, np.ones(channels), np.zeros(channels))

    def matched(self, keys: Array, rows: Array, *, scaled: bool) -> Form:
        """Write channels that are computed alike as copies.

        Args:
            keys: ``[C, a]``, integers that must agree.
            rows: ``[C, b]``, numbers that must agree, apart from a factor if scaled;
                with one that is not finite a channel is like no other.
            scaled: Whether a factor will do.

        Returns:
            The form, without offsets.
        """
        own = self.fresh(len(rows))
        broken = np.asarray(~np.isfinite(rows).all(axis=1))
        alone = np.where(broken, 1 + np.arange(len(rows)), 0)[:, None]
        keys = np.concatenate([keys, alone], axis=1)
        rows = np.where(broken[:, None], 0, rows)
        found = match_rows(keys, rows, scaled=scaled)
        return Form(own.kind[found.first], found.scale, own.offset)

    def finite(self, form: Form) -> Form:
        """Take channels whose form is not finite for such of which nothing is known.

        Args:
            form: Of any channels.

        Returns:
            The form, without what is not finite.
        """
        good = np.isfinite(form.scale) & np.isfinite(form.offset)
        if good.all():
            return form
        kind = np.where(good, form.kind, self.fresh(len(good)).kind)
        offset = np.where(good, form.offset, 0)
        return Form(kind, np.where(good, form.scale, 1), offset)
