"""Pooling over sliding windows, and over whole images.

for b in blocks, q in output places, c in lanes:
    out[b][q][c] = max or mean of in[b][q, t][c] for taps t inside the image
"""

from __future__ import annotations

from dataclasses import dataclass

from depthwise.engine.emit import Body, Int, Module
from depthwise.engine.kernels.chain import Link, apply
from depthwise.engine.layout import Sizes, View
from depthwise.graph.operators.window import Window

_LOWEST = {"max": -float("inf"), "mean": 0.0, "sum": 0.0}
_CHAINS = 4
"""Independent accumulators of a global reduction: enough to hide an addition."""


def combine(body: Body, kind: str, a: str, b: str) -> str:
    """Fold one more vector into an accumulator.

    Args:
        body: Where to write.
        kind: "max", "mean" or "sum".
        a: The accumulator.
        b: The vector.

    Returns:
        The new accumulator; NaN stays.
    """
    if kind == "max":
        return apply(body, Link("Max", (), 0), a, b)
    return body.arithmetic("fadd", a, b)


@dataclass(frozen=True)
class GlobalPool:
    """Reduces every plane to one vector.

    Args:
        name: Unique for this geometry.
        kind: "max", "mean" or "sum".
        blocks: Planes.
        sizes: Depth, height and width.
        source: Steps of the input.
        plane: Bytes between results.
    """

    name: str
    kind: str
    blocks: int
    sizes: Sizes
    source: View
    plane: int

    @property
    def units(self) -> int:
        """Planes."""
        return self.blocks

    def emit(self, module: Module) -> None:
        """Write the function into ``module``: in, out, low, high."""
        body = Body(module, self.name, ["in", "out"], ["low", "high"])
        deep, high, wide = self.sizes
        lowest = body.number(_LOWEST[self.kind])
        with body.loop("%low", "%high") as block:
            plane = body.offset("%in", body.mul(block, self.source.plane))
            with body.reduce(0, deep * high, [lowest] * _CHAINS) as rows:
                slice_, row = body.div(rows.index, high), body.rem(rows.index, high)
                steps = body.mul(slice_, self.source.slice)
                steps = body.add(steps, body.mul(row, self.source.row))
                start = body.offset(plane, steps)
                rows.values = self._row(body, start, wide, rows.values)
            value = rows.values[0]
            for other in rows.values[1:]:
                value = combine(body, self.kind, value, other)
            if self.kind == "mean":
                count = body.number(float(deep * high * wide))
                value = body.arithmetic("fdiv", value, count)
            body.store(value, "%out", body.mul(block, self.plane))
        body.close()

    def _row(self, body: Body, start: str, wide: int, sums: list[str]) -> list[str]:
        full, rest = divmod(wide, _CHAINS)
        pixel = self.source.pixel
        if full:
            with body.reduce(0, full, sums) as loop:
                here = body.offset(start, body.mul(loop.index, _CHAINS * pixel))
                loop.values = [
                    combine(body, self.kind, s, body.load(here, i * pixel))
                    for i, s in enumerate(loop.values)
                ]
            sums = loop.values
        tail = [
            combine(body, self.kind, s, body.load(start, (full * _CHAINS + i) * pixel))
            for i, s in enumerate(sums[:rest])
        ]
        return [*tail, *sums[rest:]]


@dataclass(frozen=True)
class WindowPool:
    """Reduces windows; taps outside the image are left out.

    Args:
        name: Unique for this geometry.
        kind: "max" or "mean".
        blocks: Planes.
        windows: Depth, height and width.
        source: Steps of the input, without stride.
        sink: Steps of the output.
        padded: Whether a mean divides by taps on declared padding as well.
    """

    name: str
    kind: str
    blocks: int
    windows: tuple[Window, Window, Window]
    source: View
    sink: View
    padded: bool = False

    @property
    def units(self) -> int:
        """Rows of all planes."""
        deep, high, _ = self.windows
        return self.blocks * deep.outputs * high.outputs

    def emit(self, module: Module) -> None:
        """Write the function into ``module``: in, out, low, high."""
        body = Body(module, self.name, ["in", "out"], ["low", "high"])
        deep, high, wide = self.windows
        with body.loop("%low", "%high") as unit:
            row = body.rem(unit, high.outputs)
            rest = body.div(unit, high.outputs)
            slice_, block = body.rem(rest, deep.outputs), body.div(rest, deep.outputs)
            source = body.offset("%in", body.mul(block, self.source.plane))
            steps = body.add(
                body.mul(block, self.sink.plane), body.mul(row, self.sink.row)
            )
            steps = body.add(steps, body.mul(slice_, self.sink.slice))
            sink = body.offset("%out", steps)
            with body.loop(0, wide.outputs) as column:
                value = self._window(body, source, (slice_, row, column))
                body.store(value, sink, body.mul(column, self.sink.pixel))
        body.close()

    def _window(self, body: Body, source: str, place: tuple[Int, Int, Int]) -> str:
        steps = (self.source.slice, self.source.row, self.source.pixel)
        ranges = [
            _Range.of(body, window, index)
            for window, index in zip(self.windows, place, strict=True)
        ]
        values = [body.number(_LOWEST[self.kind])]
        value = self._axis(body, ranges, steps, source, values)[0]
        if self.kind == "max":
            return value
        counts = [
            r.padded if self.padded else body.sub(r.stop, r.start) for r in ranges
        ]
        count = body.mul(body.mul(counts[0], counts[1]), counts[2])
        return body.arithmetic("fdiv", value, body.from_int(body.most(count, 1)))

    def _axis(
        self,
        body: Body,
        ranges: list[_Range],
        steps: tuple[int, ...],
        source: str,
        values: list[str],
    ) -> list[str]:
        if not ranges:
            return [combine(body, self.kind, values[0], body.load(source))]
        here = ranges[0]
        with body.reduce(here.start, here.stop, values) as loop:
            place = body.add(here.origin, body.mul(loop.index, here.dilation))
            at = body.offset(source, body.mul(place, steps[0]))
            loop.values = self._axis(body, ranges[1:], steps[1:], at, loop.values)
        return loop.values


@dataclass(frozen=True)
class _Range:
    """Taps of one axis that are inside: first, end, and how many with padding."""

    origin: Int
    dilation: int
    start: Int
    stop: Int
    padded: Int

    @staticmethod
    def of(body: Body, window: Window, index: Int) -> _Range:
        origin = body.sub(body.mul(index, window.stride), window.begin)
        start = _taps(body, body.sub(0, origin), window.dilation)
        stop = _taps(body, body.sub(window.size, origin), window.dilation)
        end = window.size + window.end
        padded = _taps(body, body.sub(end, origin), window.dilation)
        return _Range(
            origin,
            window.dilation,
            body.least(start, window.kernel),
            body.least(stop, window.kernel),
            body.least(padded, window.kernel),
        )


def _taps(body: Body, room: Int, dilation: int) -> Int:
    """Count the taps in the first ``room`` elements."""
    return body.div(body.add(body.most(room, 0), dilation - 1), dilation)
