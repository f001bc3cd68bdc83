"""Rows of plain arrays: reductions, softmax, normalisation by the row's own statistics.

for r in rows: out[r] = reduce(in[r])
for r in rows, i in length: out[r][i] = exp(in[r][i] - max) / sum of those
for r in rows, i in length: out[r][i] = (in[r][i] - mean) / sqrt(variance + epsilon)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from depthwise.engine.emit import Body, Module
from depthwise.engine.kernels.chain import Link, apply
from depthwise.engine.kernels.functions import exponential, logarithm
from depthwise.engine.layout import FLOAT

Value: TypeAlias = Callable[[Body, str], str]
"""What a reduction sees of an element; works on vectors and on scalars."""

LOWEST = {
    "sum": 0.0,
    "mean": 0.0,
    "max": -float("inf"),
    "min": float("inf"),
}
_FOLDS = {"max": Link("Max", (), 0), "min": Link("Min", (), 0)}


@dataclass(frozen=True)
class Rows:
    """Work on rows.

    Args:
        name: Unique for this geometry.
        kind: "sum", "mean", "max", "min", "softmax", "log_softmax" or "normalise".
        count: Rows.
        length: Elements of a row.
        epsilon: Added to the variance by "normalise".
    """

    name: str
    kind: str
    count: int
    length: int
    epsilon: float = 0.0

    @property
    def units(self) -> int:
        """Rows."""
        return self.count

    def emit(self, module: Module) -> None:
        """Write the function into ``module``: in, out, low, high."""
        body = Body(module, self.name, ["in", "out"], ["low", "high"])
        size = self.length * FLOAT
        with body.loop("%low", "%high") as row:
            source = body.offset("%in", body.mul(row, size))
            if self.kind in LOWEST:
                total = self._reduced(body, source)
                with body.width(1):
                    body.store(total, "%out", body.mul(row, FLOAT))
            else:
                sink = body.offset("%out", body.mul(row, size))
                self._mapped(body, source, sink)
        body.close()

    def _reduced(self, body: Body, source: str) -> str:
        total = self._fold(body, source, self.kind, lambda _, x: x)
        return self._mean(body, total) if self.kind == "mean" else total

    def _mean(self, body: Body, total: str) -> str:
        with body.width(1):
            return body.arithmetic("fdiv", total, body.number(float(self.length)))

    def _mapped(self, body: Body, source: str, sink: str) -> None:
        if self.kind == "normalise":
            self._normalise(body, source, sink)
            return
        top = self._fold(body, source, "max", lambda _, x: x)

        def shifted(body: Body, x: str) -> str:
            return body.arithmetic("fsub", x, body.splat(top))

        def power(body: Body, x: str) -> str:
            return exponential(body, shifted(body, x))

        total = self._fold(body, source, "sum", power)
        if self.kind == "log_softmax":
            with body.width(1):
                log = logarithm(body, total)
            self._map(body, source, sink, lambda b, x: _less(b, shifted(b, x), log))
            return
        self._map(body, source, sink, lambda b, x: _over(b, power(b, x), total))

    def _normalise(self, body: Body, source: str, sink: str) -> None:
        mean = self._mean(body, self._fold(body, source, "sum", lambda _, x: x))

        def square(body: Body, x: str) -> str:
            centred = _less(body, x, mean)
            return body.arithmetic("fmul", centred, centred)

        variance = self._mean(body, self._fold(body, source, "sum", square))
        with body.width(1):
            moved = body.arithmetic("fadd", variance, body.number(self.epsilon))
            deviation = body.root(moved)
        self._map(
            body, source, sink, lambda b, x: _over(b, _less(b, x, mean), deviation)
        )

    def _fold(self, body: Body, source: str, kind: str, value: Value) -> str:
        """Reduce a row to one scalar: vectors first, then their lanes and the tail."""
        lanes = body.lanes
        whole = self.length // lanes * lanes
        total = ""
        if whole:
            start = [body.number(LOWEST[kind])]
            with body.reduce(0, whole, start, lanes) as loop:
                x = body.load(source, body.mul(loop.index, FLOAT))
                loop.values = [_merge(body, kind, loop.values[0], value(body, x))]
            parts = [body.extract(loop.values[0], lane) for lane in range(lanes)]
            with body.width(1):
                total = parts[0]
                for part in parts[1:]:
                    total = _merge(body, kind, total, part)
        with body.width(1):
            total = total or body.number(LOWEST[kind])
            if whole < self.length:
                with body.reduce(whole, self.length, [total]) as loop:
                    x = body.load(source, body.mul(loop.index, FLOAT))
                    loop.values = [_merge(body, kind, loop.values[0], value(body, x))]
                total = loop.values[0]
        return total

    def _map(self, body: Body, source: str, sink: str, value: Value) -> None:
        lanes = body.lanes
        whole = self.length // lanes * lanes
        for width, start, stop in ((lanes, 0, whole), (1, whole, self.length)):
            if start < stop:
                with body.width(width), body.loop(start, stop, width) as index:
                    move = body.mul(index, FLOAT)
                    body.store(value(body, body.load(source, move)), sink, move)


def _merge(body: Body, kind: str, a: str, b: str) -> str:
    if kind in _FOLDS:
        return apply(body, _FOLDS[kind], a, b)
    return body.arithmetic("fadd", a, b)


def _less(body: Body, x: str, scalar: str) -> str:
    return body.arithmetic("fsub", x, body.splat(scalar))


def _over(body: Body, x: str, scalar: str) -> str:
    return body.arithmetic("fdiv", x, body.splat(scalar))
