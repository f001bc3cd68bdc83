"""What the positions of one value see of the network's input."""

from __future__ import annotations

from dataclasses import dataclass

from depthwise.costing.reach.field import Field
from depthwise.graph import Shape


@dataclass(frozen=True, slots=True)
class View:
    """What a value's positions see, axis by axis.

    Args:
        fields: One an input axis, outermost first, without batch and channels.
        axes: For each axis of the value, the input axis it runs along, or None.

    Example:
        >>> View((Field(8),), (None, None, 0)).mix(2).fields[0].size
        8
    """

    fields: tuple[Field, ...]
    axes: tuple[int | None, ...]

    def field(self, axis: int) -> Field | None:
        """Take the field that one axis of the value runs along.

        Args:
            axis: An axis of the value.

        Returns:
            The field, or None where the axis holds channels or samples.
        """
        index = self.axes[axis]
        return None if index is None else self.fields[index]

    def change(self, axis: int, field: Field) -> View:
        """Replace the field that one axis of the value runs along.

        Args:
            axis: An axis of the value that has a field.
            field: The new one.

        Returns:
            The changed view.
        """
        fields = list(self.fields)
        index = self.axes[axis]
        if index is not None:
            fields[index] = field
        return View(tuple(fields), self.axes)

    def mix(self, axis: int) -> View:
        """Let every position along an axis see all of it.

        Args:
            axis: An axis of the value.

        Returns:
            The changed view.
        """
        found = self.field(axis)
        return self if found is None else self.change(axis, found.everything())

    def along(self, axes: tuple[int | None, ...], before: Shape) -> View:
        """Give the value other axes; what ran along one that is gone is mixed.

        Args:
            axes: The new axes.
            before: Sizes of the old ones; an axis of one position mixes nothing.

        Returns:
            The changed view.
        """
        pairs = zip(self.axes, before, strict=True)
        long = {axis for axis, size in pairs if axis is not None and size != 1}
        fields = tuple(
            field.everything() if index in long - set(axes) else field
            for index, field in enumerate(self.fields)
        )
        return View(fields, axes)

    def widen(self, rank: int) -> View:
        """Put axes in front, as broadcasting does.

        Args:
            rank: Axes to end with.

        Returns:
            The changed view.
        """
        return View(self.fields, (None,) * (rank - len(self.axes)) + self.axes)

    def union(self, other: View) -> View:
        """Join what two operands of one rank see.

        Args:
            other: The other operand's view.

        Returns:
            A view whose fields hold both.
        """
        pairs = zip(self.fields, other.fields, strict=True)
        fields = tuple(a.union(b) for a, b in pairs)
        axes = zip(self.axes, other.axes, strict=True)
        return View(fields, tuple(b if a is None else a for a, b in axes))

    def blind(self, rank: int) -> View:
        """Forget where positions lie: everything sees everything.

        Args:
            rank: Axes of the value.

        Returns:
            The changed view.
        """
        fields = tuple(field.everything() for field in self.fields)
        return View(fields, (None,) * rank)
