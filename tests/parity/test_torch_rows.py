"""Every row of the operator table, in torch: what NumPy gives, in float64."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.parity.one_node import call
from tests.parity.table_cases import TableCase, table_cases

from depthwise.bridge.operators import FUNCTIONS, Function
from depthwise.graph import OPERATORS

CASES = list(table_cases())


def check_row(case: TableCase, function: Function) -> None:
    """A torch function gives what the table's reference does."""
    arrays = [
        a.astype(np.float64) if a is not None and a.dtype.kind == "f" else a
        for a in case.arrays
    ]
    bare = call(case.op, arrays, case.attributes, outputs=case.outputs)
    prepared = replace(bare, outputs=bare.operator.infer(bare))
    wanted = prepared.operator.reference(prepared, tuple(arrays))[: case.outputs]
    tensors = tuple(None if a is None else torch.tensor(a) for a in arrays)
    got = function(prepared, tensors)[: case.outputs]
    for expected, tensor in zip(wanted, got, strict=True):
        assert tensor.shape == expected.shape
        assert tensor.numpy().dtype == expected.dtype
        scale = np.abs(expected).max(initial=0) if expected.dtype.kind == "f" else 0
        np.testing.assert_allclose(tensor.numpy(), expected, 1e-11, 1e-13 * scale)


def test_check_row_can_fail() -> None:
    case = next(case for case in CASES if case.op == "Tanh")
    with pytest.raises(AssertionError):
        check_row(case, FUNCTIONS["Sigmoid"])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_row(case: TableCase) -> None:
    check_row(case, FUNCTIONS[case.op])


def test_the_two_tables_have_the_same_rows() -> None:
    assert set(FUNCTIONS) == set(OPERATORS)
    assert {case.op for case in CASES} == set(OPERATORS)
