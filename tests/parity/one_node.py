"""Run one operator of the table on arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from depthwise.graph import Call, Node, call_of
from depthwise.graph.inference import type_of


def call(
    op: str,
    arrays: Sequence[np.ndarray | None],
    attributes: Mapping[str, Any] | None = None,
    *,
    outputs: int = 1,
) -> Call:
    """A call whose operands are all constants."""
    names = [f"v{i}" if a is not None else "" for i, a in enumerate(arrays)]
    constants = {n: a for n, a in zip(names, arrays, strict=True) if n}
    node = Node(
        op, tuple(names), tuple(f"y{i}" for i in range(outputs)), attributes or {}
    )
    return call_of(node, {n: type_of(a) for n, a in constants.items()}, constants)


def compute(
    op: str,
    arrays: Sequence[np.ndarray | None],
    attributes: Mapping[str, Any] | None = None,
    *,
    outputs: int = 1,
) -> tuple[np.ndarray, ...]:
    """The first ``outputs`` results, whose types are what the shape rule says."""
    prepared = call(op, arrays, attributes, outputs=outputs)
    types = prepared.operator.infer(prepared)[:outputs]
    results = prepared.operator.reference(prepared, tuple(arrays))[:outputs]
    for kind, result in zip(types, results, strict=True):
        assert (kind.shape, kind.dtype) == (result.shape, result.dtype.name)
    return results
