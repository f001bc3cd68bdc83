"""Depthwise convolution: one filter a channel, no mixing.

for b in blocks of channels, y in rows, x in pixels, c in lanes:
    sum = bias[b][c]
    for i in rows of taps, j in columns of taps:
        sum += in[b][y, i][x, j][c] * weight[b][i, j][c]
    out[b][y, x][c] = chain(sum)

With a depth multiplier M, output block b * M + m reads the lanes of input block b in
another order, and the loop over m is the innermost of blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from depthwise.engine.emit import Body, Int, Module
from depthwise.engine.kernels.kernel import NOTHING, Cursor, Epilogue, Place
from depthwise.engine.layout import FLOAT, View
from depthwise.engine.schedule import depthwise_pixels, split

_UNROLLED = 60
"""Taps up to which all are written out; more are a loop over rows of taps."""


@dataclass(frozen=True)
class Taps:
    """Where the taps of a depthwise kernel are, from the origin of an output pixel.

    Args:
        rows: Bytes to each row of taps, slices of a volume unrolled into rows.
        columns: Pixels of the input to each tap of a row.

    Example:
        >>> Taps(rows=(0, 256), columns=(0, 1, 2)).count
        6
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]

    @property
    def count(self) -> int:
        """Taps a channel."""
        return len(self.rows) * len(self.columns)

    @property
    def is_looped(self) -> bool:
        """Whether rows of taps are a loop; there are at least two then."""
        return self.count > _UNROLLED


def taps_of(rows: Sequence[int], columns: Sequence[int], pixel: int) -> Taps:
    """Arrange taps so that long rows are not written out either.

    Args:
        rows: Bytes to each row of taps.
        columns: Pixels to each tap of a row.
        pixel: Bytes of a pixel.

    Returns:
        The same taps in the same order; very long rows become one tap a row.

    Example:
        >>> taps_of((0, 96), (0, 1, 2), 32).columns
        (0, 1, 2)
    """
    if len(columns) <= _UNROLLED:
        return Taps(tuple(rows), tuple(columns))
    flat = [row + column * pixel for row in rows for column in columns]
    return Taps(tuple(flat), (0,))


@dataclass(frozen=True)
class Depthwise:
    """The depthwise kernel on one geometry.

    Args:
        name: Unique for this geometry.
        blocks: Blocks of input channels.
        slices: Slices a block; 1 for images.
        rows: Rows a slice of the output.
        width: Pixels a row of the output.
        taps: Where taps are.
        stride: Input pixels between neighbouring outputs of a row.
        source: Steps of the input; ``row`` and ``slice`` include the stride, ``pixel``
            does not.
        sink: Steps of the output.
        multiplier: Output channels an input channel.
        outputs: Blocks of output channels; 0 where it is ``blocks * multiplier``.
        epilogue: What happens before the store.
    """

    name: str
    blocks: int
    slices: int
    rows: int
    width: int
    taps: Taps
    stride: int
    source: View
    sink: Place
    multiplier: int = 1
    outputs: int = 0
    epilogue: Epilogue = NOTHING

    @property
    def lines(self) -> int:
        """Rows of all slices of one block."""
        return self.slices * self.rows

    @property
    def units(self) -> int:
        """Rows of all blocks."""
        return self.blocks * self.lines

    def emit(self, module: Module) -> None:
        """Write the function into ``module``: in, weights, out, operands, low, high."""
        extra = [f"o{i}" for i in range(len(self.epilogue.operands))]
        names = ["in", "weights", "out", *extra]
        body = Body(module, self.name, names, ["low", "high"])
        lines = self.lines
        first, last = (
            body.div("%low", lines),
            body.div(body.add("%high", lines - 1), lines),
        )
        with body.loop(first, last) as block:
            begin = body.most(body.sub("%low", body.mul(block, lines)), 0)
            end = body.least(body.sub("%high", body.mul(block, lines)), lines)
            self._block(body, [f"%{n}" for n in names], block, (begin, end))
        body.close()

    def _block(
        self, body: Body, names: list[str], block: Int, lines: tuple[Int, Int]
    ) -> None:
        exact = self.outputs in {0, self.blocks * self.multiplier}
        for phase in range(self.multiplier):
            index = body.add(body.mul(block, self.multiplier), phase)
            guard = nullcontext() if exact else body.when("slt", index, self.outputs)
            with guard:
                source = body.offset(names[0], body.mul(block, self.source.plane))
                self._phase(body, [source, *names[1:]], (index, phase), lines)

    def _phase(
        self,
        body: Body,
        names: list[str],
        output: tuple[Int, int],
        lines: tuple[Int, Int],
    ) -> None:
        places = [self.sink, *self.epilogue.operands]
        index, phase = output
        size = (1 + self.taps.count) * body.lanes * FLOAT
        weights = body.offset(names[1], body.mul(index, size))
        outs = [
            body.offset(name, body.mul(index, place.view.plane))
            for name, place in zip(names[2:], places, strict=True)
        ]
        with body.loop(*lines) as line:
            deep, row = body.div(line, self.rows), body.rem(line, self.rows)
            if self.slices == 1:
                deep, row = 0, line
            here = _move(body, names[0], self.source, deep, row)
            pointers = [
                _move(body, out, place.view, deep, row)
                for out, place in zip(outs, places, strict=True)
            ]
            starts = [body.offset(here, step) for step in self._fixed_rows()]
            RowWriter(self, body, phase).row(starts, weights, pointers)

    def _fixed_rows(self) -> tuple[int, ...]:
        return (0,) if self.taps.is_looped else self.taps.rows


def _by_phase(columns: Sequence[int], stride: int) -> list[tuple[int, int]]:
    """Order taps so that those which read the same pixels follow each other.

    What a tile of outputs keeps in registers is then one pixel an output, at any
    stride.
    """
    return sorted(enumerate(columns), key=lambda tap: (tap[1] % stride, tap[1]))


def _move(body: Body, pointer: str, view: View, deep: Int, row: Int) -> str:
    steps = body.add(body.mul(deep, view.slice), body.mul(row, view.row))
    return body.offset(pointer, steps)


@dataclass(frozen=True)
class RowWriter:
    """Writes the code of one row of outputs.

    Args:
        spec: The kernel.
        body: Where to write.
        phase: Which of the multiplier's outputs.
    """

    spec: Depthwise
    body: Body
    phase: int = 0

    def row(self, starts: list[str], weights: str, outs: list[str]) -> None:
        """Write a row: ``starts`` of tap rows, ``weights``, ``outs`` and operands."""
        body, spec = self.body, self.spec
        cut = split(spec.width, depthwise_pixels(body.module.target))
        with body.loop(0, cut.count) as index:
            self._tile(starts, weights, outs, body.mul(index, cut.large), cut.large)
        if cut.rest:
            with body.loop(0, cut.rest) as index:
                first = body.add(cut.count * cut.large, body.mul(index, cut.small))
                self._tile(starts, weights, outs, first, cut.small)

    def _tile(
        self, starts: list[str], weights: str, outs: list[str], first: Int, pixels: int
    ) -> None:
        body, spec = self.body, self.spec
        vector = body.lanes * FLOAT
        sums = [body.load(weights)] * pixels
        move = body.mul(first, spec.stride * spec.source.pixel)
        if not spec.taps.is_looped:
            for index, start in enumerate(starts):
                here = body.offset(start, move)
                at = vector * (1 + index * len(spec.taps.columns))
                sums = self._taps(sums, here, body.offset(weights, at))
        else:
            sums = self._looped(sums, body.offset(starts[0], move), weights)
        self._store(sums, outs, first)

    def _looped(self, sums: list[str], start: str, weights: str) -> list[str]:
        body, taps = self.body, self.spec.taps
        vector = body.lanes * FLOAT
        with body.reduce(0, len(taps.rows), sums) as loop:
            here = body.offset(
                start, body.load_int(body.module.table(taps.rows), loop.index)
            )
            size = len(taps.columns) * vector
            at = body.offset(weights, body.mul(loop.index, size))
            loop.values = self._taps(loop.values, here, body.offset(at, vector))
        return loop.values

    def _taps(self, sums: list[str], start: str, weights: str) -> list[str]:
        """Add one row of taps; neighbouring outputs share what they read."""
        body, spec = self.body, self.spec
        sums = list(sums)
        seen: dict[int, str] = {}
        for index, column in _by_phase(spec.taps.columns, spec.stride):
            body.keep_order()
            weight = body.load(weights, index * body.lanes * FLOAT)
            for pixel in range(len(sums)):
                place = pixel * spec.stride + column
                if place not in seen:
                    seen[place] = self._read(start, place)
                sums[pixel] = body.fma(seen[place], weight, sums[pixel])
        return sums

    def _read(self, start: str, place: int) -> str:
        body, spec = self.body, self.spec
        move = place * spec.source.pixel
        if spec.multiplier == 1:
            return body.load(start, move)
        first = self.phase * body.lanes
        order = [(first + lane) // spec.multiplier for lane in range(body.lanes)]
        if order[0] == order[-1]:
            return body.broadcast(start, move + order[0] * FLOAT)
        return body.shuffle(body.load(start, move), order)

    def _store(self, sums: list[str], outs: list[str], first: Int) -> None:
        body, spec = self.body, self.spec
        places = [spec.sink, *spec.epilogue.operands]
        starts = [
            body.offset(out, body.mul(first, place.view.pixel))
            for out, place in zip(outs, places, strict=True)
        ]
        cursor = Cursor(body, spec.epilogue, starts[1:])
        for pixel, value in enumerate(sums):
            moves = [pixel * place.view.pixel for place in places]
            body.store(cursor.finish(value, moves[1:]), starts[0], moves[0])
