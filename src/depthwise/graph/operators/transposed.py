"""Transposed convolution in any number of axes: every input scatters a kernel."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.operator import Array, Call, Macs, Operator
from depthwise.graph.operators.window import AUTO_PADS, Window, landings
from depthwise.graph.shapes import TensorType, concrete


@dataclass(frozen=True, slots=True)
class Scatter:
    """One kernel scattered from one axis.

    Args:
        window: Kernel, stride, dilation, and what is cropped from either end.
        outputs: Elements of the result's axis.

    Example:
        >>> Scatter(Window(size=4, kernel=3, stride=2), outputs=9).real_taps
        12
    """

    window: Window
    outputs: int

    @property
    def real_taps(self) -> int:
        """Products that land in the result rather than in what is cropped."""
        return landings(self.window, self.window.size, self.outputs)


def scatters_of(call: Call) -> tuple[Scatter, ...]:
    """Find the geometry of a transposed convolution.

    Args:
        call: A ConvTranspose with input ``[N, C, *spatial]`` and weight
            ``[C, K/group, *taps]``.

    Returns:
        One scatter a spatial axis.

    Raises:
        GeometryError: If channels, groups, attributes or ranks do not fit.
    """
    x, weight = call.shape(0), concrete(call.shape(1))
    if len(x) != len(weight) or len(x) < 3:
        ranks = f"{len(x)} and {len(weight)}"
        msg = f"input and weight need the same rank, 3 or more; got {ranks}"
        raise GeometryError(msg)
    (channels, *sizes) = concrete(x[1:])
    group = call.integer("group")
    if channels != weight[0] or group < 1 or channels % group:
        msg = (
            "input channels must be the weight's first axis and divide into groups; "
            f"got {channels}, {weight[0]} and group={group}"
        )
        raise GeometryError(msg)
    if call.has(2) and call.shape(2) != (weight[1] * group,):
        got = f"{call.shape(2)}, {weight[1] * group}"
        raise GeometryError(f"bias needs one element a channel; got {got}")
    declared = call.integers("kernel_shape")
    if declared is not None and declared != weight[2:]:
        msg = f"kernel_shape must be the weight's; got {declared} and {weight[2:]}"
        raise GeometryError(msg)
    return _scatters(call, tuple(sizes), weight[2:])


def _scatters(
    call: Call, sizes: tuple[int, ...], kernel: tuple[int, ...]
) -> tuple[Scatter, ...]:
    rank = len(sizes)
    strides = call.integers("strides") or (1,) * rank
    dilations = call.integers("dilations") or (1,) * rank
    extra = call.integers("output_padding") or (0,) * rank
    pads = call.integers("pads") or (0,) * (2 * rank)
    wanted = (call.integers("output_shape") or (0,) * rank)[-rank:]
    rows = (strides, dilations, extra, wanted)
    if any(len(row) != rank for row in rows) or len(pads) != 2 * rank:
        raise GeometryError(f"strides, dilations, pads must have {rank} axes each")
    if min(*strides, *dilations) < 1 or min(extra) < 0:
        msg = f"strides and dilations must be 1 or more; got {strides}, {dilations}"
        raise GeometryError(msg)
    auto = call.text("auto_pad")
    result = []
    for axis, size in enumerate(sizes):
        stride, dilation = strides[axis], dilations[axis]
        plain = Window(size, kernel[axis], stride, dilation)
        full = stride * (size - 1) + extra[axis] + plain.reach
        target = wanted[axis] or (size * stride if auto.startswith("SAME") else 0)
        begin, end = pads[axis], pads[axis + rank]
        if target:
            begin, end = _crop(auto, full - target)
        elif auto == "VALID":
            begin, end = 0, 0
        outputs = target or full - begin - end
        if outputs < 1:
            raise GeometryError(f"a transposed axis must not be empty; got {outputs}")
        window = Window(size, kernel[axis], stride, dilation, begin, end)
        result.append(Scatter(window, outputs))
    return tuple(result)


def _crop(auto: str, total: int) -> tuple[int, int]:
    total = max(total, 0)
    small, large = total // 2, total - total // 2
    return (small, large) if auto == "SAME_UPPER" else (large, small)


def _infer(call: Call) -> tuple[TensorType, ...]:
    sizes = tuple(scatter.outputs for scatter in scatters_of(call))
    (channels,) = concrete(call.shape(1)[1:2])
    x = call.type(0)
    shape = (x.shape[0], channels * call.integer("group"), *sizes)
    return (TensorType(x.dtype, shape),)


def _macs(call: Call) -> Macs:
    """N x channels x filters a group x taps x inputs; real: what is not cropped."""
    scatters = scatters_of(call)
    (batch,) = concrete(call.shape(0)[:1])
    channels_in, channels_out_a_group, *_ = concrete(call.shape(1))
    pairs = batch * channels_in * channels_out_a_group
    nominal = pairs * math.prod(s.window.kernel * s.window.size for s in scatters)
    real = pairs * math.prod(s.real_taps for s in scatters)
    return Macs(nominal, real, backward_input=nominal, backward_weight=nominal)


def _reference(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    """Sum over taps: each tap is a matrix a group, added to a strided view."""
    x, weight = arrays[0], arrays[1]
    scatters = scatters_of(call)
    group = call.integer("group")
    channels = weight.shape[1] * group
    spaces = [_space(s) for s in scatters]
    full = np.zeros((len(x), channels, *spaces), np.result_type(x, np.float32))
    seen = x.reshape(len(x), group, x.shape[1] // group, -1)
    filters = weight.reshape(group, -1, *weight.shape[1:])
    for taps in itertools.product(*(range(s.window.kernel) for s in scatters)):
        tap = np.moveaxis(filters, (0, 2, 1), (-3, -2, -1))[taps]
        product = np.matmul(tap, seen)
        places = tuple(_places(s, t) for s, t in zip(scatters, taps, strict=True))
        shape = (len(x), channels, *x.shape[2:])
        full[(slice(None), slice(None), *places)] += product.reshape(shape)
    crop = tuple(slice(_start(s), _start(s) + s.outputs) for s in scatters)
    result = full[(slice(None), slice(None), *crop)]
    if len(arrays) > 2 and arrays[2] is not None:
        result = result + arrays[2].reshape(-1, *(1,) * len(scatters))
    return (result.astype(x.dtype, copy=False),)


def _space(scatter: Scatter) -> int:
    """Elements that hold every product and every result, from the first of either."""
    window = scatter.window
    shift = max(-window.begin, 0)
    last = window.stride * (window.size - 1) + window.reach + shift
    return max(last, _start(scatter) + scatter.outputs)


def _start(scatter: Scatter) -> int:
    return max(scatter.window.begin, 0)


def _places(scatter: Scatter, tap: int) -> slice:
    window = scatter.window
    first = tap * window.dilation + max(-window.begin, 0)
    return slice(first, first + (window.size - 1) * window.stride + 1, window.stride)


OPERATORS = (
    Operator(
        "ConvTranspose",
        _infer,
        _reference,
        {
            "auto_pad": "NOTSET",
            "dilations": None,
            "group": 1,
            "kernel_shape": None,
            "output_padding": None,
            "output_shape": None,
            "pads": None,
            "strides": None,
        },
        inputs=(2, 3),
        macs=_macs,
        choices={"auto_pad": AUTO_PADS},
    ),
)
