"""LSTM, GRU and the plain recurrent layer, in ONNX's order of gates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import fx

from depthwise.bridge.aten.call import AtenCall, Handler, Value
from depthwise.bridge.nodes import op_name
from depthwise.graph import Attribute

_GATES = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}
"""ONNX's order of gates, as places in torch's: i f g o and r z n."""


def _recurrent(op: str, activation: str = "") -> Handler:
    def handler(call: AtenCall) -> Value:
        x = call.tensor("input")
        if call.plain("batch_first"):
            x = call.emit("Transpose", [x], {"perm": (1, 0, 2)})
        states = _states(call)
        last: list[tuple[str, ...]] = []
        layers = call.integer("num_layers")
        _check_parameters(call, layers)
        for layer in range(layers):
            x, *ends = _layer(call, op, activation, x, states, layer)
            last.append(tuple(ends))
            ratio = float(call.plain("dropout"))
            if ratio and layer < layers - 1:
                x = call.emit("Dropout", [x, call.number(ratio, "float32")])
        if call.plain("batch_first"):
            x = call.emit("Transpose", [x], {"perm": (1, 0, 2)})
        joined = (list(ends) for ends in zip(*last, strict=True))
        finals = (
            ends[0] if len(ends) == 1 else call.emit("Concat", ends, {"axis": 0})
            for ends in joined
        )
        return (x, *finals)

    return handler


def _cell(op: str, activation: str = "") -> Handler:
    """Append a layer of one step."""

    def handler(call: AtenCall) -> Value:
        given = call.arguments["hx"]
        nodes = given if isinstance(given, list | tuple) else [given]
        first = call.vector(0)
        x, *states = (
            call.emit("Unsqueeze", [name, first])
            for name in (call.tensor("input"), *(str(call.read(n)) for n in nodes))
        )
        rows = [call.arguments[name] for name in ("w_ih", "w_hh", "b_ih", "b_hh")]
        params = [row for row in rows if row is not None]
        settings = {"params": params, "has_biases": len(params) == 4}
        inner = replace(call, arguments={**settings, "bidirectional": False})
        _, *ends = _layer(inner, op, activation, x, states, 0)
        results = tuple(call.emit("Squeeze", [end, first]) for end in ends)
        return results if op == "LSTM" else results[0]

    return handler


def _check_parameters(call: AtenCall, layers: int) -> None:
    """Refuse a layer that projects its state: ONNX has none such."""
    each = 4 if call.plain("has_biases") else 2
    directions = 2 if call.plain("bidirectional") else 1
    if len(call.arguments["params"]) != each * layers * directions:
        raise call.unsupported("a state must not be projected (proj_size)")


def _states(call: AtenCall) -> list[str]:
    """Take the first states; zeros are what ONNX begins with anyway."""
    given = call.arguments["hx"]
    nodes = given if isinstance(given, list | tuple) else [given]
    zeros = [isinstance(n, fx.Node) and op_name(n) == "zeros" for n in nodes]
    if all(zeros):
        return []
    return [str(call.read(node)) for node in nodes]


def _layer(
    call: AtenCall,
    op: str,
    activation: str,
    x: str,
    states: list[str],
    layer: int,
) -> tuple[str, ...]:
    """Append one layer, both directions of it."""
    directions = 2 if call.plain("bidirectional") else 1
    params = _weights(call, layer, directions)
    hidden = params[0][1].meta["val"].shape[1]
    operands = [x, *(_joined(call, op, params, place) for place in (0, 1))]
    operands += [_biases(call, op, params), ""]
    start = layer * directions
    cut = [call.vector(v) for v in (start, start + directions, 0)]
    operands += [call.emit("Slice", [state, *cut]) for state in states]
    attributes: dict[str, Attribute] = {"hidden_size": int(hidden)}
    if directions == 2:
        attributes["direction"] = "bidirectional"
    if op == "GRU":
        attributes["linear_before_reset"] = 1
    if activation:
        attributes["activations"] = (activation,) * directions
    outputs = 3 if op == "LSTM" else 2
    result, *ends = call.emit_many(op, operands, outputs, attributes)
    # [steps, directions, batch, hidden] -> [steps, batch, directions * hidden]
    turned = call.emit("Transpose", [result], {"perm": (0, 2, 1, 3)})
    zero_keeps = call.vector(0, 0, -1)
    return (call.emit("Reshape", [turned, zero_keeps]), *ends)


def _weights(call: AtenCall, layer: int, directions: int) -> list[list[Any]]:
    """Group torch's flat list of parameters by direction."""
    each = 4 if call.plain("has_biases") else 2
    flat = call.arguments["params"]
    first = layer * directions * each
    return [
        list(flat[first + d * each : first + (d + 1) * each]) for d in range(directions)
    ]


def _ordered(call: AtenCall, op: str, node: fx.Node) -> str:
    """Bring the gates of a weight or a bias into ONNX's order."""
    order = _GATES[op]
    name = str(call.read(node))
    if len(order) == 1:
        return name
    size = int(node.meta["val"].shape[0]) // len(order)
    operands = [name, call.vector(*(size,) * len(order))]
    gates = call.emit_many("Split", operands, len(order), {"axis": 0})
    return call.emit("Concat", [gates[g] for g in order], {"axis": 0})


def _stacked(call: AtenCall, values: list[str]) -> str:
    where = call.vector(0)
    rows = [call.emit("Unsqueeze", [value, where]) for value in values]
    return rows[0] if len(rows) == 1 else call.emit("Concat", rows, {"axis": 0})


def _joined(call: AtenCall, op: str, params: list[list[Any]], place: int) -> str:
    return _stacked(call, [_ordered(call, op, one[place]) for one in params])


def _biases(call: AtenCall, op: str, params: list[list[Any]]) -> str:
    if len(params[0]) < 4:
        return ""
    rows = [
        call.emit("Concat", [_ordered(call, op, b) for b in one[2:4]], {"axis": 0})
        for one in params
    ]
    return _stacked(call, rows)


HANDLERS: dict[str, Handler] = {
    "lstm": _recurrent("LSTM"),
    "gru": _recurrent("GRU"),
    "rnn_tanh": _recurrent("RNN", "Tanh"),
    "rnn_relu": _recurrent("RNN", "Relu"),
    "lstm_cell": _cell("LSTM"),
    "gru_cell": _cell("GRU"),
    "rnn_tanh_cell": _cell("RNN", "Tanh"),
    "rnn_relu_cell": _cell("RNN", "Relu"),
}
