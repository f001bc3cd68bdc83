"""Recurrent layers: LSTM, GRU and the plain RNN, in ONNX's gate order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators import activation
from depthwise.graph.operators.operator import Array, Call, Default, Macs, Operator
from depthwise.graph.shapes import Shape, TensorType, concrete

_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
_DEFAULTS = {
    "LSTM": ("Sigmoid", "Tanh", "Tanh"),
    "GRU": ("Sigmoid", "Tanh"),
    "RNN": ("Tanh",),
}
Function: TypeAlias = Callable[[Array], Array]

_FUNCTIONS: dict[str, Function] = {
    "sigmoid": activation.sigmoid,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "softplus": activation.softplus,
    "softsign": lambda x: np.asarray(x / (1 + np.abs(x))),
}


@dataclass(frozen=True, slots=True)
class _Sizes:
    directions: int
    steps: int
    features: int
    hidden: int


def _sizes(call: Call) -> _Sizes:
    x, weight, recurrent = call.shape(0), call.shape(1), concrete(call.shape(2))
    if not len(x) == len(weight) == len(recurrent) == 3:
        raise GeometryError(f"{call.operator.name} takes operands of 3 axes")
    steps, features = concrete((x[1 if call.flag("layout") else 0], x[2]))
    directions = 2 if call.text("direction") == "bidirectional" else 1
    hidden = recurrent[2]
    gates = _GATES[call.operator.name]
    wanted = (directions, gates * hidden, features)
    if weight != wanted or recurrent != (directions, gates * hidden, hidden):
        msg = f"gate weights must be {wanted} and square; got {weight}, {recurrent}"
        raise GeometryError(msg)
    if call.has(3) and call.shape(3) != (directions, 2 * gates * hidden):
        raise GeometryError(f"gate biases must cover both sides; got {call.shape(3)}")
    declared = call.attribute("hidden_size")
    if declared not in {None, hidden}:
        msg = f"hidden_size must be the weight's; got {declared} and {hidden}"
        raise GeometryError(msg)
    _functions(call, directions)
    return _Sizes(directions, steps, features, hidden)


def _infer(call: Call) -> tuple[TensorType, ...]:
    sizes, x = _sizes(call), call.type(0)
    if call.flag("layout"):
        batch = x.shape[0]
        full: Shape = (batch, sizes.steps, sizes.directions, sizes.hidden)
        last: Shape = (batch, sizes.directions, sizes.hidden)
    else:
        batch = x.shape[1]
        full = (sizes.steps, sizes.directions, batch, sizes.hidden)
        last = (sizes.directions, batch, sizes.hidden)
    return (TensorType(x.dtype, full), *(TensorType(x.dtype, last),) * 2)


def _macs(call: Call) -> Macs:
    """Directions x steps x N x gates x hidden x (features + hidden).

    The gradient of the input goes through the features' half alone. That of a state is
    needed by the step before, and so at every step but the first, unless the state
    that the first one starts from is computed too.
    """
    sizes = _sizes(call)
    (batch,) = concrete((call.shape(0)[0 if call.flag("layout") else 1],))
    gates = _GATES[call.operator.name] * sizes.hidden
    a_step = sizes.directions * batch * gates
    count = a_step * sizes.steps * (sizes.features + sizes.hidden)
    starts = call.has(5) and call.constant(5) is None
    between = sizes.steps if starts else sizes.steps - 1
    return Macs(
        forward=count,
        real=count,
        backward_input=a_step * sizes.steps * sizes.features,
        backward_weight=count,
        backward_inside=a_step * between * sizes.hidden,
    )


def _functions(call: Call, directions: int) -> list[tuple[Function, ...]]:
    """Read the activations of each direction."""
    defaults = _DEFAULTS[call.operator.name]
    names = call.attribute("activations") or defaults * directions
    for refused in ("activation_alpha", "activation_beta"):
        if call.attribute(refused):
            raise GeometryError(f"{refused} must be left out; got a value")
    if not isinstance(names, tuple) or len(names) != len(defaults) * directions:
        msg = f"activations must be {len(defaults)} a direction; got {names}"
        raise GeometryError(msg)
    unknown = [n for n in names if str(n).lower() not in _FUNCTIONS]
    if unknown:
        msg = f"activations must be of {sorted(_FUNCTIONS)}; got {unknown[0]!r}"
        raise GeometryError(msg)
    found = [_FUNCTIONS[str(name).lower()] for name in names]
    each = len(defaults)
    return [tuple(found[i * each : (i + 1) * each]) for i in range(directions)]


@dataclass(frozen=True)
class _Cell:
    """One direction: its weights and what it does at a step."""

    call: Call
    weight: Array
    recurrent: Array
    bias: Array
    recurrent_bias: Array
    peepholes: Array
    functions: tuple[Function, ...]

    def clipped(self, x: Array) -> Array:
        bound = self.call.attribute("clip")
        return x if bound is None else np.clip(x, -float(bound), float(bound))  # type: ignore[arg-type]

    def step(self, x: Array, hidden: Array, cell: Array) -> tuple[Array, Array]:
        match self.call.operator.name:
            case "LSTM":
                return self._lstm(x, hidden, cell)
            case "GRU":
                return self._gru(x, hidden), cell
            case _:
                gates = x @ self.weight.T + hidden @ self.recurrent.T
                gates = gates + self.bias + self.recurrent_bias
                return self.functions[0](self.clipped(gates)), cell

    def _lstm(self, x: Array, hidden: Array, cell: Array) -> tuple[Array, Array]:
        gates = x @ self.weight.T + hidden @ self.recurrent.T
        gates = gates + self.bias + self.recurrent_bias
        i, o, f, c = np.split(gates, 4, axis=1)
        peek_i, peek_o, peek_f = np.split(self.peepholes, 3)
        gate, inner, outer = self.functions
        i = gate(self.clipped(i + peek_i * cell))
        coupled = bool(self.call.flag("input_forget"))
        f = 1 - i if coupled else gate(self.clipped(f + peek_f * cell))
        after = f * cell + i * inner(self.clipped(c))
        o = gate(self.clipped(o + peek_o * after))
        return o * outer(after), after

    def _gru(self, x: Array, hidden: Array) -> Array:
        size = hidden.shape[1]
        gate, inner = self.functions
        from_x = x @ self.weight.T + self.bias
        rule, own = self.recurrent[: 2 * size], self.recurrent[2 * size :]
        rule_bias, own_bias = np.split(self.recurrent_bias, [2 * size])
        both = from_x[:, : 2 * size] + hidden @ rule.T + rule_bias
        z, r = np.split(gate(self.clipped(both)), 2, axis=1)
        if self.call.flag("linear_before_reset"):
            remembered = r * (hidden @ own.T + own_bias)
        else:
            remembered = (r * hidden) @ own.T + own_bias
        fresh = inner(self.clipped(from_x[:, 2 * size :] + remembered))
        return np.asarray((1 - z) * fresh + z * hidden)


def _optional(arrays: tuple[Array, ...], index: int) -> Array | None:
    return arrays[index] if index < len(arrays) else None


def _cells(call: Call, arrays: tuple[Array, ...], sizes: _Sizes) -> list[_Cell]:
    weight, recurrent = arrays[1], arrays[2]
    wide = _GATES[call.operator.name] * sizes.hidden
    bias, peep = _optional(arrays, 3), _optional(arrays, 7)
    if bias is None:
        bias = np.zeros((sizes.directions, 2 * wide), weight.dtype)
    if peep is None:
        peep = np.zeros((sizes.directions, 3 * sizes.hidden), weight.dtype)
    functions = _functions(call, sizes.directions)
    return [
        _Cell(
            call,
            weight[d],
            recurrent[d],
            bias[d, :wide],
            bias[d, wide:],
            peep[d],
            functions[d],
        )
        for d in range(sizes.directions)
    ]


def _start(
    arrays: tuple[Array, ...], index: int, shape: tuple[int, ...], *, batch_first: bool
) -> Array:
    given = _optional(arrays, index)
    if given is None:
        return np.zeros(shape, arrays[0].dtype)
    return np.swapaxes(given, 0, 1) if batch_first else given


def _unroll(
    cell: _Cell,
    x: Array,
    state: tuple[Array, Array],
    lengths: Array,
    *,
    backwards: bool,
) -> tuple[Array, Array, Array]:
    """Run one direction; samples that have ended keep their state and write 0."""
    hidden, inner = state
    steps = range(len(x))
    result = np.zeros((len(x), *hidden.shape), x.dtype)
    for step in reversed(steps) if backwards else steps:
        alive = (step < lengths)[:, None]
        new_hidden, new_inner = cell.step(x[step], hidden, inner)
        hidden = np.where(alive, new_hidden, hidden)
        inner = np.where(alive, new_inner, inner)
        result[step] = np.where(alive, hidden, 0)
    return result, hidden, inner


def _reference(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    sizes = _sizes(call)
    batch_first = call.flag("layout")
    x = np.swapaxes(arrays[0], 0, 1) if batch_first else arrays[0]
    shape = (sizes.directions, x.shape[1], sizes.hidden)
    hidden = _start(arrays, 5, shape, batch_first=batch_first)
    inner = _start(arrays, 6, shape, batch_first=batch_first)
    lengths = _optional(arrays, 4)
    lengths = np.full(x.shape[1], len(x)) if lengths is None else lengths
    results = [
        _unroll(
            cell,
            x,
            (hidden[d], inner[d]),
            lengths,
            backwards=call.text("direction") == "reverse" or d == 1,
        )
        for d, cell in enumerate(_cells(call, arrays, sizes))
    ]
    full = np.stack([r[0] for r in results], axis=1)
    last = np.stack([r[1] for r in results])
    cell_state = np.stack([r[2] for r in results])
    if batch_first:
        full = full.transpose(2, 0, 1, 3)
        last, cell_state = np.swapaxes(last, 0, 1), np.swapaxes(cell_state, 0, 1)
    return (full, last, cell_state)


_ATTRIBUTES: dict[str, Default] = {
    "activation_alpha": None,
    "activation_beta": None,
    "activations": None,
    "clip": None,
    "direction": "forward",
    "hidden_size": None,
    "layout": 0,
}
_CHOICES = {"direction": ("forward", "reverse", "bidirectional")}

OPERATORS = (
    Operator(
        "LSTM",
        _infer,
        _reference,
        {**_ATTRIBUTES, "input_forget": 0},
        inputs=(3, 8),
        outputs=(0, 3),
        signature="TTTTITTT",
        choices=_CHOICES,
        macs=_macs,
    ),
    Operator(
        "GRU",
        _infer,
        _reference,
        {**_ATTRIBUTES, "linear_before_reset": 0},
        inputs=(3, 6),
        outputs=(0, 2),
        signature="TTTTIT",
        choices=_CHOICES,
        macs=_macs,
    ),
    Operator(
        "RNN",
        _infer,
        _reference,
        _ATTRIBUTES,
        inputs=(3, 6),
        outputs=(0, 2),
        signature="TTTTIT",
        choices=_CHOICES,
        macs=_macs,
    ),
)
