"""Activations."""

from __future__ import annotations

from collections.abc import Mapping

from depthwise.bridge.aten.call import AtenCall, Handler
from depthwise.graph import Attribute

_LINEAR = 20.0
"""From here on softplus is its argument, but for 2e-9: torch's own limit."""


def _same(op: str, attributes: Mapping[str, Attribute] | None = None) -> Handler:
    def handler(call: AtenCall) -> str:
        return call.emit(op, [call.tensor()], attributes)

    return handler


def _with(op: str, argument: str, attribute: str) -> Handler:
    def handler(call: AtenCall) -> str:
        value = float(call.plain(argument))
        return call.emit(op, [call.tensor()], {attribute: value})

    return handler


def clip(call: AtenCall, low: float | None, high: float | None) -> str:
    """Append a Clip.

    Args:
        call: The call whose "self" is clipped.
        low: Lower bound, or None.
        high: Upper bound, or None.

    Returns:
        The name of the result.
    """
    bounds = ["" if v is None else call.number(v) for v in (low, high)]
    return call.emit("Clip", [call.tensor(), *bounds])


def _relu6(call: AtenCall) -> str:
    return clip(call, 0, 6)


def _hardtanh(call: AtenCall) -> str:
    return clip(call, call.plain("min_val"), call.plain("max_val"))


def _clamp(call: AtenCall) -> str:
    names = {"clamp_min": ("min", ""), "clamp_max": ("", "max")}
    low, high = names.get(call.op, ("min", "max"))
    if not (low and call.is_tensor(low)) and not (high and call.is_tensor(high)):
        bounds = (call.plain(name) if name else None for name in (low, high))
        return clip(call, *bounds)
    x = call.tensor()
    if low and call.tensor(low):
        x = call.emit("Max", [x, call.tensor(low)])
    if high and call.tensor(high):
        x = call.emit("Min", [x, call.tensor(high)])
    return x


def _silu(call: AtenCall) -> str:
    x = call.tensor()
    return call.emit("Mul", [x, call.emit("Sigmoid", [x])])


def _elu(call: AtenCall) -> str:
    if call.plain("scale") != 1 or call.plain("input_scale") != 1:
        raise call.unsupported("elu takes no scales")
    return call.emit("Elu", [call.tensor()], {"alpha": float(call.plain("alpha"))})


def _gelu(call: AtenCall) -> str:
    form = str(call.plain("approximate"))
    return call.emit("Gelu", [call.tensor()], {"approximate": form})


def _softplus(call: AtenCall) -> str:
    """Spell softplus; above a limit that the eye can see, torch passes x on."""
    beta, limit = float(call.plain("beta")), float(call.plain("threshold"))
    x = call.tensor()
    if beta == 1:
        soft = call.emit("Softplus", [x])
    else:
        steep = call.emit("Softplus", [call.emit("Mul", [x, call.number(beta)])])
        soft = call.emit("Div", [steep, call.number(beta)])
    if limit >= _LINEAR:
        return soft
    above = call.emit("Greater", [x, call.number(limit / beta)])
    return call.emit("Where", [above, x, soft])


def _softmax(op: str) -> Handler:
    def handler(call: AtenCall) -> str:
        return call.emit(op, [call.tensor()], {"axis": call.integer("dim")})

    return handler


def _prelu(call: AtenCall) -> str:
    """Append a PRelu, whose slopes must line up with the channels."""
    slope, rank = call.tensor("weight"), len(call.shape())
    count = call.shape("weight")
    if count != (1,) and len(count) == 1 and rank > 2:
        slope = call.reshape(slope, (*count, *(1,) * (rank - 2)))
    return call.emit("PRelu", [call.tensor(), slope])


def _log_sigmoid(call: AtenCall) -> str:
    turned = call.emit("Neg", [call.tensor()])
    return call.emit("Neg", [call.emit("Softplus", [turned])])


def _random_relu(call: AtenCall) -> str:
    slope = (float(call.plain("lower")) + float(call.plain("upper"))) / 2
    return call.emit("LeakyRelu", [call.tensor()], {"alpha": slope})


def _threshold(call: AtenCall) -> str:
    limit, value = (call.number(call.plain(n)) for n in ("threshold", "value"))
    above = call.emit("Greater", [call.tensor(), limit])
    return call.emit("Where", [above, call.tensor(), value])


def _soft_shrink(call: AtenCall) -> str:
    reach = float(call.plain("lambd"))
    return call.emit("Shrink", [call.tensor()], {"lambd": reach, "bias": reach})


def _gated(call: AtenCall) -> str:
    attributes: dict[str, Attribute] = {"axis": call.integer("dim")}
    attributes["num_outputs"] = 2
    value, gate = call.emit_many("Split", [call.tensor()], 2, attributes)
    return call.emit("Mul", [value, call.emit("Sigmoid", [gate])])


HANDLERS: dict[str, Handler] = {
    "relu": _same("Relu"),
    "sigmoid": _same("Sigmoid"),
    "tanh": _same("Tanh"),
    "hardswish": _same("HardSwish"),
    "hardsigmoid": _same("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "mish": _same("Mish"),
    "selu": _same("Selu", {"alpha": 1.6732632423543772, "gamma": 1.0507009873554805}),
    "softsign": _same("Softsign"),
    "relu6": _relu6,
    "hardtanh": _hardtanh,
    "clamp": _clamp,
    "clip": _clamp,
    "clamp_min": _clamp,
    "clamp_max": _clamp,
    "silu": _silu,
    "gelu": _gelu,
    "elu": _elu,
    "celu": _with("Celu", "alpha", "alpha"),
    "leaky_relu": _with("LeakyRelu", "negative_slope", "alpha"),
    "rrelu": _random_relu,
    "prelu": _prelu,
    "_prelu_kernel": _prelu,
    "softplus": _softplus,
    "log_sigmoid": _log_sigmoid,
    "threshold": _threshold,
    "softshrink": _soft_shrink,
    "hardshrink": _with("Shrink", "lambd", "lambd"),
    "glu": _gated,
    "softmax": _softmax("Softmax"),
    "_softmax": _softmax("Softmax"),
    "log_softmax": _softmax("LogSoftmax"),
    "_log_softmax": _softmax("LogSoftmax"),
}
