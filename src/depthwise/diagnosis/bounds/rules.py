"""How each family of operators carries the ranges of its channels on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.bounds.span import Span, product, weighted
from depthwise.graph import Call, Shape, concrete
from depthwise.graph.operators.axes import axis_of
from depthwise.graph.operators.convolution import conv_windows
from depthwise.graph.operators.padding import pads_of

Array: TypeAlias = NDArray[Any]
Spans: TypeAlias = Sequence[Span]
Rule: TypeAlias = Callable[[Call, Spans], "Span | None"]

_ZERO = Span.of(0.0, 0.0)


def channels_of(shape: Shape) -> int:
    """Count the channels of a value: its axis 1, or one where it has none.

    Args:
        shape: Of the value.

    Returns:
        The count.
    """
    return int(concrete(shape[1:2])[0]) if len(shape) > 1 else 1


def _conv(call: Call, spans: Spans) -> Span | None:
    """Sum every filter over the ranges of what it reads; padding reads zeros."""
    weight = call.constant(1)
    if weight is None:
        return None
    windows = conv_windows(call)
    read = spans[0]
    if any(window.begin > 0 or window.end > 0 for window in windows):
        read = read.hull(_ZERO)
    return _with_bias(call, _grouped(call, weight.astype(np.float64), read))


def _grouped(call: Call, weight: Array, read: Span) -> Span:
    group = call.integer("group")
    width = weight.shape[1]
    parts = []
    read = read.over(group * width)
    for index, filters in enumerate(weight.reshape(group, -1, *weight.shape[1:])):
        here = slice(index * width, (index + 1) * width)
        taps = math.prod(filters.shape[2:])
        flat = filters.reshape(len(filters), -1)
        low, high = (np.repeat(end[here], taps) for end in (read.low, read.high))
        parts.append(weighted(flat, Span(low, high)))
    lows, highs = zip(*((part.low, part.high) for part in parts), strict=True)
    return Span(np.concatenate(lows), np.concatenate(highs))


def _with_bias(call: Call, span: Span) -> Span | None:
    if not call.has(2):
        return span
    bias = call.constant(2)
    return (
        None if bias is None else span + Span(*(bias.astype(np.float64).ravel(),) * 2)
    )


def _transposed(call: Call, spans: Spans) -> Span | None:
    """Bound sums of any part of the taps: which ones meet depends on the place."""
    weight = call.constant(1)
    if weight is None:
        return None
    group = call.integer("group")
    channels = weight.shape[0]
    read = spans[0].over(channels)
    flat = weight.astype(np.float64).reshape(channels, weight.shape[1], -1)
    ends = [product(flat, end[:, None, None]) for end in (read.low, read.high)]
    least = np.minimum(np.minimum(*ends), 0).sum(axis=2)
    most = np.maximum(np.maximum(*ends), 0).sum(axis=2)
    rows = (end.reshape(group, -1, weight.shape[1]).sum(1) for end in (least, most))
    return _with_bias(call, Span(*(row.ravel() for row in rows)))


def _gemm(call: Call, spans: Spans) -> Span | None:
    weight = call.constant(1)
    plain = not call.integer("transA") and call.real("alpha") == call.real("beta") == 1
    if weight is None or not plain:
        return None
    matrix = weight if call.integer("transB") else weight.T
    span = weighted(matrix.astype(np.float64), spans[0].over(matrix.shape[1]))
    return _with_bias(call, span)


def _matmul(call: Call, spans: Spans) -> Span | None:
    weight = call.constant(1)
    if weight is None or weight.ndim != 2 or call.type(0).rank != 2:
        return None
    return weighted(weight.T.astype(np.float64), spans[0].over(len(weight)))


def _batch_norm(call: Call, spans: Spans) -> Span | None:
    arrays = [call.constant(index) for index in range(1, 5)]
    scale, shift, mean, variance = (
        None if array is None else array.astype(np.float64) for array in arrays
    )
    if scale is None or shift is None or mean is None or variance is None:
        return None
    gain = scale / np.sqrt(variance + call.real("epsilon"))
    return spans[0] * Span(gain, gain) + Span(*(shift - mean * gain,) * 2)


def _standardised(call: Call, _spans: Spans) -> Span | None:
    """Say what is known of a norm over data: with a scale of zero, its shift."""
    scale, shift = call.constant(1), call.constant(2)
    if scale is None or shift is None:
        return None
    low, high = (np.where(scale == 0, shift, end) for end in (-np.inf, np.inf))
    return Span(low, high)


def _clip(call: Call, spans: Spans) -> Span | None:
    limits = []
    for index, default in ((1, -np.inf), (2, np.inf)):
        array = call.constant(index)
        if call.has(index) and array is None:
            return None
        limits.append(default if array is None else float(array.reshape(())))
    least, most = limits
    return spans[0].rising(lambda ends: np.minimum(np.maximum(ends, least), most))


def _prelu(_call: Call, spans: Spans) -> Span:
    """Join what the slope makes of the part below zero with the part above it."""
    x, slope = spans
    below = Span(np.minimum(x.low, 0), np.minimum(x.high, 0)) * slope
    above = Span(np.maximum(x.low, 0), np.maximum(x.high, 0))
    both = below.hull(above)
    ends = zip(
        (above.low, above.high),
        (below.low, below.high),
        (both.low, both.high),
        strict=True,
    )
    return Span(
        *(np.where(x.low >= 0, a, np.where(x.high < 0, b, c)) for a, b, c in ends)
    )


def _divide(call: Call, spans: Spans) -> Span | None:
    divisor = call.constant(1)
    if divisor is None or ((spans[1].low <= 0) & (spans[1].high >= 0)).any():
        return None
    return spans[0] * Span(1 / spans[1].high, 1 / spans[1].low)


def _average(call: Call, spans: Spans) -> Span:
    counts = call.flag("count_include_pad")
    return spans[0].hull(_ZERO) if counts else spans[0]


def _pad(call: Call, spans: Spans) -> Span | None:
    pads = pads_of(call)
    if any(any(pair) for pair in pads[:2]):
        return None
    if call.text("mode") != "constant":
        return spans[0]
    value = call.constant(2)
    if call.has(2) and value is None:
        return None
    number = 0.0 if value is None else float(value.reshape(()))
    return spans[0].hull(Span.of(number, number)) if any(map(any, pads)) else spans[0]


def _reshape(call: Call, spans: Spans) -> Span:
    """Keep channels where the first two axes stay; repeat them where they flatten."""
    before, after = call.shape(0), call.outputs[0].shape
    if before[:2] == after[:2] or len(before) < 2:
        return spans[0]
    if before[0] == after[0] and len(after) == 2:
        positions = math.prod(concrete(before[2:]))
        wide = spans[0].over(channels_of(before))
        return Span(np.repeat(wide.low, positions), np.repeat(wide.high, positions))
    return spans[0].uniform


def _transpose(call: Call, spans: Spans) -> Span:
    order = call.integers("perm") or ()
    return spans[0] if order[:2] == (0, 1) else spans[0].uniform


def _reduced(call: Call, spans: Spans) -> Span:
    """Means and extremes stay within what they are taken of."""
    same = channels_of(call.outputs[0].shape) == channels_of(call.shape(0))
    kept = call.outputs[0].rank > 1 and same and call.flag("keepdims")
    return spans[0] if kept else spans[0].uniform


def _concat(call: Call, spans: Spans) -> Span:
    if axis_of(call) == 1:
        counts = [channels_of(call.shape(i)) for i in range(len(call.inputs))]
        wide = [span.over(n) for span, n in zip(spans, counts, strict=True)]
        low = np.concatenate([span.low for span in wide])
        return Span(low, np.concatenate([span.high for span in wide]))
    joined = spans[0]
    for span in spans[1:]:
        joined = joined.hull(span)
    return joined


def _resize(call: Call, spans: Spans) -> Span | None:
    safe = call.text("mode") in {"nearest", "linear"}
    crops = call.text("coordinate_transformation_mode") == "tf_crop_and_resize"
    return spans[0] if safe and not crops else None


def _extreme(choose: Callable[[Array, Array], Array]) -> Rule:
    def rule(_call: Call, spans: Spans) -> Span:
        result = spans[0]
        for span in spans[1:]:
            low = choose(result.low, span.low)
            result = Span(low, choose(result.high, span.high))
        return result

    return rule


def _plus(_call: Call, spans: Spans) -> Span:
    result = spans[0]
    for span in spans[1:]:
        result = result + span
    return result


def _minus(_call: Call, spans: Spans) -> Span:
    return spans[0] + -spans[1]


def _times(_call: Call, spans: Spans) -> Span:
    return spans[0] * spans[1]


def _same(_call: Call, spans: Spans) -> Span:
    return spans[0]


def _between(low: float, high: float) -> Rule:
    return lambda _call, _spans: Span.of(low, high)


RULES: Mapping[str, Rule] = {
    "Conv": _conv,
    "ConvTranspose": _transposed,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "BatchNormalization": _batch_norm,
    "InstanceNormalization": _standardised,
    "Clip": _clip,
    "PRelu": _prelu,
    "Add": _plus,
    "Sum": _plus,
    "Sub": _minus,
    "Mul": _times,
    "Div": _divide,
    "Max": _extreme(np.maximum),
    "Min": _extreme(np.minimum),
    "AveragePool": _average,
    "Pad": _pad,
    "Transpose": _transpose,
    "Concat": _concat,
    "Resize": _resize,
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze"), _reshape),
    **dict.fromkeys(("ReduceMean", "ReduceMax", "ReduceMin"), _reduced),
    **dict.fromkeys(("MaxPool", "GlobalAveragePool", "GlobalMaxPool"), _same),
    **dict.fromkeys(("Identity", "Dropout", "Cast"), _same),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), _between(-1.0, 1.0)),
    **dict.fromkeys(("Softmax", "Hardmax"), _between(0.0, 1.0)),
}
"""What is not here, and is no activation, can be anything."""
