"""How each family of operators changes what the positions of a value see."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

from depthwise.costing.reach.view import View
from depthwise.graph import OPERATORS, Call, Shape, concrete
from depthwise.graph.operators import activation, elementwise, unary
from depthwise.graph.operators.axes import axes_of, axis_of, normalise_axis
from depthwise.graph.operators.convolution import conv_windows
from depthwise.graph.operators.padding import pads_of
from depthwise.graph.operators.pooling import pool_windows
from depthwise.graph.operators.resize import scaled_axes
from depthwise.graph.operators.transposed import scatters_of
from depthwise.graph.operators.window import Window

Seen: TypeAlias = Sequence[View | None]
Rule: TypeAlias = Callable[[Call, Seen], View]


def _first(seen: Seen) -> View:
    return next(view for view in seen if view is not None)


def _same(_call: Call, seen: Seen) -> View:
    return _first(seen)


def _join(call: Call, seen: Seen) -> View:
    """Join operands element by element, last axes aligned, as broadcasting does."""
    rank = call.outputs[0].rank
    views = [view.widen(rank) for view in seen if view is not None]
    joined = views[0]
    for view in views[1:]:
        joined = joined.union(view)
    return joined


def _slide(windows: Callable[[Call], tuple[Window, ...]]) -> Rule:
    def rule(call: Call, seen: Seen) -> View:
        view = _first(seen)
        for axis, window in enumerate(windows(call), 2):
            field = view.field(axis)
            if field is not None:
                step = (window.stride, window.begin, window.dilation)
                view = view.change(axis, field.slide(window.kernel, *step))
        return view

    return rule


def _spread(call: Call, seen: Seen) -> View:
    view = _first(seen)
    for axis, scatter in enumerate(scatters_of(call), 2):
        field, window = view.field(axis), scatter.window
        if field is not None:
            step = (window.stride, window.begin, window.dilation)
            view = view.change(axis, field.spread(window.kernel, *step))
    return view


def _pad(call: Call, seen: Seen) -> View:
    view = _first(seen)
    for axis, (begin, _) in enumerate(pads_of(call)):
        field = view.field(axis)
        if field is not None:
            view = view.change(axis, field.slide(1, begin=begin))
    return view


def _mix(axes: Callable[[Call], Sequence[int]]) -> Rule:
    """Mix the axes that an operator reduces or normalises over, if it keeps them."""

    def rule(call: Call, seen: Seen) -> View:
        view = _first(seen)
        for axis in axes(call):
            view = view.mix(axis)
        kept = call.outputs[0].rank == len(view.axes)
        gone = set(axes(call))
        rest = tuple(a for i, a in enumerate(view.axes) if i not in gone)
        return view if kept else View(view.fields, rest)

    return rule


def _reduced(call: Call) -> Sequence[int]:
    return axes_of(call, 1) or range(call.type(0).rank)


def _positions(call: Call) -> Sequence[int]:
    return range(2, call.type(0).rank)


def _last(call: Call) -> Sequence[int]:
    return range(axis_of(call), call.type(0).rank)


def _summed(call: Call) -> Sequence[int]:
    return axes_of(call, 1) or range(call.type(0).rank)


def _along(call: Call) -> Sequence[int]:
    return (axis_of(call),)


def _matrix(call: Call, seen: Seen) -> View:
    """Contract the last axis of one operand and the last but one of the other."""
    rank = call.outputs[0].rank
    views = []
    for view, axis in zip(seen[:2], (-1, -2), strict=True):
        if view is None:
            continue
        mixed = view.mix(axis % len(view.axes)) if len(view.axes) > 1 else view
        axes = list(mixed.axes)
        axes[axis] = None
        views.append(View(mixed.fields, tuple(axes)).widen(rank))
    joined = views[0]
    return joined.union(views[1]) if len(views) == 2 else joined


def _transpose(call: Call, seen: Seen) -> View:
    view = _first(seen)
    order = call.integers("perm") or tuple(reversed(range(len(view.axes))))
    return View(view.fields, tuple(view.axes[axis] for axis in order))


def _reshape(call: Call, seen: Seen) -> View:
    view = _first(seen)
    before, after = call.shape(0), call.outputs[0].shape
    return view.along(_carried(before, after, view.axes), before)


def _carried(
    before: Shape, after: Shape, axes: tuple[int | None, ...]
) -> tuple[int | None, ...]:
    """Carry axes over that a reshape leaves whole: as much before as behind them."""
    places = dict(zip(_places(before), axes, strict=True))
    return tuple(
        None if size == 1 else places.get((start, size))
        for start, size in _places(after)
    )


def _places(shape: Shape) -> list[tuple[int, int]]:
    """Elements before each axis, and its size."""
    sizes = concrete(shape)
    starts = itertools.accumulate(sizes, operator.mul, initial=1)
    return list(zip(starts, sizes, strict=False))


def _slice(call: Call, seen: Seen) -> View:
    view = _first(seen)
    starts = concrete(call.sizes(1))
    axes = concrete(call.sizes(3)) if call.has(3) else range(len(starts))
    steps = concrete(call.sizes(4)) if call.has(4) else (1,) * len(starts)
    for start, named, step in zip(starts, axes, steps, strict=True):
        axis = normalise_axis(named, len(view.axes))
        field = view.field(axis)
        if field is None:
            continue
        (size,) = concrete(call.shape()[axis : axis + 1])
        first = slice(start, None, step).indices(size)[0]
        moved = field.slide(1, step=max(step, 1), begin=-first)
        view = view.change(axis, moved if step > 0 else field.everything())
    return view


def _concat(call: Call, seen: Seen) -> View:
    return _join(call, seen).mix(axis_of(call))


def _resize(call: Call, seen: Seen) -> View:
    view = _first(seen)
    support = {"nearest": 0, "linear": 1, "cubic": 2}[call.text("mode")]
    for axis, scaled in scaled_axes(call).items():
        field = view.field(axis)
        if field is not None:
            (size,) = concrete(call.shape()[axis : axis + 1])
            factor = Fraction(scaled.outputs, size)
            view = view.change(axis, field.scaled(factor, max(support, 1)))
    return view


def _to_space(call: Call, seen: Seen) -> View:
    view, block = _first(seen), call.integer("blocksize")
    for axis in _positions(call):
        field = view.field(axis)
        if field is not None:
            view = view.change(axis, field.spread(block, block))
    return view


def _to_depth(call: Call, seen: Seen) -> View:
    view, block = _first(seen), call.integer("blocksize")
    for axis in _positions(call):
        field = view.field(axis)
        if field is not None:
            view = view.change(axis, field.slide(block, block))
    return view


_FAMILIES = (activation, elementwise, unary)
RULES: Mapping[str, Rule] = {
    **{entry.name: _join for family in _FAMILIES for entry in family.OPERATORS},
    **{name: _mix(_reduced) for name in OPERATORS if name.startswith("Reduce")},
    **{name: _mix(_positions) for name in OPERATORS if name.startswith("Global")},
    **dict.fromkeys(("BatchNormalization", "LRN", "Cast", "CastLike"), _same),
    **dict.fromkeys(("MaxPool", "AveragePool", "LpPool"), _slide(pool_windows)),
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze"), _reshape),
    **dict.fromkeys(("InstanceNormalization", "GroupNormalization"), _mix(_positions)),
    **dict.fromkeys(("Softmax", "LogSoftmax", "Split"), _mix(_along)),
    "CumSum": _mix(_summed),
    **dict.fromkeys(("Gemm", "MatMul"), _matrix),
    "LayerNormalization": _mix(_last),
    "Conv": _slide(conv_windows),
    "ConvTranspose": _spread,
    "Pad": _pad,
    "Transpose": _transpose,
    "Slice": _slice,
    "Concat": _concat,
    "Resize": _resize,
    "DepthToSpace": _to_space,
    "SpaceToDepth": _to_depth,
}
"""What is not here mixes every position: recurrence, gathering, sorting ..."""
