"""Activations."""

from __future__ import annotations

from collections.abc import Callable

from depthwise.bridge.aten.call import AtenCall, Handler


def _same(op: str) -> Handler:
    def handler(call: AtenCall) -> str:
        return call.emit(op, [call.tensor()])

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


def _hardtanh(call: AtenCall) -> str:
    return clip(call, call.plain("min_val"), call.plain("max_val"))


def _clamp(call: AtenCall) -> str:
    names = {"clamp": ("min", "max"), "clip": ("min", "max")}
    names |= {"clamp_min": ("min", ""), "clamp_max": ("", "max")}
    low, high = (call.tensor(n) if n else "" for n in names[call.op])
    return call.emit("Clip", [call.tensor(), low, high])


def _silu(call: AtenCall) -> str:
    x = call.tensor()
    return call.emit("Mul", [x, call.emit("Sigmoid", [x])])


def _elu(call: AtenCall) -> str:
    if call.plain("scale") != 1 or call.plain("input_scale") != 1:
        raise call.unsupported("elu takes no scales")
    return call.emit("Elu", [call.tensor()], {"alpha": float(call.plain("alpha"))})


def _softmax(call: AtenCall) -> str:
    return call.emit("Softmax", [call.tensor()], {"axis": call.integer("dim")})


_PLAIN: dict[str, str] = {
    "relu": "Relu",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "hardswish": "HardSwish",
}

_six: Callable[[AtenCall], str] = lambda call: clip(call, 0, 6)  # noqa: E731 - a row

HANDLERS: dict[str, Handler] = {
    **{name: _same(op) for name, op in _PLAIN.items()},
    "relu6": _six,
    "hardtanh": _hardtanh,
    "clamp": _clamp,
    "clip": _clamp,
    "clamp_min": _clamp,
    "clamp_max": _clamp,
    "silu": _silu,
    "elu": _elu,
    "leaky_relu": _with("LeakyRelu", "negative_slope", "alpha"),
    "hardsigmoid": lambda call: call.emit(
        "HardSigmoid", [call.tensor()], {"alpha": 1 / 6, "beta": 0.5}
    ),
    "softmax": _softmax,
    "_softmax": _softmax,
}
