"""What happens to a value in a register before it is stored: activations, residuals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from depthwise.engine.emit import Body
from depthwise.engine.kernels import functions


@dataclass(frozen=True, slots=True)
class Link:
    """One operator applied to a value that is still in a register.

    Args:
        op: The ONNX operator.
        numbers: Its attributes, or the scalar that is the other operand.
        operand: Which extra operand it reads; -1 where it reads none.
        swapped: Whether the value is the second operand.

    Example:
        >>> Link("Clip", (0.0, 6.0)).operand
        -1
    """

    op: str
    numbers: tuple[float, ...] = ()
    operand: int = -1
    swapped: bool = False

    @property
    def word(self) -> str:
        """The link within the name of a kernel."""
        plain = "relu6" if (self.op, self.numbers) == ("Clip", (0.0, 6.0)) else ""
        return plain or self.op.lower()


Chain: TypeAlias = tuple[Link, ...]
Unary: TypeAlias = Callable[[Body, str, tuple[float, ...]], str]


def clip(body: Body, x: str, low: float, high: float) -> str:
    """Bound a vector; NaN stays NaN.

    Args:
        body: Where to write.
        x: The vector.
        low: Smallest value.
        high: Largest value; wins where it is below ``low``.

    Returns:
        The bounded vector.
    """
    if low != -float("inf"):
        x = body.larger(body.number(low), x)
    return x if high == float("inf") else body.smaller(body.number(high), x)


def _below_zero(body: Body, x: str, value: str) -> str:
    return body.pick("olt", x, body.number(0.0), value, x)


def _elu(body: Body, x: str, alpha: float) -> str:
    negative = body.smaller(body.number(0.0), x)
    value = functions.expm1(body, negative)
    return _below_zero(body, x, body.arithmetic("fmul", body.number(alpha), value))


def _hard_sigmoid(body: Body, x: str, slope: float, offset: float) -> str:
    return clip(body, body.fma(body.number(slope), x, body.number(offset)), 0.0, 1.0)


def _softplus(body: Body, x: str) -> str:
    """Compute log(1 + e^x) as max(x, 0) + log(1 + e^-|x|)."""
    zero = body.number(0.0)
    small = functions.exponential(body, body.arithmetic("fsub", zero, body.absolute(x)))
    rest = functions.logarithm(body, body.arithmetic("fadd", body.number(1.0), small))
    return body.arithmetic("fadd", body.larger(zero, x), rest)


def _scaled(body: Body, x: str, factor: str) -> str:
    return body.arithmetic("fmul", x, factor)


UNARY: dict[str, Unary] = {
    "Relu": lambda b, x, _: b.larger(b.number(0.0), x),
    "Clip": lambda b, x, n: clip(b, x, n[0], n[1]),
    "Sigmoid": lambda b, x, _: functions.sigmoid(b, x),
    "Tanh": lambda b, x, _: functions.tanh(b, x),
    "LeakyRelu": lambda b, x, n: _below_zero(b, x, _scaled(b, x, b.number(n[0]))),
    "Elu": lambda b, x, n: _elu(b, x, n[0]),
    "HardSigmoid": lambda b, x, n: _hard_sigmoid(b, x, n[0], n[1]),
    "HardSwish": lambda b, x, _: _scaled(b, x, _hard_sigmoid(b, x, 1 / 6, 0.5)),
    "Silu": lambda b, x, _: _scaled(b, x, functions.sigmoid(b, x)),
    "Gelu": lambda b, x, _: functions.gelu(b, x),
    "Erf": lambda b, x, _: functions.erf(b, x),
    "Exp": lambda b, x, _: functions.exponential(b, x),
    "Log": lambda b, x, _: functions.logarithm(b, x),
    "Sqrt": lambda b, x, _: b.root(x),
    "Reciprocal": lambda b, x, _: b.arithmetic("fdiv", b.number(1.0), x),
    "Softplus": lambda b, x, _: _softplus(b, x),
    "Abs": lambda b, x, _: b.absolute(x),
    "Neg": lambda b, x, _: b.arithmetic("fsub", b.number(-0.0), x),
}
"""Activations that a kernel can apply in a register, by operator."""

_WORDS = {"Add": "fadd", "Sub": "fsub", "Mul": "fmul", "Div": "fdiv"}
BINARY = frozenset({*_WORDS, "PRelu", "Max", "Min"})
"""Operators of two operands that a kernel can apply in a register."""


def _binary(body: Body, op: str, a: str, b: str) -> str:
    if op in _WORDS:
        return body.arithmetic(_WORDS[op], a, b)
    if op == "PRelu":
        return _below_zero(body, a, body.arithmetic("fmul", a, b))
    best = body.larger(a, b) if op == "Max" else body.smaller(a, b)
    return body.pick("uno", a, a, a, best)


def apply(body: Body, link: Link, value: str, other: str = "") -> str:
    """Apply one link.

    Args:
        body: Where to write.
        link: What to do.
        value: The vector in the register.
        other: The other operand, already loaded; empty for a scalar or for none.

    Returns:
        The new vector.
    """
    if link.op in UNARY:
        return UNARY[link.op](body, value, link.numbers)
    operand = other or body.number(link.numbers[0])
    a, b = (operand, value) if link.swapped else (value, operand)
    return _binary(body, link.op, a, b)
