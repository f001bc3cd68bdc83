"""Resizing: one axis after the other, each output a mix of a few inputs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from depthwise.engine.forms import name_of
from depthwise.engine.kernels.mix import Mix
from depthwise.engine.layout import FLOAT, Blocked
from depthwise.engine.lower import Lowering
from depthwise.engine.program import BlockedOperand, PlainOperand
from depthwise.engine.stages import Stage
from depthwise.graph import Call
from depthwise.graph.operators.interpolation import Scaled, nearest, positions, weights
from depthwise.graph.operators.resize import scaled_axes

Matrix = NDArray[np.float64]


def can_resize(call: Call) -> bool:
    """Tell whether a resize is a mix of inputs: all are, but cropping ones.

    Args:
        call: A Resize.

    Returns:
        False for a resize that may read outside its region.
    """
    return call.text("coordinate_transformation_mode") != "tf_crop_and_resize"


def _matrix(call: Call, axis: Scaled) -> Matrix:
    if call.text("mode") != "nearest":
        return np.asarray(weights(call, axis), np.float64)
    places = positions(axis, call.text("coordinate_transformation_mode"))
    picked = nearest(places, call.text("nearest_mode"))
    columns = np.clip(picked, 0, axis.size - 1)
    chosen: Matrix = np.eye(axis.size)[columns]
    return chosen


def _taps(matrix: Matrix) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find the elements that each output mixes, and their weights."""
    count = max(1, int((matrix != 0).sum(1).max()))
    order = np.argsort(matrix == 0, axis=1, kind="stable")[:, :count]
    return order, np.take_along_axis(matrix, order, 1).astype(np.float32)


def lower_resize(low: Lowering, stage: Stage) -> None:
    """Lower a resize; images stay images where only rows and columns change.

    Args:
        low: What exists so far.
        stage: A Resize.
    """
    name = stage.node.inputs[0]
    axes = list(scaled_axes(stage.call).items())
    rank = len(low.shape(name))
    if not axes:
        low.alias(stage.output, low.plain(name))
    elif low.has_blocked(name) and all(axis >= 2 for axis, _ in axes):
        _resize_image(low, stage, [(axis - rank + 3, s) for axis, s in axes])
    else:
        _resize_plain(low, stage, axes)


def _resize_image(low: Lowering, stage: Stage, axes: list[tuple[int, Scaled]]) -> None:
    source = low.blocked(stage.node.inputs[0])
    for number, (axis, scaled) in enumerate(axes):
        sizes = list(source.layout.sizes)
        sizes[axis] = scaled.outputs
        if number == len(axes) - 1:
            sink = low.new_blocked(stage.output)
        else:
            layout = source.layout
            sink = low.image((layout.batch, layout.channels, *sizes))
        _mix_image(low, stage.call, (source, sink), axis, scaled)
        source = sink


def _mix_image(
    low: Lowering,
    call: Call,
    ends: tuple[BlockedOperand, BlockedOperand],
    axis: int,
    scaled: Scaled,
) -> None:
    source, sink = ends
    layout: Blocked = source.layout
    steps = [(end.layout.view.plane, *_spatial(end.layout)) for end in (source, sink)]
    others = [0, *(1 + i for i in range(3) if i != axis)]
    sizes = (layout.blocks, *layout.sizes)
    elements, factors = _taps(_matrix(call, scaled))
    kernel = Mix(
        "",
        tuple(sizes[i] for i in others),
        tuple(steps[0][i] for i in others),
        tuple(steps[1][i] for i in others),
        _moves(elements, steps[0][1 + axis]),
        steps[1][1 + axis],
        layout.lanes,
    )
    refs = (source.at(), low.constant(factors), sink.at())
    low.step(name_of(kernel, "resize"), refs, images=layout.batch)


def _spatial(layout: Blocked) -> tuple[int, int, int]:
    view = layout.view
    return view.slice, view.row, view.pixel


def _moves(elements: NDArray[np.int64], step: int) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(e) * step for e in row) for row in elements)


def _resize_plain(low: Lowering, stage: Stage, axes: list[tuple[int, Scaled]]) -> None:
    source = low.plain(stage.node.inputs[0])
    for number, (axis, scaled) in enumerate(axes):
        shape = list(source.layout.shape)
        shape[axis] = scaled.outputs
        last = number == len(axes) - 1
        sink = low.new_plain(stage.output) if last else low.temporary(tuple(shape))
        _mix_plain(low, stage.call, (source, sink), axis, scaled)
        source = sink


def _mix_plain(
    low: Lowering,
    call: Call,
    ends: tuple[PlainOperand, PlainOperand],
    axis: int,
    scaled: Scaled,
) -> None:
    source, sink = ends
    shape = source.layout.shape
    inner = int(np.prod(shape[axis + 1 :]))
    outer = int(np.prod(shape[:axis]))
    step = inner * FLOAT
    elements, factors = _taps(_matrix(call, scaled))
    kernel = Mix(
        "",
        (outer,),
        (scaled.size * step,),
        (scaled.outputs * step,),
        _moves(elements, step),
        step,
        inner,
    )
    refs = (source.ref, low.constant(factors), sink.ref)
    low.step(name_of(kernel, "resize"), refs)
