"""Recurrent layers: torch's own where it has the same, else step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge.operators.function import Function, Tensors, optional, size_of
from depthwise.graph import Call

_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
_DEFAULTS = {
    "LSTM": ("Sigmoid", "Tanh", "Tanh"),
    "GRU": ("Sigmoid", "Tanh"),
    "RNN": ("Tanh",),
}
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "softplus": F.softplus,
    "softsign": F.softsign,
}


@dataclass(frozen=True)
class _Cell:
    """One direction: its weights and what it does at a step."""

    call: Call
    weight: Any
    recurrent: Any
    bias: Any
    recurrent_bias: Any
    peepholes: Any
    functions: tuple[Callable[[Any], Any], ...]

    def clipped(self, x: Any) -> Any:
        if self.call.attribute("clip") is None:
            return x
        bound = self.call.real("clip")
        return torch.clamp(x, -bound, bound)

    def step(self, x: Any, hidden: Any, cell: Any) -> tuple[Any, Any]:
        """Advance by one step; x holds the products of the input already."""
        match self.call.node.op:
            case "LSTM":
                return self._lstm(x, hidden, cell)
            case "GRU":
                return self._gru(x, hidden), cell
            case _:
                gates = x + F.linear(hidden, self.recurrent, self.recurrent_bias)
                return self.functions[0](self.clipped(gates)), cell

    def _lstm(self, x: Any, hidden: Any, cell: Any) -> tuple[Any, Any]:
        gates = x + F.linear(hidden, self.recurrent, self.recurrent_bias)
        i, o, f, c = torch.chunk(gates, 4, 1)
        gate, inner, outer = self.functions
        if self.peepholes is not None:
            peek_i, peek_o, peek_f = torch.chunk(self.peepholes, 3)
            i, f = i + peek_i * cell, f + peek_f * cell
        i = gate(self.clipped(i))
        f = 1 - i if self.call.flag("input_forget") else gate(self.clipped(f))
        after = f * cell + i * inner(self.clipped(c))
        o = o if self.peepholes is None else o + peek_o * after
        return gate(self.clipped(o)) * outer(after), after

    def _gru(self, x: Any, hidden: Any) -> Any:
        size = size_of(self.call, 2, 2)
        gate, inner = self.functions
        rule, own = self.recurrent[: 2 * size], self.recurrent[2 * size :]
        bias = self.recurrent_bias
        both_bias = None if bias is None else bias[: 2 * size]
        own_bias = None if bias is None else bias[2 * size :]
        both = x[:, : 2 * size] + F.linear(hidden, rule, both_bias)
        z, r = torch.chunk(gate(self.clipped(both)), 2, 1)
        if self.call.flag("linear_before_reset"):
            remembered = r * F.linear(hidden, own, own_bias)
        else:
            remembered = F.linear(r * hidden, own, own_bias)
        fresh = inner(self.clipped(x[:, 2 * size :] + remembered))
        return (1 - z) * fresh + z * hidden


def _cells(call: Call, tensors: Tensors) -> list[_Cell]:
    directions = 2 if call.text("direction") == "bidirectional" else 1
    wide = _GATES[call.node.op] * size_of(call, 2, 2)
    bias, peep = optional(tensors, 3), optional(tensors, 7)
    named = call.attribute("activations") or _DEFAULTS[call.node.op] * directions
    names = [str(name).lower() for name in named]  # type: ignore[union-attr]
    functions = [_FUNCTIONS[name] for name in names]
    each = len(_DEFAULTS[call.node.op])
    return [
        _Cell(
            call,
            tensors[1][d],
            tensors[2][d],
            None if bias is None else bias[d, :wide],
            None if bias is None else bias[d, wide:],
            None if peep is None else peep[d],
            tuple(functions[d * each : (d + 1) * each]),
        )
        for d in range(directions)
    ]


def _start(call: Call, tensors: Tensors, index: int, x: Any, direction: int) -> Any:
    given = optional(tensors, index)
    if given is not None:
        return given[:, direction] if call.flag("layout") else given[direction]
    # Zeros of the batch's size: a row of the input, emptied and widened.
    hidden = size_of(call, 2, 2)
    return torch.zeros_like(x[0, :, :1]).expand(-1, hidden)


def _unroll(cell: _Cell, x: Any, state: tuple[Any, Any], lengths: Any) -> Tensors:
    """Run one direction; samples that have ended keep their state and write 0."""
    hidden, inner = state
    steps = size_of(cell.call, 1 if cell.call.flag("layout") else 0)
    order = reversed(range(steps)) if lengths[1] else range(steps)
    products = F.linear(x, cell.weight, cell.bias)
    results: list[Any] = [None] * steps
    for step in order:
        new_hidden, new_inner = cell.step(products[step], hidden, inner)
        results[step] = new_hidden
        if lengths[0] is not None:
            alive = torch.gt(lengths[0], step).reshape(-1, 1)
            results[step] = torch.where(alive, new_hidden, torch.zeros_like(new_hidden))
            new_hidden = torch.where(alive, new_hidden, hidden)
            new_inner = torch.where(alive, new_inner, inner)
        hidden, inner = new_hidden, new_inner
    return torch.stack(results), hidden, inner


_ORDER = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}
"""torch's order of gates, as places in ONNX's: i o f g and z r n."""


def _torch_layer(call: Call, tensors: Tensors) -> Any:
    """Find torch's function for the same layer; None where it has none."""
    names = {str(name).lower() for name in call.attribute("activations") or ()}  # type: ignore[union-attr]
    plain = names <= {"sigmoid", "tanh"} or names == {"relu"}
    extras = [optional(tensors, index) for index in (4, 7)]
    odd = call.attribute("clip") is not None or call.text("direction") == "reverse"
    if odd or not plain or any(extra is not None for extra in extras):
        return None
    match call.node.op:
        case "LSTM":
            return None if call.flag("input_forget") else torch.lstm
        case "GRU":
            return torch.gru if call.flag("linear_before_reset") else None
        case _:
            return torch.rnn_relu if names == {"relu"} else torch.rnn_tanh


def _in_torch_order(call: Call, gates: Any) -> Any:
    size = size_of(call, 2, 2)
    order = _ORDER[call.node.op]
    if len(order) == 1:
        return gates
    return torch.cat([gates[g * size : (g + 1) * size] for g in order])


def _parameters(call: Call, tensors: Tensors, directions: int) -> list[Any]:
    wide = _GATES[call.node.op] * size_of(call, 2, 2)
    bias = optional(tensors, 3)
    found = []
    for d in range(directions):
        rows = [tensors[1][d], tensors[2][d]]
        if bias is not None:
            rows += [bias[d, :wide], bias[d, wide:]]
        found += [_in_torch_order(call, row) for row in rows]
    return found


def _by_torch(function: Any, call: Call, tensors: Tensors) -> Tensors:
    batch_first = call.flag("layout")
    x = torch.transpose(tensors[0], 0, 1) if batch_first else tensors[0]
    directions = 2 if call.text("direction") == "bidirectional" else 1
    hidden = size_of(call, 2, 2)
    states = []
    for index in (5, 6) if call.node.op == "LSTM" else (5,):
        given = optional(tensors, index)
        if given is None:
            row = torch.zeros_like(x[:1, :, :1])
            given = row.expand(directions, -1, hidden).contiguous()
        elif batch_first:
            given = torch.transpose(given, 0, 1).contiguous()
        states.append(given)
    first = tuple(states) if call.node.op == "LSTM" else states[0]
    settings = (call.has(3), 1, 0.0, False, directions == 2, False)
    parameters = _parameters(call, tensors, directions)
    found = function(x, first, parameters, *settings)
    count = 3 if call.node.op == "LSTM" else 2
    full, *ends = (found[index] for index in range(count))
    steps = size_of(call, 1 if batch_first else 0)
    full = torch.reshape(full, (steps, -1, directions, hidden))
    full = torch.permute(full, (1, 0, 2, 3) if batch_first else (0, 2, 1, 3))
    if batch_first:
        ends = [torch.transpose(end, 0, 1) for end in ends]
    return (full, *ends)


def _recurrent(call: Call, tensors: Tensors) -> Tensors:
    function = _torch_layer(call, tensors)
    if function is not None:
        return _by_torch(function, call, tensors)
    batch_first = call.flag("layout")
    x = torch.transpose(tensors[0], 0, 1) if batch_first else tensors[0]
    results = []
    for d, cell in enumerate(_cells(call, tensors)):
        hidden = _start(call, tensors, 5, x, d)
        inner = _start(call, tensors, 6, x, d) if call.node.op == "LSTM" else hidden
        backwards = call.text("direction") == "reverse" or d == 1
        lengths = (optional(tensors, 4), backwards)
        results.append(_unroll(cell, x, (hidden, inner), lengths))
    axis = 1 if batch_first else 0
    full = torch.stack([one[0] for one in results], 1)
    full = torch.permute(full, (2, 0, 1, 3)) if batch_first else full
    last, inner = (torch.stack([one[i] for one in results], axis) for i in (1, 2))
    return (full, last, inner)


FUNCTIONS: dict[str, Function] = dict.fromkeys(("LSTM", "GRU", "RNN"), _recurrent)
