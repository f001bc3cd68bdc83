"""Functions of one operand, element by element, that are no activations."""

from __future__ import annotations

import torch

from depthwise.bridge.operators.function import Function, Tensors, unary
from depthwise.graph import Call


def _is_infinite(call: Call, tensors: Tensors) -> Tensors:
    (x,) = tensors
    if call.flag("detect_negative") and call.flag("detect_positive"):
        return (torch.isinf(x),)
    if call.flag("detect_positive"):
        return (torch.isposinf(x),)
    if call.flag("detect_negative"):
        return (torch.isneginf(x),)
    return (torch.zeros_like(x, dtype=torch.bool),)


def _pass_on(_call: Call, tensors: Tensors) -> Tensors:
    return (tensors[0],)


FUNCTIONS: dict[str, Function] = {
    "Neg": unary(torch.neg),
    "Abs": unary(torch.abs),
    "Sqrt": unary(torch.sqrt),
    "Exp": unary(torch.exp),
    "Log": unary(torch.log),
    "Erf": unary(torch.erf),
    "Reciprocal": unary(torch.reciprocal),
    "Floor": unary(torch.floor),
    "Ceil": unary(torch.ceil),
    "Round": unary(torch.round),
    "Sign": unary(torch.sign),
    "Sin": unary(torch.sin),
    "Cos": unary(torch.cos),
    "Not": unary(torch.logical_not),
    "IsNaN": unary(torch.isnan),
    "IsInf": _is_infinite,
    "Identity": _pass_on,
}
