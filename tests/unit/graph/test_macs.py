"""Counts that plain loops do not cover: products, recurrence, and what counts 0."""

from dataclasses import replace

import numpy as np
import pytest
from tests.parity.one_node import call
from tests.parity.table_cases import table_cases

from depthwise.graph import OPERATORS, Macs, Traffic, traffic_of
from depthwise.graph.operators.operator import no_macs


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


def count(op: str, *arrays: np.ndarray | None, **attributes: object) -> Macs:
    prepared = call(op, arrays, attributes)
    return prepared.operator.macs(prepared)


def same(macs: int) -> Macs:
    return Macs(macs, macs, macs, macs)


def test_products_of_matrices() -> None:
    assert count("Gemm", zeros(2, 3), zeros(3, 5), zeros(5)) == same(2 * 3 * 5)
    assert count("Gemm", zeros(3, 2), zeros(5, 3), transA=1, transB=1) == same(30)
    assert count("MatMul", zeros(4, 2, 3), zeros(3, 5)) == same(4 * 2 * 3 * 5)
    assert count("MatMul", zeros(4, 1, 2, 3), zeros(7, 3, 5)) == same(4 * 7 * 2 * 3 * 5)
    assert count("MatMul", zeros(3), zeros(3)) == same(3)


def test_products_named_by_letters() -> None:
    attention = "bqd,bkd->bqk"
    assert count("Einsum", zeros(2, 3, 4), zeros(2, 5, 4), equation=attention) == same(
        2 * 3 * 5 * 4
    )
    assert count("Einsum", zeros(2, 3), equation="ij->i") == Macs()


@pytest.mark.parametrize(("op", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
@pytest.mark.parametrize("layout", [0, 1])
def test_recurrence_counts_the_matrices_of_its_gates(
    op: str, gates: int, layout: int
) -> None:
    steps, batch, features, hidden = 7, 2, 5, 3
    x = zeros(batch, steps, features) if layout else zeros(steps, batch, features)
    weights = zeros(2, gates * hidden, features), zeros(2, gates * hidden, hidden)
    found = count(op, x, *weights, direction="bidirectional", layout=layout)
    a_step = 2 * batch * gates * hidden
    whole = steps * a_step * (features + hidden)
    between = (steps - 1) * a_step * hidden
    assert found == Macs(whole, whole, steps * a_step * features, whole, between)


def test_a_state_that_is_given_needs_its_gradient_too() -> None:
    prepared = call("RNN", (zeros(7, 1, 5), zeros(1, 3, 5), zeros(1, 3, 3)))
    inputs = (*prepared.inputs, None, None, prepared.inputs[0])
    state = replace(prepared.type(0), shape=(1, 1, 3))
    given = replace(
        prepared,
        inputs=(*inputs[:-1], state),
        constants=(*prepared.constants, *[None] * 3),
    )
    first, second = (each.operator.macs(each) for each in (prepared, given))
    assert (first.backward_inside, second.backward_inside) == (6 * 3 * 3, 7 * 3 * 3)


def test_transposed_convolution_counts_inputs_not_outputs() -> None:
    found = count("ConvTranspose", zeros(1, 2, 4, 4), zeros(2, 3, 2, 2), strides=(2, 2))
    assert found == same(2 * 3 * 4 * 4 * 2 * 2)
    cropped = count(
        "ConvTranspose", zeros(1, 1, 3), zeros(1, 1, 3), pads=(1, 1), strides=(2,)
    )
    assert (cropped.forward, cropped.real) == (9, 7)


def test_sums_of_counts() -> None:
    assert Macs(1, 2, 3, 4) + Macs(10, 20, 30, 40) == Macs(11, 22, 33, 44)


def test_everything_else_counts_nothing() -> None:
    counted = {name for name, row in OPERATORS.items() if row.macs is not no_macs}
    products = {"Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum"}
    assert counted == products | {"LSTM", "GRU", "RNN"}
    relu = call("Relu", [zeros(4)])
    assert relu.operator.macs(relu) == Macs()


def traffic(op: str, *arrays: np.ndarray | None, **attributes: object) -> Traffic:
    prepared = call(op, arrays, attributes)
    outputs = prepared.operator.infer(prepared)[:1]
    return traffic_of(replace(prepared, outputs=outputs))


def test_bytes_are_inputs_and_outputs() -> None:
    found = traffic("Conv", zeros(1, 2, 5), zeros(3, 2, 3), zeros(3))
    assert found == Traffic((40, 72, 12), (36,))
    assert found.total == 160
    assert traffic("Clip", zeros(6), None, zeros()) == Traffic((24, 0, 4), (24,))


def test_views_move_nothing_and_picks_read_what_they_write() -> None:
    index = np.array([1, -1])
    assert traffic("Reshape", zeros(2, 3), index).total == 0
    assert traffic("Dropout", zeros(2, 3)).total == 0
    table = zeros(1000, 4)
    assert traffic("Gather", table, index) == Traffic((32, 16), (32,))
    ends = (np.array([0]), np.array([10]))
    assert traffic("Slice", table, *ends) == Traffic((160, 0, 0), (160,))


@pytest.mark.parametrize("op", OPERATORS)
def test_every_row_has_a_count_and_its_bytes(op: str) -> None:
    for case in (case for case in table_cases() if case.op == op):
        prepared = call(op, case.arrays, case.attributes, outputs=case.outputs)
        types = prepared.operator.infer(prepared)[: case.outputs]
        done = replace(prepared, outputs=types)
        macs = done.operator.macs(done)
        assert 0 <= macs.real <= macs.forward
        assert traffic_of(done).total >= 0
