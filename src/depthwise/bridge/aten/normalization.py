"""Normalisation and dropout."""

from __future__ import annotations

import numpy as np

from depthwise.bridge.aten.call import AtenCall, Handler


def _filled(call: AtenCall, name: str, count: int, value: float) -> str:
    """Take an optional vector, or make the one that changes nothing."""
    found = call.tensor(name)
    return found or call.array(np.full(count, value, call.result_dtype))


def _batch_norm(call: AtenCall) -> str:
    count = call.size(1, "input")
    mean, variance = call.tensor("running_mean"), call.tensor("running_var")
    if call.plain("training") or not mean or not variance:
        why = "batch norm without running statistics depends on the whole batch"
        raise call.unsupported(why)
    operands = [
        call.tensor("input"),
        _filled(call, "weight", count, 1),
        _filled(call, "bias", count, 0),
        mean,
        variance,
    ]
    attributes = {
        "epsilon": float(call.plain("eps")),
        "momentum": round(1 - float(call.plain("momentum")), 12),
    }
    return call.emit("BatchNormalization", operands, attributes)


def _dropout(call: AtenCall) -> str:
    ratio = call.tape.constant(np.array(call.plain("p"), "float32"))
    return call.emit("Dropout", [call.tensor("input"), ratio])


HANDLERS: dict[str, Handler] = {
    "batch_norm": _batch_norm,
    "dropout": _dropout,
    "feature_dropout": _dropout,
    "alpha_dropout": _dropout,
    "feature_alpha_dropout": _dropout,
}
