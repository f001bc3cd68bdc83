"""How far float32 may be from float64: node by node, and for a whole network.

A deep network multiplies errors, so a bound carried through it soon says nothing. Here
every node is judged on the very operands that it was given: what it may add is derived
from its own sums. Whole networks are compared in float64 against what float32 loses in
the same network, which measures how much it multiplies errors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from depthwise.graph import Call, Graph

UNIT = 2.0**-24
_SUMS = {"Conv", "ConvTranspose", "Gemm", "MatMul"}
_MEANS = {"ReduceSum", "ReduceMean", "GlobalAveragePool", "AveragePool"}
_TERMS = {"Add", "Sub", "Sum", "Mean"}
_STANDARD = {
    "BatchNormalization",
    "InstanceNormalization",
    "GroupNormalization",
    "LayerNormalization",
}
_EXACT = {
    "Relu",
    "Clip",
    "Identity",
    "Dropout",
    "Reshape",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Concat",
    "Split",
    "Slice",
    "Gather",
    "Expand",
    "Tile",
    "Pad",
    "MaxPool",
    "GlobalMaxPool",
    "DepthToSpace",
    "Max",
    "Min",
    "SpaceToDepth",
    "Where",
    "Neg",
    "Abs",
    "ReduceMax",
    "ReduceMin",
    "Cast",
}
_RECURRENT = {"LSTM", "GRU", "RNN"}


def allowed(call: Call, operands: list[Any], result: np.ndarray) -> np.ndarray:
    """What a node may add to each element of its float64 result."""
    op = call.node.op
    if op in _EXACT:
        return np.zeros(result.shape)
    if op in _SUMS | _TERMS | _MEANS:
        sizes = _reference(call, [_magnitude(x) for x in operands], plus=True)
        return 2 * (_summands(call) + 2) * UNIT * sizes
    if op in _STANDARD:
        return _standardised(call, operands, result)
    if op in _RECURRENT:
        steps = call.type(0).shape[0]
        return np.full(result.shape, 8 * steps * (_summands(call) + 2) * UNIT)
    most = max(float(np.abs(x).max(initial=0)) for x in operands if _is_real(x))
    reach = most if op in {"Resize", "Softmax", "LogSoftmax", "LRN"} else 0.0
    first = np.abs(operands[0]) if result.shape == operands[0].shape else most
    return 16 * UNIT * (np.abs(result) + first + reach)


def _summands(call: Call) -> int:
    if call.node.op in {"Conv", "ConvTranspose", "LSTM", "GRU", "RNN"}:
        return math.prod(int(d) for d in call.shape(1)[1:])
    if call.node.op in {"Gemm", "MatMul"}:
        return int(call.shape()[-1])
    if call.node.op in _MEANS:
        return math.prod(int(d) for d in call.shape()[1:])
    return 4


def _standardised(call: Call, operands: list[Any], result: np.ndarray) -> np.ndarray:
    """Norms divide by a deviation, which divides the error of a mean as well."""
    x, scale = operands[0], np.abs(operands[1]).max()
    shift = np.abs(operands[2]).max(initial=0) if len(operands) > 2 else 0.0
    if call.node.op == "BatchNormalization":
        mean, variance = operands[3], operands[4]
        along = (-1, *(1,) * (x.ndim - 2))
        gain = operands[1] / np.sqrt(variance + call.real("epsilon"))
        sizes = (np.abs(x) + np.abs(mean).reshape(along)) * np.abs(gain).reshape(along)
        return 16 * UNIT * (sizes + np.abs(operands[2]).reshape(along))
    spread = np.abs(result).max() / max(np.abs(x - x.mean()).max(), 1e-30)
    sizes = np.abs(x).max() * max(spread, scale) + shift
    return np.full(result.shape, 2 * (_summands_of_norm(call) + 8) * UNIT * sizes)


def _summands_of_norm(call: Call) -> int:
    return math.prod(int(d) for d in call.shape()[1:])


def _is_real(x: Any) -> bool:
    return x is not None and x.dtype.kind == "f"


def _magnitude(x: Any) -> Any:
    return np.abs(x) if _is_real(x) else x


def _reference(call: Call, operands: list[Any], *, plus: bool = False) -> np.ndarray:
    if plus and call.node.op == "Sub":
        return np.asarray(operands[0] + operands[1])
    return np.asarray(call.operator.reference(call, tuple(operands))[0])


def check_layers(
    graph: Graph, given: Mapping[str, np.ndarray], values: Mapping[str, np.ndarray]
) -> int:
    """Judge each node of a float32 run; return how many were judged.

    ``values`` holds every value of the run; ``given`` what the graph was fed.
    """
    every = {**graph.constants, **given, **values, "": None}
    (batch,) = {len(array) for array in given.values()}
    judged = 0
    for node in graph.bind(batch).nodes:
        call = graph.bind(batch).call(node)
        kind = graph.types[node.outputs[0]]
        if not kind.dtype.startswith("float"):
            continue
        operands = [_double(every[name]) for name in node.inputs]
        wanted = _reference(call, operands)
        got = every[node.outputs[0]].astype(np.float64)
        room = allowed(call, operands, wanted) + 2 * UNIT * np.abs(wanted) * (
            node.op not in _EXACT
        )
        excess = np.abs(got - wanted) - room
        assert excess.max(initial=-1) <= 0, f"{node}: {excess.max()}"
        judged += 1
    return judged


def _double(x: Any) -> Any:
    return x.astype(np.float64) if _is_real(x) else x


def room_used(got: np.ndarray, wanted: np.ndarray, single: np.ndarray) -> float:
    """The part of the room that float64 results use; above 1 they are wrong.

    ``single`` is the same network in float32. float64 loses 2^-29 of what float32
    loses, times a margin of 2^8 for sums in another order.
    """
    if got.shape != wanted.shape or not np.isfinite(got).all():
        return math.inf
    lost = np.abs(single.astype(np.float64) - wanted).max(initial=0)
    room = 2.0**-21 * lost + 2.0**-45 * np.abs(wanted).max(initial=0)
    off = np.abs(got - wanted).max(initial=0)
    return float(off / room) if off else 0.0


def check_network(got: np.ndarray, wanted: np.ndarray, single: np.ndarray) -> None:
    """Compare float64 results of two forms of one network."""
    assert room_used(got, wanted, single) <= 1
