"""Expand, depthwise, project, row by row, through a ring of hidden rows.

for y in groups of output rows:
    for r in hidden rows that y is the first to need: ring[r mod slots] = expand(in, r)
    for t in rows of y: scratch[t] = depthwise(rows of the ring around t)
    out[y] = chain(project(scratch))

No hidden row is computed twice within a thread; a thread that begins in the middle
computes the few rows above it once more. The expansion may be any convolution: a stem
goes into the same ring.
"""

from __future__ import annotations

from dataclasses import dataclass

from depthwise.engine.emit import Body, Int, Module
from depthwise.engine.kernels.dense import Dense
from depthwise.engine.kernels.depthwise import Depthwise, RowWriter
from depthwise.engine.kernels.kernel import emit_once
from depthwise.engine.layout import FLOAT


@dataclass(frozen=True)
class RingRow:
    """Depthwise on rows that lie anywhere: one pointer a row of taps.

    Args:
        name: Unique for this geometry.
        depthwise: The geometry; the places of its rows of taps are not used.
    """

    name: str
    depthwise: Depthwise

    @property
    def units(self) -> int:
        """Blocks of channels."""
        return self.depthwise.blocks

    def emit(self, module: Module) -> None:
        """Write the function into ``module``: rows, weights, out, low, high."""
        spec = self.depthwise
        rows = [f"r{i}" for i in range(len(spec.taps.rows))]
        names = [*rows, "weights", "out"]
        body = Body(module, self.name, names, ["low", "high"])
        size = (1 + spec.taps.count) * body.lanes * FLOAT
        with body.loop("%low", "%high") as block:
            plane = body.mul(block, spec.source.plane)
            starts = [body.offset(f"%{row}", plane) for row in rows]
            weights = body.offset("%weights", body.mul(block, size))
            out = body.offset("%out", body.mul(block, spec.sink.view.plane))
            RowWriter(spec, body).row(starts, weights, [out])
        body.close()


@dataclass(frozen=True)
class Ring:
    """Where hidden rows wait: ``[blocks][slots + 1][pitch][lanes]``.

    Args:
        blocks: Blocks of hidden channels.
        slots: Rows that are kept; one more is always zero.
        width: Pixels of a row.
        left: Zeros before a row.
        right: Zeros after a row.
        lanes: Channels side by side.
        height: Rows of the hidden image.
        above: Zero rows above it.
    """

    blocks: int
    slots: int
    width: int
    left: int
    right: int
    lanes: int
    height: int
    above: int

    @property
    def pixel(self) -> int:
        """Bytes of a pixel."""
        return self.lanes * FLOAT

    @property
    def row(self) -> int:
        """Bytes of a slot."""
        return (self.left + self.width + self.right) * self.pixel

    @property
    def plane(self) -> int:
        """Bytes of all slots of a block, never a whole number of pages."""
        size = (self.slots + 1) * self.row
        return size + (64 if size % 4096 == 0 else 0)

    @property
    def nbytes(self) -> int:
        """Bytes of everything."""
        return self.blocks * self.plane


@dataclass(frozen=True)
class InvertedResidual:
    """A fused expand, depthwise, project block.

    Args:
        name: Unique for this geometry.
        expand: The kernel of one hidden row; its sink is the ring.
        depthwise: The kernel of one row; it reads the ring and writes scratch.
        project: The kernel of one group of output rows; its source is scratch.
        ring: Where hidden rows wait.
        groups: Groups of output rows.
        together: Output rows of a group.
        stride: Hidden rows between neighbouring output rows.
    """

    name: str
    expand: Dense
    depthwise: RingRow
    project: Dense
    ring: Ring
    groups: int
    together: int
    stride: int

    @property
    def units(self) -> int:
        """Groups of output rows."""
        return self.groups

    @property
    def taps(self) -> int:
        """Hidden rows that an output row reads."""
        return len(self.depthwise.depthwise.taps.rows)

    def emit(self, module: Module) -> None:
        """Write into ``module``: in, three weights, scratch, out, operands."""
        for kernel in (self.expand, self.depthwise, self.project):
            emit_once(kernel, module)
        extra = [f"o{i}" for i in range(len(self.project.epilogue.operands))]
        names = ["in", "widen", "filters", "weights", "scratch", "out", *extra]
        body = Body(module, self.name, names, ["low", "high"])
        with body.when("slt", "%low", "%high"):
            self._clear(body)
            first = self._row_of(body, body.mul("%low", self.together), 0)
            self._expand(body, first, body.add(first, self.taps - self.stride))
            with body.loop("%low", "%high") as group:
                self._group(body, group, extra)
        body.close()

    def _row_of(self, body: Body, output: Int, tap: int) -> Int:
        """Find the hidden row that a tap of an output row reads."""
        return body.add(body.mul(output, self.stride), tap - self.ring.above)

    def _clear(self, body: Body) -> None:
        """Zero the edges of all slots, and the slot that is always zero."""
        ring = self.ring
        last = ring.left + ring.width
        edges = [*range(ring.left), *range(last, last + ring.right)]
        with body.loop(0, ring.blocks) as block:
            plane = body.offset("%scratch", body.mul(block, ring.plane))
            with body.loop(0, ring.slots) as slot:
                row = body.offset(plane, body.mul(slot, ring.row))
                for pixel in edges:
                    body.store(body.number(0.0), row, pixel * ring.pixel)
            with body.loop(0, last + ring.right) as pixel:
                move = body.add(ring.slots * ring.row, body.mul(pixel, ring.pixel))
                body.store(body.number(0.0), plane, move)

    def _expand(self, body: Body, first: Int, stop: Int) -> None:
        """Fill the slots of hidden rows ``first`` to ``stop``, those that exist."""
        ring = self.ring
        low, high = body.most(first, 0), body.least(stop, ring.height)
        with body.loop(low, high) as row:
            slot = body.mul(body.rem(row, ring.slots), ring.row)
            here = body.offset("%in", body.mul(row, self.expand.source.row))
            move = body.add(slot, ring.left * ring.pixel)
            there = body.offset("%scratch", move)
            arguments = [here, "%widen", there]
            body.call(self.expand.name, arguments, [0, self.expand.units])

    def _group(self, body: Body, group: Int, extra: list[str]) -> None:
        begin = body.mul(group, self.together)
        line = self.project.breaks * self.project.source.pixel
        outputs = body.offset("%scratch", self.ring.nbytes)
        with body.loop(0, self.together) as index:
            output = body.add(begin, index)
            stop = self._row_of(body, output, self.taps)
            self._expand(body, body.sub(stop, self.stride), stop)
            rows = [
                self._slot(body, self._row_of(body, output, tap))
                for tap in range(self.taps)
            ]
            there = body.offset(outputs, body.mul(index, line))
            arguments = [*rows, "%filters", there]
            body.call(self.depthwise.name, arguments, [0, self.depthwise.units])
        places = [self.project.sink, *self.project.epilogue.operands]
        outs = [
            body.offset(f"%{name}", body.mul(group, place.view.row))
            for name, place in zip(["out", *extra], places, strict=True)
        ]
        arguments = [outputs, "%weights", *outs]
        body.call(self.project.name, arguments, [0, self.project.units])

    def _slot(self, body: Body, row: Int) -> str:
        """Point at a hidden row, or at the row of zeros where there is none."""
        ring = self.ring
        turned = body.rem(body.add(row, ring.slots), ring.slots)
        inside = body.offset("%scratch", body.mul(turned, ring.row))
        zeros = body.offset("%scratch", ring.slots * ring.row)
        inside = body.choose(row, ring.height, inside, zeros)
        return body.choose(-1, row, inside, zeros)
