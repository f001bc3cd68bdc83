"""Transposed convolution as ordinary ones: each phase of the stride has its own taps.

Output o = stride * q + phase reads input q + (phase + begin - k * dilation) / stride
for the taps k that divide evenly.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from depthwise.engine.forms import name_of
from depthwise.engine.kernels.dense import Dense
from depthwise.engine.kernels.depthwise import Depthwise, Taps
from depthwise.engine.kernels.kernel import Place
from depthwise.engine.layout import (
    Blocked,
    Edges,
    Floats,
    View,
    pack_dense,
    pack_depthwise,
)
from depthwise.engine.lower import Lowering
from depthwise.engine.lowering.convolution import as_floats, macs_of
from depthwise.engine.program import BlockedOperand
from depthwise.engine.schedule import panels_of
from depthwise.engine.stages import Stage
from depthwise.graph import Call
from depthwise.graph.operators.transposed import Scatter, scatters_of
from depthwise.graph.operators.window import Window

Scatters = tuple[Scatter, Scatter, Scatter]


@dataclass(frozen=True)
class Line:
    """One phase along one axis.

    Args:
        phase: The first output.
        count: Outputs.
        taps: Pairs of a tap and the input that it adds to output 0.
    """

    phase: int
    count: int
    taps: tuple[tuple[int, int], ...]


def lines_of(scatter: Scatter) -> tuple[Line, ...]:
    """Cut one axis into phases.

    Args:
        scatter: The axis.

    Returns:
        Phases that have outputs.

    Example:
        >>> lines_of(Scatter(Window(size=4, kernel=2, stride=2), outputs=8))[1].taps
        ((1, 0),)
    """
    window, lines = scatter.window, []
    for phase in range(min(window.stride, scatter.outputs)):
        count = -(-(scatter.outputs - phase) // window.stride)
        taps = []
        for tap in range(window.kernel):
            place = phase + window.begin - tap * window.dilation
            if place % window.stride == 0:
                taps.append((tap, place // window.stride))
        lines.append(Line(phase, count, tuple(taps)))
    return tuple(lines)


def three_scatters(call: Call) -> Scatters:
    """Read a transposed convolution's axes; missing ones have one element.

    Args:
        call: A ConvTranspose.

    Returns:
        Depth, height and width.
    """
    found = scatters_of(call)
    single = Scatter(Window(1, 1), 1)
    first, second, third = (*[single] * (3 - len(found)), *found)
    return first, second, third


def transposed_halo(call: Call) -> Edges:
    """Find what a transposed convolution reads outside its input.

    Args:
        call: A ConvTranspose.

    Returns:
        Zeros before and after, an axis.
    """
    edges = []
    for scatter in three_scatters(call):
        before, after = 0, 0
        for line in lines_of(scatter):
            for _, place in line.taps:
                before = max(before, -place)
                after = max(after, place + line.count - scatter.window.size)
        edges.append((before, after))
    return edges[0], edges[1], edges[2]


@dataclass(frozen=True)
class _Phase:
    """One phase of all axes: outputs, where they go, and taps with their moves."""

    sizes: tuple[int, ...]
    start: int
    taps: tuple[int, ...]
    moves: tuple[int, ...]


def _phases(scatters: Scatters, source: View, sink: View) -> Iterator[_Phase]:
    into = (source.slice, source.row, source.pixel)
    out = (sink.slice, sink.row, sink.pixel)
    _, high, wide = (scatter.window.kernel for scatter in scatters)
    for lines in itertools.product(*map(lines_of, scatters)):
        start = sum(line.phase * step for line, step in zip(lines, out, strict=True))
        taps, moves = [], []
        for picks in itertools.product(*(line.taps for line in lines)):
            (d, _), (h, _), (w, _) = picks
            taps.append((d * high + h) * wide + w)
            places = zip(picks, into, strict=True)
            moves.append(sum(place * step for (_, place), step in places))
        sizes = tuple(line.count for line in lines)
        yield _Phase(sizes, start, tuple(taps), tuple(moves))


def _stepped(scatters: Scatters, view: View) -> View:
    deep, high, wide = (scatter.window.stride for scatter in scatters)
    return View(view.plane, view.slice * deep, view.row * high, view.pixel * wide)


def lower_transposed(low: Lowering, stage: Stage) -> None:
    """Lower a transposed convolution.

    Args:
        low: What exists so far.
        stage: A ConvTranspose with constant weights.
    """
    call = stage.call
    weight = as_floats(call.constant(1))
    bias = as_floats(call.constant(2)) if call.has(2) else None
    group = call.integer("group")
    filters = weight.reshape(group, weight.shape[0] // group, weight.shape[1], -1)
    name = stage.node.inputs[0]
    if filters.shape[1:3] == (1, 1) and group > 1:
        _lower_depthwise(low, stage, filters[:, 0, 0], bias)
        return
    aligned = not any(size % low.lanes for size in filters.shape[1:3])
    if group == 1 or aligned:
        source = low.blocked(name)
        _lower_dense(low, stage, source, low.new_blocked(stage.output), filters, bias)
        return
    shape = low.shape(stage.output)
    padded = -(-weight.shape[1] // low.lanes) * low.lanes
    image = low.image((shape[0], padded * group, *shape[2:]))
    _lower_dense(low, stage, low.blocked(name, 1), image, filters, bias)
    low.unpack_groups(image, low.new_plain(stage.output), group)


def _lower_depthwise(
    low: Lowering, stage: Stage, filters: Floats, bias: Floats | None
) -> None:
    source = low.blocked(stage.node.inputs[0])
    sink = low.new_blocked(stage.output)
    scatters = three_scatters(stage.call)
    for phase in _phases(scatters, source.layout.view, sink.layout.view):
        kernel = Depthwise(
            "",
            source.layout.blocks,
            phase.sizes[0],
            phase.sizes[1],
            phase.sizes[2],
            Taps(phase.moves, (0,)),
            1,
            source.layout.view,
            Place(_stepped(scatters, sink.layout.view)),
        )
        picked = np.ascontiguousarray(filters[:, list(phase.taps)])
        packed = low.constant(pack_depthwise(picked, bias, low.lanes))
        refs = (source.at(), packed, sink.at(phase.start))
        named = name_of(kernel, "transposed_depthwise")
        low.step(named, refs, images=source.layout.batch)


def _lower_dense(
    low: Lowering,
    stage: Stage,
    source: BlockedOperand,
    sink: BlockedOperand,
    filters: Floats,
    bias: Floats | None,
) -> None:
    scatters = three_scatters(stage.call)
    group, inputs, outputs, _ = filters.shape
    layout: Blocked = source.layout
    macs = macs_of(stage.call)
    for phase in _phases(scatters, layout.view, sink.layout.view):
        panels = panels_of(low.target, -(-outputs // low.lanes), phase.sizes[2])
        kernel = Dense(
            "",
            phase.sizes[0],
            phase.sizes[1],
            phase.sizes[2],
            phase.moves,
            inputs,
            layout.lanes,
            layout.view,
            Place(_stepped(scatters, sink.layout.view)),
            panels,
            group,
        )
        parts = []
        for index in range(group):
            rows = slice(index * outputs, (index + 1) * outputs)
            weight = filters[index].transpose(1, 0, 2)[:, :, list(phase.taps)]
            starts = None if bias is None else bias[rows]
            parts.append(pack_dense(weight, starts, low.lanes, panels, layout.lanes))
        packed = low.constant(np.concatenate(parts))
        refs = (source.at(), packed, sink.at(phase.start))
        named = name_of(kernel, "transposed_dense")
        low.step(named, refs, images=layout.batch, macs=macs)
        macs = 0
