"""A step of an edit as a torch layer that holds the step's arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from depthwise.errors import GraphError, UnsupportedOperatorError
from depthwise.graph import Attribute
from depthwise.graph.edits import Operand, Step
from depthwise.nn import DenseConv1d, DenseConv2d, DenseConv3d

_PLAIN = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_UNEVEN = (DenseConv1d, DenseConv2d, DenseConv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def layer_of_step(step: Step, rank: int) -> nn.Module:
    """Make the layer that does what a step does.

    Args:
        step: Any step whose operator a layer of torch.nn has.
        rank: Spatial axes of the layer that it replaces, for norms.

    Returns:
        The layer, holding copies of the step's arrays.

    Raises:
        UnsupportedOperatorError: If there is no such layer.

    Example:
        >>> layer_of_step(Step("act", "Relu"), rank=2)
        ReLU()
    """
    build = _BUILDERS.get(step.op)
    if build is None:
        msg = f"a step must be a layer of torch.nn; got {step.op!r}"
        raise UnsupportedOperatorError(msg, f"one of {sorted(_BUILDERS)}")
    layer = build(step, rank)
    if not isinstance(layer, nn.Hardtanh):
        _fill(layer, step.operands)
    return layer


def _fill(layer: nn.Module, operands: tuple[Operand, ...]) -> None:
    """Put arrays into a layer; those that are not trained become buffers."""
    for operand in operands:
        tensor = torch.tensor(operand.array)
        if operand.role in layer._buffers:  # noqa: SLF001 - register_buffer refuses
            layer.register_buffer(operand.role, tensor)
        elif operand.trained:
            layer.register_parameter(operand.role, nn.Parameter(tensor))
        else:
            delattr(layer, operand.role)
            layer.register_buffer(operand.role, tensor)


def _array(step: Step, role: str) -> Any:
    found = [operand.array for operand in step.operands if operand.role == role]
    return found[0] if found else None


def _row(step: Step, name: str, default: int, rank: int) -> tuple[int, ...]:
    value = step.attributes.get(name, (default,) * rank)
    if not isinstance(value, tuple):
        raise GraphError(f"attribute {name} is a row of integers; got {value!r}")
    return tuple(int(v) for v in value)


def _group(step: Step) -> int:
    return int(_number(step.attributes.get("group", 1)))


def _number(value: Attribute) -> float:
    if not isinstance(value, int | float):
        raise GraphError(f"an attribute must be a number here; got {value!r}")
    return value


def _pads(step: Step, rank: int) -> tuple[tuple[int, int], ...]:
    if step.attributes.get("auto_pad", "NOTSET") != "NOTSET":
        raise GraphError("a step must spell its padding; got auto_pad")
    row = _row(step, "pads", 0, 2 * rank)
    return tuple(zip(row[:rank], row[rank:], strict=True))


def _conv(step: Step, _rank: int) -> nn.Module:
    weight = _array(step, "weight")
    rank, group = weight.ndim - 2, _group(step)
    strides = _row(step, "strides", 1, rank)
    dilations = _row(step, "dilations", 1, rank)
    pads = _pads(step, rank)
    channels = (weight.shape[1] * group, weight.shape[0])
    has_bias = _array(step, "bias") is not None
    taps = weight.shape[2:]
    if all(before == after for before, after in pads):
        even = tuple(before for before, _ in pads)
        plain: Callable[..., nn.Module] = _PLAIN[rank - 1]
        settings: tuple[Any, ...] = (taps, strides, even, dilations)
        return plain(*channels, *settings, groups=group, bias=has_bias)
    uneven: Callable[..., nn.Module] = _UNEVEN[rank - 1]
    settings = (taps, strides, pads, dilations)
    return uneven(*channels, *settings, groups=group, bias=has_bias)


def _conv_transpose(step: Step, _rank: int) -> nn.Module:
    weight = _array(step, "weight")
    rank, group = weight.ndim - 2, _group(step)
    pads = _pads(step, rank)
    if (
        any(before != after for before, after in pads)
        or "output_shape" in step.attributes
    ):
        raise GraphError(f"a transposed step needs even padding; got {pads}")
    kind: Callable[..., nn.Module] = _TRANSPOSED[rank - 1]
    return kind(
        weight.shape[0],
        weight.shape[1] * group,
        weight.shape[2:],
        _row(step, "strides", 1, rank),
        tuple(before for before, _ in pads),
        _row(step, "output_padding", 0, rank),
        groups=group,
        bias=_array(step, "bias") is not None,
        dilation=_row(step, "dilations", 1, rank),
    )


def _linear(step: Step, _rank: int) -> nn.Module:
    plain = {"alpha": 1, "beta": 1, "transA": 0}
    wrong = [n for n, v in plain.items() if step.attributes.get(n, v) != v]
    if wrong or not step.attributes.get("transB"):
        raise GraphError(f"a Gemm step must be x W^T + b; got {dict(step.attributes)}")
    outputs, inputs = _array(step, "weight").shape
    return nn.Linear(inputs, outputs, bias=_array(step, "bias") is not None)


def _batch_norm(step: Step, rank: int) -> nn.Module:
    kind = _BATCH_NORMS[max(rank, 1) - 1]
    momentum = 1 - _number(step.attributes.get("momentum", 0.9))
    epsilon = _number(step.attributes.get("epsilon", 1e-5))
    (channels,) = _array(step, "weight").shape
    return kind(channels, eps=epsilon, momentum=round(momentum, 12))


def _clip(step: Step, _rank: int) -> nn.Module:
    low, high = (float(operand.array) for operand in step.operands)
    return nn.ReLU6() if (low, high) == (0, 6) else nn.Hardtanh(low, high)


def _plain(kind: Callable[[], nn.Module]) -> Callable[[Step, int], nn.Module]:
    return lambda _step, _rank: kind()


def _alpha(
    kind: Callable[[float], nn.Module], default: float
) -> Callable[[Step, int], nn.Module]:
    return lambda step, _rank: kind(_number(step.attributes.get("alpha", default)))


def _gelu(step: Step, _rank: int) -> nn.Module:
    return nn.GELU(str(step.attributes.get("approximate", "none")))


def _hard_sigmoid(step: Step, _rank: int) -> nn.Module:
    slope = _number(step.attributes.get("alpha", 0.2))
    if (slope, step.attributes.get("beta", 0.5)) != (1 / 6, 0.5):
        raise GraphError(f"torch's hard sigmoid has a slope of 1/6; got {slope}")
    return nn.Hardsigmoid()


_BUILDERS: dict[str, Callable[[Step, int], nn.Module]] = {
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Gemm": _linear,
    "BatchNormalization": _batch_norm,
    "Clip": _clip,
    "Identity": _plain(nn.Identity),
    "Relu": _plain(nn.ReLU),
    "HardSwish": _plain(nn.Hardswish),
    "HardSigmoid": _hard_sigmoid,
    "Sigmoid": _plain(nn.Sigmoid),
    "Tanh": _plain(nn.Tanh),
    "Mish": _plain(nn.Mish),
    "Gelu": _gelu,
    "LeakyRelu": _alpha(nn.LeakyReLU, 0.01),
    "Elu": _alpha(nn.ELU, 1.0),
}
