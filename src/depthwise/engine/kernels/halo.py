"""Zeros around an image whose memory other values have used.

for b in blocks, d in slices: out[b][d] = 0 outside the image
"""

from __future__ import annotations

from dataclasses import dataclass

from depthwise.engine.emit import Body, Int, Module
from depthwise.engine.layout import Blocked


@dataclass(frozen=True)
class ClearHalo:
    """Writes the halo of one layout, whole slices in front of and behind it included.

    Args:
        layout: The image; its lanes are the CPU's, or 1.
    """

    layout: Blocked

    @property
    def name(self) -> str:
        """Unique for this geometry."""
        layout = self.layout
        sizes = "x".join(map(str, layout.sizes))
        edges = "_".join(f"{a}{b}" for a, b in layout.halo)
        return f"clear_halo_{sizes}_{edges}_c{layout.channels}_l{layout.lanes}"

    @property
    def units(self) -> int:
        """Planes."""
        return self.layout.blocks

    def emit(self, module: Module) -> None:
        """Write the function into ``module``: start of the buffer, low, high."""
        body = Body(module, self.name, ["out"], ["low", "high"])
        layout = self.layout
        (front, _), (top, bottom), (left, right) = layout.halo
        depth, height, width = layout.pitches
        view = layout.view
        with body.width(layout.lanes), body.loop("%low", "%high") as block:
            plane = body.offset("%out", body.mul(block, view.plane))
            self._fill(body, plane, front * height * width)
            back = depth - front - layout.sizes[0]
            behind = body.offset(plane, (front + layout.sizes[0]) * view.slice)
            self._fill(body, behind, back * height * width)
            with body.loop(0, layout.sizes[0]) as deep:
                at = body.add(front * view.slice, body.mul(deep, view.slice))
                here = body.offset(plane, at)
                self._fill(body, here, top * width)
                below = body.offset(here, (height - bottom) * view.row)
                self._fill(body, below, bottom * width)
                with body.loop(top, height - bottom) as row:
                    start = body.offset(here, body.mul(row, view.row))
                    self._fill(body, start, left)
                    end = body.offset(start, (width - right) * view.pixel)
                    self._fill(body, end, right)
        body.close()

    def _fill(self, body: Body, start: str, pixels: Int) -> None:
        if pixels:
            with body.loop(0, pixels) as index:
                move = body.mul(index, self.layout.view.pixel)
                body.store(body.number(0.0), body.offset(start, move))
