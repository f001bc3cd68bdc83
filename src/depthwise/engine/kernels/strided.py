"""Copies, layout changes and element-wise arithmetic: loops over strided operands.

for i in extents: out[i] = chain(in[i])

Every operand has its own stride along every axis, 0 where it is broadcast; the last
axis is a vector where all operands are next to each other or broadcast there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from depthwise.engine.emit import Body, Int, Module
from depthwise.engine.kernels.chain import Chain, apply
from depthwise.engine.layout import FLOAT

_SHORT = 16
"""Elements of a last axis that are copied one by one without a loop: packing the input
of sensor_net took a sixth of its time with AVX-512."""


@dataclass(frozen=True)
class Strided:
    """Element-wise work on one geometry.

    Args:
        name: Unique for this geometry.
        extents: Elements an axis, outermost first.
        steps: For the output, the input, then each extra operand: bytes an axis.
        chain: What happens to the input before it is stored.
        fill: Stored instead of an input where it is a number.
    """

    name: str
    extents: tuple[int, ...]
    steps: tuple[tuple[int, ...], ...]
    chain: Chain = ()
    fill: float | None = None

    @property
    def units(self) -> int:
        """Elements of the outermost axis."""
        return self.extents[0]

    def emit(self, module: Module) -> None:
        """Write the function into ``module``: in, out, operands, low, high."""
        extra = [f"o{i}" for i in range(len(self.steps) - 2)]
        body = Body(module, self.name, ["in", "out", *extra], ["low", "high"])
        pointers = ["%out", "%in", *(f"%{name}" for name in extra)]
        self._axis(body, 0, pointers)
        body.close()

    def _axis(self, body: Body, axis: int, pointers: list[str]) -> None:
        last = len(self.extents) - 1
        bounds: tuple[Int, Int] = (0, self.extents[axis])
        if axis == 0:
            bounds = ("%low", "%high")
        elif axis == last and self._vectors(body):
            self._row(body, pointers)
            return
        short = axis > 0 and self.extents[axis] <= _SHORT and not self.chain
        if axis == last and short:
            with body.width(1):
                for number in range(self.extents[axis]):
                    self._element(body, self._move(body, pointers, axis, number))
            return
        with body.loop(*bounds) as index:
            moved = self._move(body, pointers, axis, index)
            if axis == last:
                with body.width(1):
                    self._element(body, moved)
            else:
                self._axis(body, axis + 1, moved)

    def _vectors(self, body: Body) -> bool:
        inner = {steps[-1] for steps in self.steps[1:]}
        out = self.steps[0][-1]
        enough = self.extents[-1] >= body.lanes
        return enough and out == FLOAT and inner <= {0, FLOAT}

    def _move(
        self, body: Body, pointers: list[str], axis: int, index: Int
    ) -> list[str]:
        return [
            body.offset(pointer, body.mul(index, steps[axis]))
            for pointer, steps in zip(pointers, self.steps, strict=True)
        ]

    def _row(self, body: Body, pointers: list[str]) -> None:
        axis = len(self.extents) - 1
        size, lanes = self.extents[-1], body.lanes
        whole = size // lanes * lanes
        with body.loop(0, whole, lanes) as index:
            self._element(body, self._move(body, pointers, axis, index))
        if whole < size:
            with body.width(1), body.loop(whole, size) as index:
                self._element(body, self._move(body, pointers, axis, index))

    def _element(self, body: Body, pointers: list[str]) -> None:
        steps = [step[-1] for step in self.steps]
        loads = [
            body.load(pointer) if step or body.lanes == 1 else body.broadcast(pointer)
            for pointer, step in zip(pointers[2:], steps[2:], strict=True)
        ]
        value = self._input(body, pointers[1], steps[1])
        for link in self.chain:
            other = loads[link.operand] if link.operand >= 0 else ""
            value = apply(body, link, value, other)
        body.store(value, pointers[0])

    def _input(self, body: Body, pointer: str, step: int) -> str:
        if self.fill is not None:
            return body.number(self.fill)
        if step or body.lanes == 1:
            return body.load(pointer)
        return body.broadcast(pointer)


def merge(
    extents: Sequence[int], steps: Sequence[Sequence[int]]
) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """Join axes that every operand walks as one, and drop axes of one element.

    Args:
        extents: Elements an axis, outermost first.
        steps: For each operand, bytes an axis.

    Returns:
        Extents and steps, of at least two axes; the first offers work to threads.

    Example:
        >>> merge((2, 3, 1, 4), [(48, 16, 16, 4)])
        ((1, 24), ((96, 4),))
    """
    kept: list[tuple[int, list[int]]] = []
    for axis, extent in enumerate(extents):
        moves = [step[axis] for step in steps]
        if extent == 1:
            continue
        if kept and kept[-1][1] == [move * extent for move in moves]:
            kept[-1] = (kept[-1][0] * extent, moves)
        else:
            kept.append((extent, moves))
    if not kept:
        kept.append((1, [0] * len(steps)))
    if len(kept) == 1:
        extent, moves = kept[0]
        pieces = _pieces(extent)
        kept = [
            (pieces, [move * (extent // pieces) for move in moves]),
            (extent // pieces, moves),
        ]
    sizes = tuple(extent for extent, _ in kept)
    columns = zip(*(moves for _, moves in kept), strict=True)
    return sizes, tuple(tuple(column) for column in columns)


def _pieces(extent: int) -> int:
    """Cut one long axis for threads, where it divides evenly."""
    for pieces in (16, 8, 4, 2):
        if extent % pieces == 0 and extent // pieces >= 1024:
            return pieces
    return 1
