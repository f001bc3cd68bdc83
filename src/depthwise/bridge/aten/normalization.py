"""Normalisation and dropout."""

from __future__ import annotations

import logging

import numpy as np

from depthwise.bridge.aten.call import AtenCall, Handler, Value
from depthwise.graph import Batch, Shape
from depthwise.graph.shapes import concrete

_log = logging.getLogger("depthwise.bridge")


def _filled(call: AtenCall, name: str, shape: Shape, value: float) -> str:
    """Take an optional array, or make the one that changes nothing."""
    found = call.tensor(name)
    return found or call.array(np.full(concrete(shape), value, call.result_dtype))


def _batch_norm(call: AtenCall) -> str:
    channels = (call.size(1, "input"),)
    mean, variance = call.tensor("running_mean"), call.tensor("running_var")
    training = "training" in call.arguments and call.plain("training")
    if training or not mean or not variance:
        return _batch_statistics(call)
    operands = [
        call.tensor("input"),
        _filled(call, "weight", channels, 1),
        _filled(call, "bias", channels, 0),
        mean,
        variance,
    ]
    attributes = {
        "epsilon": float(call.plain("eps")),
        "momentum": round(1 - float(call.plain("momentum")), 12),
    }
    return call.emit("BatchNormalization", operands, attributes)


def _batch_statistics(call: AtenCall) -> str:
    """Normalise by mean and variance of what is given: of all samples together."""
    x, shape = call.tensor("input"), call.shape("input")
    if isinstance(shape[0], Batch):
        where = call.scope.rstrip("!") or "the model itself"
        _log.warning("batch norm at %s mixes the samples of a batch", where)
    axes = call.vector(0, *range(2, len(shape)))
    centred = call.emit("Sub", [x, call.emit("ReduceMean", [x, axes])])
    square = call.emit("Mul", [centred, centred])
    spread = call.emit("ReduceMean", [square, axes])
    epsilon = call.number(float(call.plain("eps")))
    root = call.emit("Sqrt", [call.emit("Add", [spread, epsilon])])
    found = call.emit("Div", [centred, root])
    column = (call.size(1, "input"), *(1,) * (len(shape) - 2))
    for name, op in (("weight", "Mul"), ("bias", "Add")):
        if call.tensor(name):
            factor = call.reshape(call.tensor(name), column)
            found = call.emit(op, [found, factor])
    return found


def _lowered_batch_norm(call: AtenCall) -> Value:
    return (_batch_norm(call), "", "")


def _instance_norm(call: AtenCall) -> str:
    channels = (call.size(1, "input"),)
    operands = [
        call.tensor("input"),
        _filled(call, "weight", channels, 1),
        _filled(call, "bias", channels, 0),
    ]
    epsilon = float(call.plain("eps"))
    if call.plain("use_input_stats"):
        return call.emit("InstanceNormalization", operands, {"epsilon": epsilon})
    operands += [call.tensor("running_mean"), call.tensor("running_var")]
    return call.emit("BatchNormalization", operands, {"epsilon": epsilon})


def _group_norm(call: AtenCall) -> str:
    channels = (call.size(1, "input"),)
    groups = call.integer("num_groups" if "num_groups" in call.arguments else "group")
    operands = [
        call.tensor("input"),
        _filled(call, "weight", channels, 1),
        _filled(call, "bias", channels, 0),
    ]
    epsilon = float(call.plain("eps"))
    if len(call.shape("input")) > 2:
        attributes = {"epsilon": epsilon, "num_groups": groups}
        return call.emit("GroupNormalization", operands, attributes)
    # ONNX normalises groups of images only: give a matrix one pixel.
    shape = call.shape("input")
    attributes = {"epsilon": epsilon, "num_groups": groups}
    operands[0] = call.reshape(operands[0], (*shape, 1))
    result = call.emit("GroupNormalization", operands, attributes)
    return call.reshape(result, shape)


def _lowered_group_norm(call: AtenCall) -> Value:
    return (_group_norm(call), "", "")


def _layer_norm(call: AtenCall) -> Value:
    shape = call.integers("normalized_shape")
    bias = call.tensor("bias")
    operands = [call.tensor("input"), _filled(call, "weight", shape, 1), bias]
    attributes = {"epsilon": float(call.plain("eps")), "axis": -len(shape)}
    return call.emit("LayerNormalization", operands, attributes)


def _lowered_layer_norm(call: AtenCall) -> Value:
    return (str(_layer_norm(call)), "", "")


def _dropout(call: AtenCall) -> str:
    if call.plain("train"):
        where = call.scope.rstrip("!") or "the model itself"
        _log.warning("dropout at %s drops in eval mode too; the Graph does not", where)
    ratio = call.tape.constant(np.array(call.plain("p"), "float32"))
    return call.emit("Dropout", [call.tensor("input"), ratio])


HANDLERS: dict[str, Handler] = {
    "batch_norm": _batch_norm,
    "_native_batch_norm_legit_no_training": _lowered_batch_norm,
    "native_group_norm": _lowered_group_norm,
    "native_layer_norm": _lowered_layer_norm,
    "instance_norm": _instance_norm,
    "group_norm": _group_norm,
    "layer_norm": _layer_norm,
    "dropout": _dropout,
    "feature_dropout": _dropout,
    "alpha_dropout": _dropout,
    "feature_alpha_dropout": _dropout,
}
