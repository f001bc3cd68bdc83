"""Matrix kernel of every convolution that mixes channels, and of linear layers.

for q in rows, p in pixels, k in output channels:
    sum = bias[k]
    for t in taps, c in channels: sum += in[c][q, p, t] * weight[t][c][k]
    out[k][q, p] = chain(sum)

Pointwise has one tap; a stem reads planes of single channels; a linear layer has
samples for pixels; a transposed convolution runs once a phase, over its own taps.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from depthwise.engine.emit import Body, Int, Module
from depthwise.engine.kernels.kernel import NOTHING, Cursor, Epilogue, Place
from depthwise.engine.layout import FLOAT, Panels, View
from depthwise.engine.schedule import fetches_ahead, split, tile_pixels

_UNROLLED = 330
"""Multiply-adds up to which all steps are written out: no counter, no table."""
_LINE = 64
"""Bytes that one prefetch brings."""
_MANY_TILES = 64
"""More tiles than this hide by themselves that their first one waits for weights."""


@dataclass(frozen=True)
class Dense:
    """The matrix kernel on one geometry.

    Args:
        name: Unique for this geometry.
        slices: Slices of a volume; 1 for images.
        rows: Rows a slice.
        width: Pixels a row.
        taps: Bytes from a pixel's origin to each tap.
        channels: Input channels that one output channel sums.
        inner: Input channels side by side in memory.
        source: Steps of the input; ``pixel`` and ``row`` include the stride.
        sink: Steps of the output.
        panels: Output channels of one group.
        groups: Groups of channels.
        epilogue: What happens before the store.
        breaks: Pixels of a true row, where a row of the kernel is several.
        tail: Elements of the very last vector that exist; 0 where all do.
        by_panels: Whether units are panels; otherwise they are rows.
    """

    name: str
    slices: int
    rows: int
    width: int
    taps: tuple[int, ...]
    channels: int
    inner: int
    source: View
    sink: Place
    panels: tuple[Panels, ...]
    groups: int = 1
    epilogue: Epilogue = NOTHING
    breaks: int = 0
    tail: int = 0
    by_panels: bool = False

    @property
    def units(self) -> int:
        """Panels or rows."""
        if self.by_panels:
            return sum(panel.count for panel in self.panels)
        return self.slices * self.rows

    def emit(self, module: Module) -> None:
        """Write the function into ``module``: in, weights, out, operands, low, high."""
        extra = [f"o{i}" for i in range(len(self.epilogue.operands))]
        names = ["in", "weights", "out", *extra]
        body = Body(module, self.name, names, ["low", "high"])
        _Writer(self, body).groups([f"%{name}" for name in names])
        body.close()


@dataclass(frozen=True)
class _Panel:
    """Pointers of one panel, at its first vector.

    ``lanes`` holds, a vector, how many elements exist.
    """

    source: str
    weights: str
    outs: list[str]
    lanes: list[int]


@dataclass(frozen=True)
class _Ahead:
    """Lines of the next panel's weights that a tile fetches, a step of its sums."""

    start: str = ""
    lines: int = 0

    def fetch(self, body: Body, move: Int) -> None:
        if not self.lines:
            return
        place = body.offset(self.start, move)
        for line in range(self.lines):
            body.prefetch(place, line * _LINE)


class _Writer:
    def __init__(self, spec: Dense, body: Body) -> None:
        self.spec = spec
        self.body = body
        self.vector = body.lanes * FLOAT
        self.places = [spec.sink, *spec.epilogue.operands]
        self.full = [
            tap + block * spec.source.plane
            for tap in spec.taps
            for block in range(spec.channels // spec.inner)
        ]
        self.rest = spec.channels % spec.inner
        last = spec.channels // spec.inner * spec.source.plane
        self.part = [tap + last for tap in spec.taps] if self.rest else []
        steps = len(self.full) * spec.inner + len(self.part) * self.rest
        self.rows_per_vector = 1 + steps
        self.blocks = sum(p.vectors * p.count for p in spec.panels)
        size = self.blocks * self.rows_per_vector * self.vector
        self.fetches = fetches_ahead(body.module.target, size)
        self.ahead = _Ahead()

    def groups(self, pointers: list[str]) -> None:
        spec, body = self.spec, self.body
        with body.loop(0, spec.groups) as group:
            planes = spec.channels // spec.inner * spec.source.plane
            source = body.offset(pointers[0], body.mul(group, planes))
            size = self.blocks * self.rows_per_vector * self.vector
            weights = body.offset(pointers[1], body.mul(group, size))
            outs = self._advance(pointers[2:], body.mul(group, self.blocks))
            self._panels(source, weights, outs)

    def _advance(self, pointers: Sequence[str], blocks: Int) -> list[str]:
        body = self.body
        return [
            body.offset(pointer, body.mul(blocks, place.view.plane))
            for pointer, place in zip(pointers, self.places, strict=True)
        ]

    def _panels(self, source: str, weights: str, outs: list[str]) -> None:
        body = self.body
        done, block = 0, 0
        for kind, lanes in self._kinds():
            size = kind.vectors * self.rows_per_vector * self.vector
            base = block * self.rows_per_vector * self.vector
            with self._range(done, kind.count) as panel:
                at = body.offset(weights, body.add(base, body.mul(panel, size)))
                first = body.add(block, body.mul(panel, kind.vectors))
                here = self._advance(outs, first)
                self._rows(_Panel(source, at, here, lanes))
            done += kind.count
            block += kind.count * kind.vectors

    def _kinds(self) -> list[tuple[Panels, list[int]]]:
        """Panels with the elements of each vector; a tail stands alone."""
        whole = [(kind, [self.body.lanes] * kind.vectors) for kind in self.spec.panels]
        if not self.spec.tail:
            return whole
        kind, lanes = whole.pop()
        if kind.count > 1:
            whole.append((Panels(kind.vectors, kind.count - 1), lanes))
        whole.append((Panels(kind.vectors, 1), [*lanes[:-1], self.spec.tail]))
        return whole

    def _range(self, done: int, count: int) -> AbstractContextManager[Int]:
        body = self.body
        if not self.spec.by_panels:
            return body.loop(0, count)
        low = body.most(body.sub("%low", done), 0)
        high = body.least(body.sub("%high", done), count)
        return body.loop(low, high)

    def _rows(self, panel: _Panel) -> None:
        spec, body = self.spec, self.body
        low, high = (
            (0, spec.slices * spec.rows) if spec.by_panels else ("%low", "%high")
        )
        with body.loop(low, high) as unit:
            deep, row = body.div(unit, spec.rows), body.rem(unit, spec.rows)
            if spec.slices == 1:
                deep, row = 0, unit
            source = self._place(panel.source, spec.source, deep, row)
            outs = [
                self._place(pointer, place.view, deep, row)
                for pointer, place in zip(panel.outs, self.places, strict=True)
            ]
            self._tiles(_Panel(source, panel.weights, outs, panel.lanes), unit)

    def _place(self, pointer: str, view: View, deep: Int, row: Int) -> str:
        body = self.body
        steps = body.add(body.mul(deep, view.slice), body.mul(row, view.row))
        return body.offset(pointer, steps)

    def _tiles(self, panel: _Panel, row: Int) -> None:
        body, target = self.body, self.body.module.target
        cut = split(self.spec.width, tile_pixels(target, len(panel.lanes)))
        tiles = cut.count + cut.rest
        before = body.mul(row, tiles)
        with body.loop(0, cut.count) as index:
            self.ahead = self._share(panel, body.add(before, index), tiles)
            self._tile(panel, body.mul(index, cut.large), cut.large)
        if cut.rest:
            with body.loop(0, cut.rest) as index:
                number = body.add(before, body.add(cut.count, index))
                self.ahead = self._share(panel, number, tiles)
                first = body.add(cut.count * cut.large, body.mul(index, cut.small))
                self._tile(panel, first, cut.small)

    def _share(self, panel: _Panel, tile: Int, tiles: int) -> _Ahead:
        """Say what this tile fetches: all tiles together fetch the next panel once."""
        total = tiles * self.spec.slices * self.spec.rows
        if not self.fetches or not 1 < total <= _MANY_TILES:
            return _Ahead()
        body, size = self.body, len(panel.lanes) * self.vector
        near = body.module.target.l2_bytes // 4
        if size * self.rows_per_vector > near:  # two panels would not stay beside it
            return _Ahead()
        step = -(-self.spec.inner * size // _LINE)
        lines = -(-step // total)
        turn = -(-step // lines)
        part = body.rem(tile, turn) if turn < total else tile
        move = body.mul(part, lines * _LINE)
        following = body.add(size * self.rows_per_vector, move)
        return _Ahead(body.offset(panel.weights, following), lines)

    def _tile(self, panel: _Panel, first: Int, pixels: int) -> None:
        body, spec = self.body, self.spec
        source = body.offset(panel.source, body.mul(first, spec.source.pixel))
        vectors = range(len(panel.lanes))
        bias = [body.load(panel.weights, j * self.vector) for j in vectors]
        sums = [bias[j] for _ in range(pixels) for j in vectors]
        at = body.offset(panel.weights, len(panel.lanes) * self.vector)
        count = len(panel.lanes)
        sums = self._steps(sums, source, at, self.full, spec.inner, count)
        size = len(self.full) * spec.inner * len(panel.lanes) * self.vector
        if self.part:
            self.ahead = _Ahead()
            at = body.offset(at, size)
            sums = self._steps(sums, source, at, self.part, self.rest, count)
        self._store(panel, sums, first, pixels)

    def _steps(
        self,
        sums: list[str],
        source: str,
        weights: str,
        steps: list[int],
        deep: int,
        vectors: int,
    ) -> list[str]:
        body = self.body
        if not steps:
            return sums
        size = deep * vectors * self.vector
        if len(steps) == 1 or len(steps) * deep * len(sums) <= _UNROLLED:
            for index, step in enumerate(steps):
                here = body.offset(source, step)
                at = body.offset(weights, index * size)
                self.ahead.fetch(body, index * size)
                sums = self._step(sums, here, at, deep, vectors)
            return sums
        gaps = {b - a for a, b in itertools.pairwise(steps)}
        with body.reduce(0, len(steps), sums) as loop:
            if len(gaps) == 1:
                move = body.add(steps[0], body.mul(loop.index, gaps.pop()))
            else:
                move = body.load_int(body.module.table(steps), loop.index)
            at = body.offset(weights, body.mul(loop.index, size))
            here = body.offset(source, move)
            self.ahead.fetch(body, body.mul(loop.index, size))
            loop.values = self._step(loop.values, here, at, deep, vectors)
        return loop.values

    def _step(
        self, sums: list[str], source: str, weights: str, deep: int, vectors: int
    ) -> list[str]:
        body = self.body
        pixels = len(sums) // vectors
        sums = list(sums)
        for channel in range(deep):
            row = channel * vectors
            body.keep_order()
            ws = [body.load(weights, (row + j) * self.vector) for j in range(vectors)]
            for pixel in range(pixels):
                move = pixel * self.spec.source.pixel + channel * FLOAT
                x = body.broadcast(source, move)
                for j in range(vectors):
                    index = pixel * vectors + j
                    sums[index] = body.fma(x, ws[j], sums[index])
        return sums

    def _store(self, panel: _Panel, sums: list[str], first: Int, pixels: int) -> None:
        body, vectors = self.body, len(panel.lanes)
        body.keep_order()
        starts = [
            self._pixels(pointer, place, first, pixels)
            for pointer, place in zip(panel.outs, self.places, strict=True)
        ]
        for pixel in range(pixels):
            pointers = [start[pixel] for start in starts]
            for j, lanes in enumerate(panel.lanes):
                cursor = Cursor(body, self.spec.epilogue, pointers[1:], lanes)
                moves = [j * place.view.plane for place in self.places]
                value = cursor.finish(sums[pixel * vectors + j], moves[1:])
                body.store_part(value, lanes, pointers[0], moves[0])

    def _pixels(self, pointer: str, place: Place, first: Int, count: int) -> list[str]:
        """Find the address of each pixel of a tile; rows in a halo need a table."""
        body, step = self.body, place.view.pixel
        if not place.gap:
            start = body.offset(pointer, body.mul(first, step))
            return [body.offset(start, pixel * step) for pixel in range(count)]
        moves = [
            p * step + p // self.spec.breaks * place.gap for p in range(self.spec.width)
        ]
        table = body.module.table(moves)
        indices = [body.add(first, pixel) for pixel in range(count)]
        return [body.offset(pointer, body.load_int(table, i)) for i in indices]
