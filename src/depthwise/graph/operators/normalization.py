"""Normalisation by statistics: of training (batch norm) or of the sample itself."""

from __future__ import annotations

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.axes import axis_of, normalise_axes, normalise_axis
from depthwise.graph.operators.operator import Array, Call, Operator, same_type
from depthwise.graph.shapes import Shape, TensorType


def _expect_channels(call: Call, *, first: int, last: int, least_rank: int) -> None:
    x = call.shape(0)
    name = call.operator.name
    if len(x) < least_rank:
        raise GeometryError(f"{name} takes {least_rank} axes or more; got {len(x)}")
    for index in range(first, last + 1):
        if call.shape(index) != (x[1],):
            got = call.shape(index)
            msg = f"{name} needs one element a channel; got {got}, {x[1]} channels"
            raise GeometryError(msg)


def _infer_batch_norm(call: Call) -> tuple[TensorType, ...]:
    _expect_channels(call, first=1, last=4, least_rank=2)
    if call.flag("training_mode"):
        raise GeometryError("batch norm must be in inference mode; got training_mode=1")
    return same_type(call)


def _along(values: Array, rank: int) -> Array:
    return values.reshape(-1, *(1,) * (rank - 2))


def _batch_norm(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, scale, shift, mean, variance = arrays
    epsilon = np.asarray(call.real("epsilon"), x.dtype)
    gain = scale / np.sqrt(variance + epsilon)
    centred = x - _along(mean, x.ndim)
    result = centred * _along(gain, x.ndim) + _along(shift, x.ndim)
    return (result.astype(x.dtype, copy=False),)


def _infer_instance_norm(call: Call) -> tuple[TensorType, ...]:
    _expect_channels(call, first=1, last=2, least_rank=3)
    return same_type(call)


def _standardise(x: Array, axes: tuple[int, ...], epsilon: float) -> Array:
    mean = x.mean(axes, keepdims=True)
    centred = x - mean
    variance = np.mean(centred * centred, axes, keepdims=True)
    return np.asarray(centred / np.sqrt(variance + np.asarray(epsilon, x.dtype)))


def _instance_norm(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, scale, shift = arrays
    plain = _standardise(x, tuple(range(2, x.ndim)), call.real("epsilon"))
    return (plain * _along(scale, x.ndim) + _along(shift, x.ndim),)


def _infer_group_norm(call: Call) -> tuple[TensorType, ...]:
    _expect_channels(call, first=1, last=2, least_rank=3)
    channels, groups = call.shape()[1], call.integer("num_groups")
    if not isinstance(channels, int) or groups < 1 or channels % groups:
        msg = f"num_groups must divide the channels; got {groups} and {channels}"
        raise GeometryError(msg)
    return same_type(call)


def _group_norm(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, scale, shift = arrays
    grouped = x.reshape(len(x), call.integer("num_groups"), -1)
    plain = _standardise(grouped, (2,), call.real("epsilon")).reshape(x.shape)
    return (plain * _along(scale, x.ndim) + _along(shift, x.ndim),)


def _infer_layer_norm(call: Call) -> tuple[TensorType, ...]:
    x, axis = call.type(0), axis_of(call)
    for index in (1, 2):
        if call.has(index) and len(call.shape(index)) > x.rank - axis:
            msg = f"scale and bias cover the last axes; got {call.shape(index)}"
            raise GeometryError(msg)
    kept: Shape = (*x.shape[:axis], *(1,) * (x.rank - axis))
    return (TensorType(x.dtype, x.shape), *(TensorType("float32", kept),) * 2)


def _layer_norm(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    x, scale = arrays[0], arrays[1]
    axes = tuple(range(normalise_axis(call.integer("axis"), x.ndim), x.ndim))
    mean = x.mean(axes, keepdims=True)
    centred = x - mean
    variance = np.mean(centred * centred, axes, keepdims=True)
    inverse = 1 / np.sqrt(variance + np.asarray(call.real("epsilon"), x.dtype))
    result = centred * inverse * scale
    if len(arrays) > 2 and arrays[2] is not None:
        result = result + arrays[2]
    return (result, mean, inverse)


def _infer_local_response(call: Call) -> tuple[TensorType, ...]:
    if call.type(0).rank < 2 or call.integer("size") < 1:
        got = f"{call.type(0).rank} axes, size={call.integer('size')}"
        raise GeometryError(f"LRN needs channels and a size of 1 or more; got {got}")
    return same_type(call)


def _local_response(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    size = call.integer("size")
    before, channels = (size - 1) // 2, x.shape[1]
    squares = x * x
    total = np.zeros_like(x)
    for shift in range(-before, size - before):
        low, high = max(0, -shift), min(channels, channels - shift)
        if high > low:
            total[:, low:high] += squares[:, low + shift : high + shift]
    alpha, beta = call.real("alpha") / size, call.real("beta")
    base = np.asarray(call.real("bias"), x.dtype) + np.asarray(alpha, x.dtype) * total
    return (x / base ** np.asarray(beta, x.dtype),)


def _infer_lp_norm(call: Call) -> tuple[TensorType, ...]:
    axis_of(call)
    if call.integer("p") not in {1, 2}:
        got = call.integer("p")
        raise GeometryError(f"LpNormalization takes p of 1 or 2; got {got}")
    return same_type(call)


def _lp_norm(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    power, axis = call.integer("p"), call.integer("axis")
    size = np.linalg.norm(x, ord=power, axis=axis, keepdims=True)
    return (np.where(size == 0, 0, x / np.where(size == 0, 1, size)).astype(x.dtype),)


def _infer_mean_variance(call: Call) -> tuple[TensorType, ...]:
    normalise_axes(call.integers("axes") or (0, 2, 3), call.type(0).rank)
    return same_type(call)


def _mean_variance(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    (x,) = arrays
    axes = call.integers("axes") or (0, 2, 3)
    centred = x - x.mean(axes, keepdims=True)
    variance = np.mean(centred * centred, axes, keepdims=True)
    return (centred / (np.sqrt(variance) + np.asarray(1e-9, x.dtype)),)


_BATCH = {"epsilon": 1e-5, "momentum": 0.9, "training_mode": 0}
_GROUP = {"epsilon": 1e-5, "num_groups": None, "stash_type": 1}
_LAYER = {"axis": -1, "epsilon": 1e-5, "stash_type": 1}
_LRN = {"alpha": 1e-4, "beta": 0.75, "bias": 1.0, "size": None}

OPERATORS = (
    Operator(
        "BatchNormalization",
        _infer_batch_norm,
        _batch_norm,
        _BATCH,
        inputs=(5, 5),
        signature="TF",
    ),
    Operator(
        "InstanceNormalization",
        _infer_instance_norm,
        _instance_norm,
        {"epsilon": 1e-5},
        inputs=(3, 3),
    ),
    Operator(
        "GroupNormalization", _infer_group_norm, _group_norm, _GROUP, inputs=(3, 3)
    ),
    Operator(
        "LayerNormalization",
        _infer_layer_norm,
        _layer_norm,
        _LAYER,
        inputs=(2, 3),
        outputs=(1, 3),
    ),
    Operator("LRN", _infer_local_response, _local_response, _LRN),
    Operator("LpNormalization", _infer_lp_norm, _lp_norm, {"axis": -1, "p": 2}),
    Operator(
        "MeanVarianceNormalization",
        _infer_mean_variance,
        _mean_variance,
        {"axes": (0, 2, 3)},
    ),
)
