"""Normalisation and dropout, as they are at inference."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge.operators.function import Function, Tensors, optional, size_of
from depthwise.errors import GeometryError
from depthwise.graph import Call


def _batch_norm(call: Call, tensors: Tensors) -> Tensors:
    x, scale, shift, mean, variance = tensors
    epsilon = call.real("epsilon")
    return (F.batch_norm(x, mean, variance, scale, shift, False, 0.0, epsilon),)


def _instance_norm(call: Call, tensors: Tensors) -> Tensors:
    x, scale, shift = tensors
    epsilon = call.real("epsilon")
    # A group a channel: unlike instance_norm, it takes a single pixel too.
    channels = size_of(call, 0, 1)
    return (F.group_norm(x, channels, scale, shift, epsilon),)


def _group_norm(call: Call, tensors: Tensors) -> Tensors:
    x, scale, shift = tensors
    groups, epsilon = call.integer("num_groups"), call.real("epsilon")
    return (F.group_norm(x, groups, scale, shift, epsilon),)


def _layer_norm(call: Call, tensors: Tensors) -> Tensors:
    x, scale, bias = tensors[0], tensors[1], optional(tensors, 2)
    rank = call.type(0).rank
    axis = call.integer("axis") % rank
    axes = tuple(range(axis, rank))
    epsilon = call.real("epsilon")
    whole = call.shape()[axis:]
    is_plain = call.shape(1) == whole and (bias is None or call.shape(2) == whole)
    if is_plain and len(call.node.outputs) == 1:
        return (F.layer_norm(x, whole, scale, bias, epsilon),)  # type: ignore[arg-type]
    mean = torch.mean(x, axes, keepdim=True)
    variance = torch.var(x, axes, correction=0, keepdim=True)
    inverse = torch.rsqrt(variance + epsilon)
    result = (x - mean) * inverse * scale
    result = result if bias is None else result + bias
    return (result, mean, inverse)


def _local_response(call: Call, tensors: Tensors) -> Tensors:
    (x,), size = tensors, call.integer("size")
    alpha, beta, bias = (call.real(name) for name in ("alpha", "beta", "bias"))
    spatial = call.type(0).rank - 2
    before = (size - 1) // 2
    # One axis of channels in front of one row: the average over a window of them.
    squares = torch.flatten(x * x, 2) if spatial else (x * x).unsqueeze(2)
    pads = (0, 0, before, size - 1 - before)
    means = F.avg_pool2d(F.pad(squares.unsqueeze(1), pads), (size, 1), 1)
    factor = torch.pow(means.squeeze(1) * alpha + bias, beta)
    return (x / factor.reshape(_open(call)),)


def _open(call: Call) -> tuple[int, ...]:
    """Write the input's shape with the first axis to be inferred."""
    return (-1, *(dim for dim in call.shape()[1:] if isinstance(dim, int)))


def _lp_norm(call: Call, tensors: Tensors) -> Tensors:
    (x,), power, axis = tensors, call.integer("p"), call.integer("axis")
    if power not in {1, 2}:
        raise GeometryError(f"LpNormalization takes p of 1 or 2; got {power}")
    size = torch.linalg.vector_norm(x, power, axis, keepdim=True)
    return (torch.where(size == 0, torch.zeros_like(x), x / size),)


def _mean_variance(call: Call, tensors: Tensors) -> Tensors:
    (x,) = tensors
    axes = call.integers("axes") or (0, 2, 3)
    centred = x - torch.mean(x, axes, keepdim=True)
    variance = torch.mean(centred * centred, axes, keepdim=True)
    return (centred / (torch.sqrt(variance) + 1e-9),)


def _dropout(call: Call, tensors: Tensors) -> Tensors:
    if len(call.node.outputs) == 1:
        return (tensors[0],)
    mask: Any = torch.ones_like(tensors[0], dtype=torch.bool)
    return (tensors[0], mask)


FUNCTIONS: dict[str, Function] = {
    "BatchNormalization": _batch_norm,
    "InstanceNormalization": _instance_norm,
    "GroupNormalization": _group_norm,
    "LayerNormalization": _layer_norm,
    "LRN": _local_response,
    "LpNormalization": _lp_norm,
    "MeanVarianceNormalization": _mean_variance,
    "Dropout": _dropout,
}
