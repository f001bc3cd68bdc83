"""Convolution in any number of axes: dense, grouped, depthwise, pointwise."""

from __future__ import annotations

import itertools
import math

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.operator import Array, Call, Macs, Operator
from depthwise.graph.operators.window import (
    AUTO_PADS,
    Window,
    pad_windows,
    windows_of,
)
from depthwise.graph.shapes import TensorType, concrete


def conv_windows(call: Call) -> tuple[Window, ...]:
    """Find the windows of a convolution.

    Args:
        call: A Conv with input ``[N, C, *spatial]`` and weight ``[K, C/group, *taps]``.

    Returns:
        One window a spatial axis.

    Raises:
        GeometryError: If channels, groups or ranks do not fit.
    """
    x, weight = call.shape(0), concrete(call.shape(1))
    if len(x) != len(weight) or len(x) < 3:
        ranks = f"{len(x)} and {len(weight)}"
        msg = f"input and weight need the same rank, 3 or more; got {ranks}"
        raise GeometryError(msg)
    (channels,) = concrete(x[1:2])
    group = call.integer("group")
    if group < 1 or channels != weight[1] * group:
        msg = (
            "input channels must be group x weight channels; "
            f"got {channels} and {group} x {weight[1]}"
        )
        raise GeometryError(msg)
    if weight[0] % group:
        msg = f"group must divide output channels; got group={group}, {weight[0]}"
        raise GeometryError(msg)
    declared = call.integers("kernel_shape")
    if declared is not None and declared != weight[2:]:
        msg = f"kernel_shape must be the weight's; got {declared} and {weight[2:]}"
        raise GeometryError(msg)
    if call.has(2) and call.shape(2) != weight[:1]:
        msg = f"bias needs one element a channel; got {call.shape(2)}, {weight[0]}"
        raise GeometryError(msg)
    return windows_of(call, weight[2:])


def _infer(call: Call) -> tuple[TensorType, ...]:
    sizes = tuple(window.outputs for window in conv_windows(call))
    x = call.type(0)
    return (TensorType(x.dtype, (x.shape[0], call.shape(1)[0], *sizes)),)


def _macs(call: Call) -> Macs:
    """N x filters x channels a group x taps x outputs; real: taps on elements."""
    windows = conv_windows(call)
    (batch,) = concrete(call.shape(0)[:1])
    channels_out, channels_a_group, *_ = concrete(call.shape(1))
    pairs = batch * channels_out * channels_a_group
    nominal = pairs * math.prod(w.kernel * w.outputs for w in windows)
    real = pairs * math.prod(w.real_taps for w in windows)
    return Macs(nominal, real, backward_input=nominal, backward_weight=nominal)


def _reference(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    """Sum over taps: each tap is a strided view times a matrix a group.

    Half precision is for storage: it is summed in single precision, as others do.
    """
    x, weight = arrays[0], arrays[1]
    bias = arrays[2] if len(arrays) > 2 else None
    windows = conv_windows(call)
    group = call.integer("group")
    outputs = [window.outputs for window in windows]
    padded = pad_windows(x, windows, 0.0)
    filters = weight.reshape(group, -1, weight.shape[1], *weight.shape[2:])
    shape = (len(x), group, filters.shape[1], math.prod(outputs))
    result = np.zeros(shape, np.result_type(x, np.float32))
    for taps in itertools.product(*(range(w.kernel) for w in windows)):
        places = tuple(w.tap(t) for w, t in zip(windows, taps, strict=True))
        seen = padded[(slice(None), slice(None), *places)]
        seen = seen.reshape(len(x), group, weight.shape[1], -1)
        tap = np.moveaxis(filters, (0, 1, 2), (-3, -2, -1))[taps]
        result += seen * tap if weight.shape[1] == 1 else np.matmul(tap, seen)
    if bias is not None:
        result += bias.reshape(group, -1, 1)
    result = result.reshape(len(x), weight.shape[0], *outputs)
    return (result.astype(x.dtype, copy=False),)


OPERATORS = (
    Operator(
        "Conv",
        _infer,
        _reference,
        {
            "auto_pad": "NOTSET",
            "dilations": None,
            "group": 1,
            "kernel_shape": None,
            "pads": None,
            "strides": None,
        },
        inputs=(2, 3),
        macs=_macs,
        choices={"auto_pad": AUTO_PADS},
    ),
)
