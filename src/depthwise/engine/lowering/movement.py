"""Operators that move elements, or only rename them: copies with other strides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from depthwise.engine.layout import FLOAT, Plain
from depthwise.engine.lower import Lowering
from depthwise.engine.program import PlainOperand, Ref
from depthwise.engine.stages import Stage
from depthwise.graph.operators.axes import axis_of
from depthwise.graph.operators.padding import pads_of


def lower_rename(low: Lowering, stage: Stage) -> None:
    """Lower an operator whose result is its input under another shape.

    Args:
        low: What exists so far.
        stage: A Flatten, Reshape, Squeeze ...
    """
    low.alias(stage.output, low.plain(stage.node.inputs[0]))


def lower_transpose(low: Lowering, stage: Stage) -> None:
    """Lower a permutation of axes.

    Args:
        low: What exists so far.
        stage: A Transpose.
    """
    source = low.plain(stage.node.inputs[0])
    rank = len(source.layout.shape)
    order = stage.call.integers("perm") or tuple(reversed(range(rank)))
    strides = tuple(source.layout.strides[axis] for axis in order)
    _copy(low, low.new_plain(stage.output), source.ref, strides)


def lower_concat(low: Lowering, stage: Stage) -> None:
    """Lower a concatenation: each part is copied to its place.

    Args:
        low: What exists so far.
        stage: A Concat.
    """
    sources = [low.plain(name) for name in stage.node.inputs]
    sink = low.new_plain(stage.output)
    axis = axis_of(stage.call)
    done = 0
    for source in sources:
        ref = moved(sink.ref, done)
        ends = ((ref, sink.layout.strides), (source.ref, source.layout.strides))
        low.strided("concat", source.layout.shape, ends)
        done += source.layout.shape[axis] * sink.layout.strides[axis]


def lower_split(low: Lowering, stage: Stage) -> None:
    """Lower a split: each part is copied out.

    Args:
        low: What exists so far.
        stage: A Split.
    """
    source = low.plain(stage.node.inputs[0])
    axis = axis_of(stage.call)
    done = 0
    for name in stage.node.outputs:
        sink = low.new_plain(name)
        _copy(low, sink, moved(source.ref, done), source.layout.strides)
        done += sink.layout.shape[axis] * source.layout.strides[axis]


def lower_slice(low: Lowering, stage: Stage) -> None:
    """Lower a slice with constant bounds.

    Args:
        low: What exists so far.
        stage: A Slice.
    """
    source = low.plain(stage.node.inputs[0])
    # The table's own rule applied to positions says where every element is from.
    shape = source.layout.shape
    grids = [
        np.arange(size).reshape(_along(i, len(shape))) for i, size in enumerate(shape)
    ]
    constants = tuple(stage.call.constants[1:])
    start, steps = 0, []
    for axis, grid in enumerate(grids):
        whole = np.broadcast_to(grid, shape)
        (picked,) = stage.call.operator.reference(stage.call, (whole, *constants))
        line = np.moveaxis(picked, axis, 0).reshape(picked.shape[axis], -1)
        values = line[:, 0] if line.size else np.zeros(1, np.int64)
        stride = int(values[1] - values[0]) if len(values) > 1 else 1
        start += int(values[0]) * source.layout.strides[axis]
        steps.append(stride * source.layout.strides[axis])
    _copy(low, low.new_plain(stage.output), moved(source.ref, start), tuple(steps))


def lower_expand(low: Lowering, stage: Stage) -> None:
    """Lower a broadcast to a constant shape.

    Args:
        low: What exists so far.
        stage: An Expand.
    """
    source = low.plain(stage.node.inputs[0])
    sink = low.new_plain(stage.output)
    shape, theirs = sink.layout.shape, source.layout.shape
    missing = len(shape) - len(theirs)
    pairs = zip(theirs, source.layout.strides, strict=True)
    steps = [0] * missing + [0 if size == 1 else stride for size, stride in pairs]
    _copy(low, sink, source.ref, tuple(steps))


def lower_depth_to_space(low: Lowering, stage: Stage) -> None:
    """Lower the move of channels into blocks of pixels.

    Args:
        low: What exists so far.
        stage: A DepthToSpace.
    """
    source = low.plain(stage.node.inputs[0])
    sink = low.new_plain(stage.output)
    size = stage.call.integer("blocksize")
    batch, channels, height, width = source.layout.shape
    deep = channels // size**2
    columns_first = stage.call.text("mode") == "DCR"
    plane = height * width * FLOAT
    block = (
        (deep * size * plane, deep * plane) if columns_first else (size * plane, plane)
    )
    channel = plane if columns_first else size**2 * plane
    extents = (batch, deep, height, size, width, size)
    steps = (channels * plane, channel, width * FLOAT, block[0], FLOAT, block[1])
    ends = ((sink.ref, Plain(extents).strides), (source.ref, steps))
    low.strided("depth_to_space", extents, ends)


def lower_space_to_depth(low: Lowering, stage: Stage) -> None:
    """Lower the move of blocks of pixels into channels.

    Args:
        low: What exists so far.
        stage: A SpaceToDepth.
    """
    source = low.plain(stage.node.inputs[0])
    sink = low.new_plain(stage.output)
    size = stage.call.integer("blocksize")
    batch, channels, height, width = source.layout.shape
    line = width * FLOAT
    extents = (batch, size, size, channels, height // size, width // size)
    plane = height * line
    steps = (channels * plane, line, FLOAT, plane, size * line, size * FLOAT)
    ends = ((sink.ref, Plain(extents).strides), (source.ref, steps))
    low.strided("space_to_depth", extents, ends)


def lower_pad(low: Lowering, stage: Stage) -> None:
    """Lower a pad: the middle is copied, then each axis fills its two ends.

    Args:
        low: What exists so far.
        stage: A Pad with constant amounts.
    """
    source = low.plain(stage.node.inputs[0])
    sink = low.new_plain(stage.output)
    pairs = pads_of(stage.call)
    strides = sink.layout.strides
    mode = stage.call.text("mode")
    if mode == "constant":
        value = stage.call.constant(2)
        number = 0.0 if value is None else float(np.ravel(value)[0])
        ends = ((sink.ref, strides), (sink.ref, strides))
        low.strided("fill", sink.layout.shape, ends, fill=number)
    begin = [max(before, 0) for before, _ in pairs]
    extents = [
        size + min(before, 0) + min(after, 0)
        for size, (before, after) in zip(source.layout.shape, pairs, strict=True)
    ]
    skipped = [max(-before, 0) for before, _ in pairs]
    there = moved(sink.ref, _dot(begin, strides))
    here = moved(source.ref, _dot(skipped, source.layout.strides))
    low.strided(
        "pad", tuple(extents), ((there, strides), (here, source.layout.strides))
    )
    if mode != "constant":
        _fill_ends(low, sink, begin, extents, mode)


def _fill_ends(
    low: Lowering, sink: PlainOperand, begin: list[int], extents: list[int], mode: str
) -> None:
    """Copy slabs into both ends of each axis; later axes copy what earlier ones did."""
    strides = sink.layout.strides
    for axis, size in enumerate(sink.layout.shape):
        numpy_mode = "reflect" if mode == "reflect" else mode
        before, inside = begin[axis], extents[axis]
        ends = (before, size - before - inside)
        if ends == (0, 0):
            continue
        middle = np.arange(before, before + inside)
        places = _pad_line(middle, ends, numpy_mode)
        slab = list(sink.layout.shape)
        for later in range(axis + 1, len(slab)):
            slab[later] = extents[later]
        slab[axis] = 1
        offset = _dot(begin[axis + 1 :], strides[axis + 1 :])
        for index in (*range(before), *range(before + inside, size)):
            out = moved(sink.ref, offset + index * strides[axis])
            source = moved(sink.ref, offset + int(places[index]) * strides[axis])
            low.strided("edge", tuple(slab), ((out, strides), (source, strides)))


def _pad_line(line: np.ndarray, ends: tuple[int, int], mode: str) -> np.ndarray:
    if mode == "reflect":
        return np.pad(line, ends, mode="reflect")
    return (
        np.pad(line, ends, mode="edge")
        if mode == "edge"
        else np.pad(line, ends, "wrap")
    )


def moved(ref: Ref, count: int) -> Ref:
    """Point some bytes further.

    Args:
        ref: An address.
        count: Bytes.

    Returns:
        The new address.
    """
    return replace(ref, offset=ref.offset + count)


def _copy(low: Lowering, sink: PlainOperand, ref: Ref, steps: tuple[int, ...]) -> None:
    shape = sink.layout.shape or (1,)
    ends = ((sink.ref, sink.layout.strides or (FLOAT,)), (ref, steps or (FLOAT,)))
    low.strided("move", shape, ends)


def _dot(counts: Sequence[int], strides: Sequence[int]) -> int:
    return sum(c * s for c, s in zip(counts, strides, strict=True))


def _along(axis: int, rank: int) -> tuple[int, ...]:
    return tuple(-1 if i == axis else 1 for i in range(rank))
