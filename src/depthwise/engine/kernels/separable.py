"""Depthwise then pointwise, a few rows at a time, through scratch that stays near.

for g in groups of rows:
    for y in rows of g: scratch[y] = depthwise(in, y)
    out[g] = chain(pointwise(scratch))
"""

from __future__ import annotations

from dataclasses import dataclass

from depthwise.engine.emit import Body, Module
from depthwise.engine.kernels.dense import Dense
from depthwise.engine.kernels.depthwise import Depthwise
from depthwise.engine.kernels.kernel import emit_once
from depthwise.engine.layout import View


@dataclass(frozen=True)
class Separable:
    """A fused depthwise separable block.

    Args:
        name: Unique for this geometry.
        depthwise: The kernel of one row; its sink is the scratch memory.
        pointwise: The kernel of one group of rows; its source is the scratch memory.
        groups: Groups of rows.
        together: Rows of a group.
        source: Steps of the input, the stride included.
    """

    name: str
    depthwise: Depthwise
    pointwise: Dense
    groups: int
    together: int
    source: View

    @property
    def units(self) -> int:
        """Groups of rows."""
        return self.groups

    def emit(self, module: Module) -> None:
        """Write into ``module``: in, two weights, scratch, out, operands."""
        emit_once(self.depthwise, module)
        emit_once(self.pointwise, module)
        extra = [f"o{i}" for i in range(len(self.pointwise.epilogue.operands))]
        names = ["in", "filters", "weights", "scratch", "out", *extra]
        body = Body(module, self.name, names, ["low", "high"])
        places = [self.pointwise.sink, *self.pointwise.epilogue.operands]
        line = self.depthwise.width * self.depthwise.sink.view.pixel
        with body.loop("%low", "%high") as group:
            with body.loop(0, self.together) as row:
                index = body.add(body.mul(group, self.together), row)
                here = body.offset("%in", body.mul(index, self.source.row))
                there = body.offset("%scratch", body.mul(row, line))
                arguments = [here, "%filters", there]
                body.call(self.depthwise.name, arguments, [0, self.depthwise.units])
            outs = [
                body.offset(f"%{name}", body.mul(group, place.view.row))
                for name, place in zip(["out", *extra], places, strict=True)
            ]
            arguments = ["%scratch", "%weights", *outs]
            body.call(self.pointwise.name, arguments, [0, self.pointwise.units])
        body.close()
