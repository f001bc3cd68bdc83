"""Shapes with a symbolic batch: arithmetic, broadcasting, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwise.errors import GeometryError, GraphError
from depthwise.graph import Batch, Dim, bind
from depthwise.graph.shapes import broadcast, concrete, divide, format_shape, multiply

SIZES = st.integers(1, 6)
DIMS = st.one_of(SIZES, SIZES.map(Batch))


def value(dim: Dim, batch: int) -> int:
    return bind((dim,), batch)[0]


@given(st.lists(DIMS, max_size=4), SIZES)
def test_a_product_is_the_product_whatever_the_batch(dims: list, batch: int) -> None:
    if sum(isinstance(dim, Batch) for dim in dims) > 1:
        with pytest.raises(GraphError, match="holds the batch at most once"):
            multiply(tuple(dims))
        return
    product = 1
    for dim in dims:
        product *= value(dim, batch)
    assert value(multiply(tuple(dims)), batch) == product


@given(DIMS, SIZES, SIZES)
def test_a_quotient_undoes_a_product(dim: Dim, factor: int, batch: int) -> None:
    product = multiply((dim, factor))
    assert divide(product, factor) == dim
    assert value(divide(product, dim), batch) == factor


def test_quotients_that_do_not_exist() -> None:
    with pytest.raises(GeometryError, match="without remainder; got 3N / 2"):
        divide(Batch(3), 2)
    with pytest.raises(GeometryError, match="without remainder; got 3 / 0"):
        divide(3, 0)
    with pytest.raises(GeometryError, match="cannot be divided by it; got 6 / 2N"):
        divide(6, Batch(2))


def test_nothing_times_the_batch_is_nothing() -> None:
    assert multiply((Batch(3), 0)) == 0


def test_arithmetic_as_graphs_spell_it() -> None:
    assert Batch(2) * 3 == 3 * Batch(2) == Batch(6)
    assert Batch(6) // 3 == Batch(2)
    assert Batch(6) // Batch(2) == 3
    assert Batch(1) + Batch(2) == Batch(3)
    with pytest.raises(GraphError, match=r"multiple of the batch; got N \+ 1"):
        Batch() + 1


@given(st.lists(st.lists(st.sampled_from([1, 2, 3]), max_size=4), max_size=3))
def test_broadcasting_is_numpys(shapes: list[list[int]]) -> None:
    tuples = [tuple(shape) for shape in shapes]
    try:
        expected = np.broadcast_shapes(*tuples)
    except ValueError:
        with pytest.raises(GeometryError, match="shapes must broadcast"):
            broadcast(*tuples)
        return
    assert broadcast(*tuples) == expected


def test_the_batch_broadcasts_with_itself_and_one() -> None:
    assert broadcast((Batch(), 1), (1, 4), (Batch(), 4)) == (Batch(), 4)
    with pytest.raises(GeometryError, match=r"got \[N\] and \[4\]"):
        broadcast((Batch(),), (4,))


def test_sizes_that_must_be_known() -> None:
    assert concrete((2, 3)) == (2, 3)
    with pytest.raises(GraphError, match=r"must be known here; got \[2N,3\]"):
        concrete((Batch(2), 3))
    assert format_shape(()) == "[]"
