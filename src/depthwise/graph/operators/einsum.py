"""Einsum: sums of products named by letters, as attention spells them."""

from __future__ import annotations

import math
import string
from dataclasses import dataclass

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.operator import Array, Call, Macs, Operator
from depthwise.graph.shapes import Dim, TensorType, broadcast, concrete


@dataclass(frozen=True, slots=True)
class Letters:
    """An equation with its dots replaced by letters of their own.

    Args:
        inputs: Letters an operand.
        output: Letters of the result.

    Example:
        >>> Letters(("ij", "jk"), "ik").output
        'ik'
    """

    inputs: tuple[str, ...]
    output: str


def letters_of(equation: str, ranks: tuple[int, ...]) -> Letters:
    """Read an equation.

    Args:
        equation: ONNX's, such as "...ij,...jk->...ik".
        ranks: Axes an operand.

    Returns:
        Letters for every axis.

    Raises:
        GeometryError: If terms and operands do not match.

    Example:
        >>> letters_of("...ij,jk", (3, 2))
        Letters(inputs=('Aij', 'jk'), output='Aik')
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        msg = f"an equation needs a term an operand; got {equation!r}, {len(ranks)}"
        raise GeometryError(msg)
    named = [term.replace("...", "") for term in terms]
    dots = [rank - len(name) for rank, name in zip(ranks, named, strict=True)]
    spare = [c for c in string.ascii_uppercase if c not in equation]
    deepest = max(dots)
    if min(dots) < 0 or deepest > len(spare):
        raise GeometryError(f"terms must fit their operands; got {equation!r}")
    common = "".join(spare[:deepest])
    full = []
    for term, count in zip(terms, dots, strict=True):
        if count and "..." not in term:
            raise GeometryError(f"terms must fit their operands; got {equation!r}")
        full.append(term.replace("...", common[deepest - count :]))
    if not arrow:
        once = sorted(c for c in set("".join(named)) if "".join(named).count(c) == 1)
        return Letters(tuple(full), common + "".join(once))
    return Letters(tuple(full), right.replace("...", common))


def _sizes(call: Call) -> tuple[Letters, dict[str, Dim]]:
    ranks = tuple(len(call.shape(i)) for i in range(len(call.inputs)))
    letters = letters_of(call.text("equation"), ranks)
    sizes: dict[str, Dim] = {}
    for index, term in enumerate(letters.inputs):
        for letter, dim in zip(term, call.shape(index), strict=True):
            (sizes[letter],) = broadcast((sizes.get(letter, 1),), (dim,))
    missing = set(letters.output) - set(sizes)
    if missing:
        msg = f"letters of the result must be in a term; got {sorted(missing)}"
        raise GeometryError(msg)
    return letters, sizes


def _infer(call: Call) -> tuple[TensorType, ...]:
    letters, sizes = _sizes(call)
    shape = tuple(sizes[letter] for letter in letters.output)
    return (TensorType(call.type(0).dtype, shape),)


def _macs(call: Call) -> Macs:
    """Two operands: the product of the sizes of all letters; one operand: 0."""
    _, sizes = _sizes(call)
    if len(call.inputs) == 1:
        return Macs()
    count = math.prod(concrete(tuple(sizes.values())))
    return Macs(count, count, count, count)


def _reference(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    letters, _ = _sizes(call)
    equation = f"{','.join(letters.inputs)}->{letters.output}"
    return (np.asarray(np.einsum(equation, *arrays, optimize=False)),)


OPERATORS = (
    Operator(
        "Einsum",
        _infer,
        _reference,
        {"equation": None},
        inputs=(1, 2),
        macs=_macs,
        kinds="fiu",
    ),
)
