"""Reductions, softmax and normalisation: rows of plain arrays, or whole images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from depthwise.engine.forms import name_of
from depthwise.engine.kernels.chain import Link
from depthwise.engine.kernels.rows import Rows
from depthwise.engine.layout import FLOAT
from depthwise.engine.lower import Lowering
from depthwise.engine.lowering.elementwise import Arithmetic, lower_arithmetic
from depthwise.engine.lowering.pooling import reduce_images
from depthwise.engine.program import PlainOperand
from depthwise.engine.stages import Stage
from depthwise.graph.operators.axes import axes_of, axis_of

_KINDS = {
    "ReduceMean": "mean",
    "ReduceSum": "sum",
    "ReduceMax": "max",
    "ReduceMin": "min",
    "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
}


def lower_reduction(low: Lowering, stage: Stage) -> None:
    """Lower a reduction over any axes.

    Args:
        low: What exists so far.
        stage: A ReduceMean, ReduceSum, ReduceMax or ReduceMin.
    """
    name = stage.node.inputs[0]
    shape = low.shape(name)
    axes = axes_of(stage.call, 1)
    if not axes:
        empty = stage.call.flag("noop_with_empty_axes")
        axes = () if empty else tuple(range(len(shape)))
    kind = _KINDS[stage.op]
    spatial = tuple(range(2, len(shape)))
    if (
        sorted(axes) == list(spatial)
        and spatial
        and low.has_blocked(name)
        and kind != "min"
    ):
        reduce_images(low, stage, kind)
        return
    source = low.plain(name)
    if not axes:
        low.alias(stage.output, source)
        return
    kept = tuple(i for i in range(len(shape)) if i not in axes)
    source = _ordered(low, source, (*kept, *sorted(axes)))
    length = int(np.prod([shape[axis] for axis in axes]))
    sink = low.new_plain(stage.output)
    _rows(low, kind, source, sink, length)


def _ordered(
    low: Lowering, source: PlainOperand, order: tuple[int, ...]
) -> PlainOperand:
    return source if list(order) == sorted(order) else low.transposed(source, order)


def _rows(
    low: Lowering,
    kind: str,
    source: PlainOperand,
    sink: PlainOperand,
    length: int,
    epsilon: float = 0.0,
) -> None:
    count = source.layout.nbytes // FLOAT // length
    kernel = name_of(Rows("", kind, count, length, epsilon), f"{kind}_{length}")
    low.step(kernel, (source.ref, sink.ref))


def lower_softmax(low: Lowering, stage: Stage) -> None:
    """Lower softmax and its logarithm along any axis.

    Args:
        low: What exists so far.
        stage: A Softmax or LogSoftmax.
    """
    source = low.plain(stage.node.inputs[0])
    shape = source.layout.shape
    axis, last = axis_of(stage.call), len(shape) - 1
    order = [i for i in range(len(shape)) if i != axis]
    turned = _ordered(low, source, (*order, axis))
    if axis == last:
        sink = low.new_plain(stage.output)
        _rows(low, _KINDS[stage.op], turned, sink, shape[axis])
        return
    made = low.temporary(turned.layout.shape)
    _rows(low, _KINDS[stage.op], turned, made, shape[axis])
    sink = low.new_plain(stage.output)
    back = [*order, axis]
    steps = tuple(made.layout.strides[back.index(i)] for i in range(len(shape)))
    ends = ((sink.ref, sink.layout.strides), (made.ref, steps))
    low.strided("transpose", shape, ends)


def lower_layer_norm(low: Lowering, stage: Stage) -> None:
    """Lower layer norm, then its scale and bias.

    Args:
        low: What exists so far.
        stage: A LayerNormalization with one result.
    """
    source = low.plain(stage.node.inputs[0])
    axis = axis_of(stage.call)
    length = int(np.prod(source.layout.shape[axis:]))
    made = low.temporary(source.layout.shape)
    _rows(low, "normalise", source, made, length, stage.call.real("epsilon"))
    names = [name for name in stage.node.inputs[1:] if name]
    links = [Link("Mul", (), 0), Link("Add", (), 1)][: len(names)]
    _affine(low, stage, made, links, names)


def lower_instance_norm(low: Lowering, stage: Stage) -> None:
    """Lower normalisation of groups of channels, or of each channel alone.

    Args:
        low: What exists so far.
        stage: An InstanceNormalization or GroupNormalization.
    """
    source = low.plain(stage.node.inputs[0])
    shape = source.layout.shape
    alone = stage.op == "InstanceNormalization"
    groups = shape[1] if alone else stage.call.integer("num_groups")
    length = int(np.prod(shape[1:])) // groups
    made = low.temporary(shape)
    _rows(low, "normalise", source, made, length, stage.call.real("epsilon"))
    along = (-1, *(1,) * (len(shape) - 2))
    names = [low.reshaped(name, along) for name in stage.node.inputs[1:3]]
    _affine(low, stage, made, [Link("Mul", (), 0), Link("Add", (), 1)], names)


def _affine(
    low: Lowering,
    stage: Stage,
    source: PlainOperand,
    links: list[Link],
    names: list[str],
) -> None:
    moved = [
        link if link.operand < 0 else replace(link, operand=link.operand + len(names))
        for link in stage.chain
    ]
    chain = (*links, *moved)
    operands = (*names, *stage.operands)
    lower_arithmetic(low, Arithmetic("", chain, operands, stage.output), source)
