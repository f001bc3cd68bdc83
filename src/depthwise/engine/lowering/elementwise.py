"""Arithmetic element by element, on images or plain arrays, and batch norm."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from depthwise.engine.kernels.chain import Chain, Link
from depthwise.engine.layout import FLOAT, Floats, Plain, pack_channels
from depthwise.engine.lower import Lowering
from depthwise.engine.program import BlockedOperand, PlainOperand, Ref
from depthwise.engine.stages import Stage, is_per_channel, unary_link

Side = tuple[Ref, tuple[int, ...]]
"""An address and bytes an axis."""


@dataclass(frozen=True)
class Arithmetic:
    """What to compute, element by element.

    Args:
        base: The value to begin with.
        chain: Links.
        operands: For each operand of a link a value's name, or an array.
        output: The value that is the result.
    """

    base: str
    chain: Chain
    operands: tuple[str | Floats, ...]
    output: str


def lower_elementwise(low: Lowering, stage: Stage) -> None:
    """Lower an activation, or arithmetic of two operands, and its chain.

    Args:
        low: What exists so far.
        stage: The stage; the first link of an activation is itself.
    """
    node = stage.node
    if unary_link(stage.call) is not None:
        _lower(
            low, Arithmetic(node.inputs[0], stage.chain, stage.operands, stage.output)
        )
        return
    a, b = node.inputs
    swapped = low.shape(a) != low.shape(node.outputs[0])
    base, other = (b, a) if swapped else (a, b)
    first = Link(node.op, (), 0, swapped)
    work = Arithmetic(
        base, (first, *_moved(stage.chain, 1)), (other, *stage.operands), ""
    )
    _lower(low, replace(work, output=stage.output))


def lower_batch_norm(low: Lowering, stage: Stage) -> None:
    """Lower batch norm that follows no convolution, as a scale and a shift.

    Args:
        low: What exists so far.
        stage: A BatchNormalization with constant statistics.
    """
    arrays = [stage.call.constant(i) for i in range(1, 5)]
    scale, shift, mean, variance = (np.asarray(a, np.float64) for a in arrays)
    gain = scale / np.sqrt(variance + stage.call.real("epsilon"))
    rank = len(low.shape(stage.output))
    along = (-1, *(1,) * (rank - 2))
    numbers = [gain.reshape(along), (shift - mean * gain).reshape(along)]
    links = (Link("Mul", (), 0), Link("Add", (), 1), *_moved(stage.chain, 2))
    constants = [np.asarray(number, np.float32) for number in numbers]
    operands: tuple[str | Floats, ...] = (*constants, *stage.operands)
    _lower(low, Arithmetic(stage.node.inputs[0], links, operands, stage.output))


def lower_chain(low: Lowering, stage: Stage, source: PlainOperand) -> None:
    """Apply a stage's chain to a plain array that holds its operator's result.

    Args:
        low: What exists so far.
        stage: The stage; its chain is not empty.
        source: The array.
    """
    work = Arithmetic("", stage.chain, stage.operands, stage.output)
    lower_arithmetic(low, work, source)


def _moved(chain: Chain, count: int) -> Chain:
    """Renumber the operands of links behind ``count`` new ones."""
    return tuple(
        link if link.operand < 0 else replace(link, operand=link.operand + count)
        for link in chain
    )


def _lower(low: Lowering, work: Arithmetic) -> None:
    if _suits_blocks(low, work):
        _lower_blocked(low, work)
    else:
        lower_arithmetic(low, work, low.plain(work.base))


def _suits_blocks(low: Lowering, work: Arithmetic) -> bool:
    shape = low.shape(work.output)
    if not low.has_blocked(work.base) or low.shape(work.base) != shape:
        return False
    return all(_suits(low, operand, shape) for operand in work.operands)


def _suits(low: Lowering, operand: str | Floats, shape: tuple[int, ...]) -> bool:
    theirs = low.shape(operand) if isinstance(operand, str) else operand.shape
    if isinstance(operand, str) and operand not in low.graph.constants:
        return theirs == shape or is_per_channel(theirs, shape)
    return theirs == shape or _size(theirs) == 1 or is_per_channel(theirs, shape)


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape))


def _lower_blocked(low: Lowering, work: Arithmetic) -> None:
    source = low.blocked(work.base)
    shape = low.shape(work.output)
    extra = [_image_operand(low, operand, shape) for operand in work.operands]
    sink = low.new_blocked(work.output)
    layout = sink.layout
    extents = (layout.batch, layout.blocks, *layout.sizes, layout.lanes)
    operands = (_image(sink), _image(source), *extra)
    word = _word(work.chain)
    low.strided(word, extents, operands, chain=work.chain)


def _image(operand: BlockedOperand) -> Side:
    view, layout = operand.layout.view, operand.layout
    steps = (layout.image, view.plane, view.slice, view.row, view.pixel, FLOAT)
    return replace(operand.at(), stride=0), steps


def _image_operand(
    low: Lowering, operand: str | Floats, shape: tuple[int, ...]
) -> Side:
    array = low.graph.constants.get(operand) if isinstance(operand, str) else operand
    if array is not None and _size(array.shape) == 1:
        return low.constant(np.asarray(array, np.float32)), (0,) * 6
    if array is not None and is_per_channel(array.shape, shape):
        packed = pack_channels(np.asarray(array, np.float32).ravel(), low.lanes)
        return low.constant(packed), (0, low.lanes * FLOAT, 0, 0, 0, FLOAT)
    ref, steps = _image(low.blocked(str(operand)))
    theirs = low.shape(str(operand))
    padded = (1,) * (len(shape) - len(theirs)) + theirs
    sample = steps[0] if padded[0] == shape[0] else 0
    if theirs != shape:
        return ref, (sample, steps[1], 0, 0, 0, FLOAT)
    return ref, (sample, *steps[1:])


def lower_arithmetic(low: Lowering, work: Arithmetic, source: PlainOperand) -> None:
    """Compute on plain arrays.

    Args:
        low: What exists so far.
        work: What to compute; ``base`` is not looked at.
        source: The array to begin with.
    """
    shape = low.shape(work.output)
    extra = [_plain_operand(low, operand, shape) for operand in work.operands]
    sink = low.new_plain(work.output)
    ends = [_broadcast(operand, shape) for operand in (sink, source)]
    word = _word(work.chain)
    extents = shape or (1,)
    low.strided(word, extents, (*ends, *extra), chain=work.chain)


def _plain_operand(
    low: Lowering, operand: str | Floats, shape: tuple[int, ...]
) -> Side:
    if isinstance(operand, str):
        return _broadcast(low.plain(operand), shape)
    packed = PlainOperand(Plain(operand.shape), low.constant(operand))
    return _broadcast(packed, shape)


def _broadcast(operand: PlainOperand, shape: tuple[int, ...]) -> Side:
    """Find the strides of an array that is broadcast to a shape."""
    theirs, strides = operand.layout.shape, operand.layout.strides
    missing = len(shape) - len(theirs)
    steps = [0] * missing
    for size, stride, wanted in zip(theirs, strides, shape[missing:], strict=True):
        steps.append(stride if size == wanted else 0)
    return operand.ref, tuple(steps) or (0,)


def _word(chain: Chain) -> str:
    return "_".join(dict.fromkeys(link.word for link in chain)) or "copy"
