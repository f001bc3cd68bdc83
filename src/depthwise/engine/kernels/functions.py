"""Transcendental functions on vectors, built from multiply-adds; NaN in, NaN out."""

from __future__ import annotations

import math

from depthwise.engine.emit import Body

_ROUND = 1.5 * 2.0**23
"""Added to a float below 2^22 it leaves the nearest integer in the low bits."""

_LN2_HIGH = 0.693359375
_LN2_LOW = math.log(2.0) - _LN2_HIGH
_EXP = [1 / math.factorial(n) for n in range(8)]
_TANH = (1.0, -1 / 3, 2 / 15, -17 / 315, 62 / 2835, -1382 / 155925, 21844 / 6081075)

# -log(erfc(x)) / x on [0, 9] as a polynomial in 2x/9 - 1: least squares on Chebyshev
# nodes against the standard library; relative error of erfc below 4e-7 for x < 1.
_ERFC_END = 9.0
_ERFC = (
    4.9666152,
    4.24578619,
    0.156849831,
    -0.0996457636,
    0.0631841868,
    -0.0393109471,
    0.0242367052,
    -0.0147470906,
    0.00660064397,
    -0.00103479554,
    0.0024229479,
    -0.00419778749,
    -0.000151543543,
    0.0031642071,
    -0.00136428094,
)


def polynomial(body: Body, x: str, coefficients: tuple[float, ...]) -> str:
    """Evaluate a polynomial by Horner's rule.

    Args:
        body: Where to write.
        x: A vector.
        coefficients: The constant first.

    Returns:
        The vector of values.
    """
    value = body.number(coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value = body.fma(value, x, body.number(coefficient))
    return value


def exponential(body: Body, x: str) -> str:
    """Compute e to the x, from 0 to infinity, in two scalings that cannot overflow.

    Args:
        body: Where to write.
        x: A vector.

    Returns:
        The vector of powers, within 2 units in the last place.
    """
    x = body.smaller(body.number(90.0), x)
    x = body.larger(body.number(-105.0), x)
    magic = body.number(_ROUND)
    moved = body.fma(x, body.number(1 / math.log(2.0)), magic)
    count = body.arithmetic("fsub", moved, magic)
    rest = body.fma(count, body.number(-_LN2_HIGH), x)
    rest = body.fma(count, body.number(-_LN2_LOW), rest)
    value = polynomial(body, rest, tuple(_EXP))
    # 2^n in two factors: n itself may lie outside the exponents of a float.
    half = body.fma(count, body.number(0.5), magic)
    other = body.arithmetic("fsub", count, body.arithmetic("fsub", half, magic))
    value = body.arithmetic("fmul", value, body.power_of_two(half))
    scale = body.power_of_two(body.arithmetic("fadd", other, magic))
    return body.arithmetic("fmul", value, scale)


def logarithm(body: Body, x: str) -> str:
    """Compute the natural logarithm of positive numbers, zero and infinity.

    With m in 0.7..1.4 it is 2 artanh((m - 1) / (m + 1)), an odd series.

    Args:
        body: Where to write.
        x: A vector; negative numbers and NaN give NaN.

    Returns:
        The vector of logarithms; of subnormal numbers as of the smallest normal one.
    """
    one, zero = body.number(1.0), body.number(0.0)
    normal = body.larger(body.number(2.0**-126), x)
    power, part = body.exponent(normal)
    low = body.pick("olt", part, body.number(math.sqrt(0.5)), one, zero)
    part = body.fma(part, low, part)
    power = body.arithmetic("fsub", power, low)
    above = body.arithmetic("fsub", part, one)
    ratio = body.arithmetic("fdiv", above, body.arithmetic("fadd", part, one))
    square = body.arithmetic("fmul", ratio, ratio)
    series = polynomial(body, square, tuple(2 / (2 * n + 1) for n in range(6)))
    value = body.arithmetic("fmul", series, ratio)
    value = body.fma(power, body.number(_LN2_LOW), value)
    value = body.fma(power, body.number(_LN2_HIGH), value)
    value = body.pick("oeq", x, zero, body.number(-math.inf), value)
    value = body.pick("oeq", x, body.number(math.inf), x, value)
    valid = body.pick("oge", x, zero, zero, body.number(math.nan))
    return body.arithmetic("fadd", value, valid)


def sigmoid(body: Body, x: str) -> str:
    """Compute 1 / (1 + e^-x) without overflow on either side.

    Args:
        body: Where to write.
        x: A vector.

    Returns:
        The vector of values in 0..1.
    """
    one, zero = body.number(1.0), body.number(0.0)
    small = exponential(body, body.arithmetic("fsub", zero, body.absolute(x)))
    top = body.pick("olt", x, zero, small, one)
    return body.arithmetic("fdiv", top, body.arithmetic("fadd", one, small))


def tanh(body: Body, x: str) -> str:
    """Compute the hyperbolic tangent: a series near 0, a ratio of powers elsewhere.

    Args:
        body: Where to write.
        x: A vector.

    Returns:
        The vector of values in -1..1.
    """
    size = body.absolute(x)
    one = body.number(1.0)
    power = exponential(body, body.arithmetic("fadd", size, size))
    ratio = body.arithmetic(
        "fdiv", body.number(2.0), body.arithmetic("fadd", power, one)
    )
    far = body.arithmetic("fsub", one, ratio)
    zero = body.number(0.0)
    far = body.pick("olt", x, zero, body.arithmetic("fsub", zero, far), far)
    near = polynomial(body, body.arithmetic("fmul", x, x), _TANH)
    near = body.arithmetic("fmul", near, x)
    return body.pick("olt", size, body.number(0.35), near, far)


def expm1(body: Body, x: str) -> str:
    """Compute e^x - 1 for x up to 0, exact in the first order near 0.

    Args:
        body: Where to write.
        x: A vector of numbers that are at most 0.

    Returns:
        The vector of values in -1..0.
    """
    one = body.number(1.0)
    half = tanh(body, body.arithmetic("fmul", x, body.number(0.5)))
    near = body.arithmetic("fdiv", half, body.arithmetic("fsub", one, half))
    near = body.arithmetic("fadd", near, near)
    far = body.arithmetic("fsub", exponential(body, x), one)
    return body.pick("ogt", x, body.number(-0.6), near, far)


def complement(body: Body, size: str) -> str:
    """Compute erfc(size), the tail of the normal distribution, for size from 0.

    Args:
        body: Where to write.
        size: A vector of numbers that are at least 0.

    Returns:
        The vector of values in 0..1.
    """
    bounded = body.smaller(body.number(_ERFC_END), size)
    place = body.fma(bounded, body.number(2 / _ERFC_END), body.number(-1.0))
    slope = polynomial(body, place, _ERFC)
    zero = body.number(0.0)
    exponent = body.arithmetic("fmul", slope, bounded)
    return exponential(body, body.arithmetic("fsub", zero, exponent))


def erf(body: Body, x: str) -> str:
    """Compute the error function.

    Args:
        body: Where to write.
        x: A vector.

    Returns:
        The vector of values in -1..1.
    """
    zero = body.number(0.0)
    tail = complement(body, body.absolute(x))
    value = body.arithmetic("fsub", body.number(1.0), tail)
    return body.pick("olt", x, zero, body.arithmetic("fsub", zero, value), value)


def gelu(body: Body, x: str) -> str:
    """Compute x times the normal distribution function, exact in both tails.

    Args:
        body: Where to write.
        x: A vector.

    Returns:
        The vector of values.
    """
    scaled = body.arithmetic("fmul", x, body.number(math.sqrt(0.5)))
    tail = complement(body, body.absolute(scaled))
    upper = body.arithmetic("fsub", body.number(2.0), tail)
    weight = body.pick("olt", x, body.number(0.0), tail, upper)
    half = body.arithmetic("fmul", x, body.number(0.5))
    return body.arithmetic("fmul", half, weight)
