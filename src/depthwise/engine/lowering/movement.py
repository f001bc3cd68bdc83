"""Operators that move elements, or only rename them."""

from __future__ import annotations

from depthwise.engine.lower import Lowering
from depthwise.engine.stages import Stage


def lower_rename(low: Lowering, stage: Stage) -> None:
    """Lower an operator whose result is its input under another shape.

    Args:
        low: What exists so far.
        stage: A Flatten, Reshape, Identity ...
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
    sink = low.new_plain(stage.output)
    strides = tuple(source.layout.strides[axis] for axis in order)
    ends = ((sink.ref, sink.layout.strides), (source.ref, strides))
    low.strided("transpose", sink.layout.shape, ends)


def lower_concat(low: Lowering, stage: Stage) -> None:
    """Lower a concatenation: each part is copied to its place.

    Args:
        low: What exists so far.
        stage: A Concat.
    """
    sources = [low.plain(name) for name in stage.node.inputs]
    sink = low.new_plain(stage.output)
    axis = stage.call.integer("axis") % len(sink.layout.shape)
    done = sink.ref.offset
    for source in sources:
        ref = type(sink.ref)(sink.ref.space, sink.ref.index, done)
        ends = ((ref, sink.layout.strides), (source.ref, source.layout.strides))
        low.strided("concat", source.layout.shape, ends)
        done += source.layout.shape[axis] * sink.layout.strides[axis]
