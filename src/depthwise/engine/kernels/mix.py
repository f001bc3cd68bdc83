"""Interpolation along one axis: each output mixes a few inputs by constant weights.

for u in outer axes, o in outputs, i in inner:
    out[u][o][i] = sum over taps t of w[o][t] * in[u][at[o][t]][i]
"""

from __future__ import annotations

from dataclasses import dataclass

from depthwise.engine.emit import Body, Int, Module
from depthwise.engine.layout import FLOAT


@dataclass(frozen=True)
class Mix:
    """Interpolation of one axis of a strided array.

    Args:
        name: Unique for this geometry.
        outer: Elements of the axes before.
        source: For each of those, bytes of the input.
        sink: For each of those, bytes of the output.
        moves: For each output and tap, bytes into the input.
        step: Bytes between outputs.
        inner: Elements next to each other behind the axis.
    """

    name: str
    outer: tuple[int, ...]
    source: tuple[int, ...]
    sink: tuple[int, ...]
    moves: tuple[tuple[int, ...], ...]
    step: int
    inner: int

    @property
    def units(self) -> int:
        """Elements of the outermost axis."""
        return self.outer[0]

    def emit(self, module: Module) -> None:
        """Write the function into ``module``: in, weights, out, low, high."""
        body = Body(module, self.name, ["in", "weights", "out"], ["low", "high"])
        self._axis(body, 0, "%in", "%out")
        body.close()

    def _axis(self, body: Body, axis: int, source: str, sink: str) -> None:
        if axis == len(self.outer):
            self._outputs(body, source, sink)
            return
        bounds: tuple[Int, Int] = ("%low", "%high")
        if axis:
            bounds = (0, self.outer[axis])
        with body.loop(*bounds) as index:
            here = body.offset(source, body.mul(index, self.source[axis]))
            there = body.offset(sink, body.mul(index, self.sink[axis]))
            self._axis(body, axis + 1, here, there)

    def _outputs(self, body: Body, source: str, sink: str) -> None:
        taps = len(self.moves[0])
        table = body.module.table([move for row in self.moves for move in row])
        with body.loop(0, len(self.moves)) as output:
            first = body.mul(output, taps)
            moves = [body.load_int(table, body.add(first, t)) for t in range(taps)]
            rows = [body.offset(source, move) for move in moves]
            weights = body.offset("%weights", body.mul(first, FLOAT))
            there = body.offset(sink, body.mul(output, self.step))
            self._inner(body, rows, weights, there)

    def _inner(self, body: Body, rows: list[str], weights: str, sink: str) -> None:
        lanes = body.lanes
        whole = self.inner // lanes * lanes
        for width, start, stop in ((lanes, 0, whole), (1, whole, self.inner)):
            if start < stop:
                with body.width(width):
                    factors = [
                        body.broadcast(weights, t * FLOAT) for t in range(len(rows))
                    ]
                    with body.loop(start, stop, width) as index:
                        move = body.mul(index, FLOAT)
                        self._element(body, rows, factors, (sink, move))

    def _element(
        self, body: Body, rows: list[str], factors: list[str], place: tuple[str, Int]
    ) -> None:
        sink, move = place
        values = [body.load(row, move) for row in rows]
        total = values[0]
        if len(rows) > 1:
            total = body.arithmetic("fmul", values[0], factors[0])
            for value, factor in zip(values[1:], factors[1:], strict=True):
                total = body.fma(value, factor, total)
        body.store(total, sink, move)
