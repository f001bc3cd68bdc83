"""Sizes that a graph computes are known before it runs, the batch included."""

import numpy as np
import pytest
from tests.building import Builder

from depthwise.errors import GeometryError
from depthwise.execute import run
from depthwise.graph import Batch


@pytest.fixture
def build() -> Builder:
    return Builder(4, 6, 10)


def sizes(build: Builder, value: str) -> tuple:
    return build.types[value].content


def number(build: Builder, array: object) -> str:
    return build.constant(np.array(array))


def test_a_shape_is_known_with_its_batch(build: Builder) -> None:
    shape = build.add("Shape", ("x",))
    assert sizes(build, shape) == (Batch(), 4, 6, 10)
    assert sizes(build, build.add("Size", ("x",))) == (Batch(240),)
    part = build.add("Shape", ("x",), {"start": -2})
    assert sizes(build, part) == (6, 10)


def test_the_chain_of_a_view(build: Builder) -> None:
    shape = build.add("Shape", ("x",))
    batch = build.add("Gather", (shape, number(build, 0)))
    doubled = build.add("Mul", (batch, number(build, 2)))
    rows = build.add("Unsqueeze", (doubled, number(build, [0])))
    target = build.add("Concat", (rows, number(build, [2, -1])), {"axis": 0})
    assert sizes(build, target) == (Batch(2), 2, -1)
    value = build.add("Reshape", ("x", target))
    assert build.types[value].shape == (Batch(2), 2, 60)
    halved = build.add("Div", (build.add("Shape", (value,)), number(build, 2)))
    assert sizes(build, halved) == (Batch(1), 1, 30)
    (result,) = run(build.graph(value), [np.zeros((3, 4, 6, 10))], dtype="float64")
    assert result[value].shape == (6, 2, 60)


def test_sizes_go_through_slices_casts_and_scales(build: Builder) -> None:
    shape = build.add("Shape", ("x",))
    plane = build.add("Slice", (shape, number(build, [2]), number(build, [4])))
    real = build.add("Cast", (plane,), {"to": 11})
    scaled = build.add("Mul", (real, build.constant(np.float32([1.5, 0.5]))))
    assert sizes(build, scaled) == (9.0, 5.0)
    whole = build.add("Cast", (build.add("Floor", (scaled,)),), {"to": 7})
    lead = build.add("Slice", (shape, number(build, [0]), number(build, [2])))
    wanted = build.add("Concat", (lead, whole), {"axis": 0})
    assert sizes(build, wanted) == (Batch(), 4, 9, 5)
    bigger = build.add("Resize", ("x", "", "", wanted))
    assert build.types[bigger].shape == (Batch(), 4, 9, 5)


def test_the_spelling_of_an_expansion_to_the_batch(build: Builder) -> None:
    pooled = build.add("ReduceMean", ("x",), {"keepdims": 1})
    shape = build.add("Shape", ("x",))
    open_size = build.add("Equal", (number(build, [-1, 4, 1, 1]), number(build, -1)))
    wanted = build.add("Where", (open_size, shape, number(build, [-1, 4, 1, 1])))
    assert sizes(build, wanted) == (Batch(), 4, 1, 1)
    wide = build.add("Expand", (pooled, wanted))
    assert build.types[wide].shape == (Batch(), 4, 1, 1)


def test_what_depends_on_the_number_of_samples_stays_open(build: Builder) -> None:
    shape = build.add("Shape", ("x",))
    more = build.add("Add", (shape, number(build, 1)))
    less = build.add("Min", (shape, number(build, [5])))
    same = build.add("Equal", (shape, number(build, [1])))
    assert [sizes(build, v) for v in (more, less, same)] == [None] * 3
    assert sizes(build, build.add("Add", (shape, shape)))[0] == Batch(2)


def test_values_that_are_not_sizes_are_not_tracked(build: Builder) -> None:
    assert sizes(build, build.add("Relu", ("x",))) is None
    long = build.constant(np.arange(65))
    assert build.types[long].content is None
    assert sizes(build, build.constant(np.arange(64)))[-1] == 63


def test_a_target_known_only_at_run_time_is_refused(build: Builder) -> None:
    found = build.add("ArgMax", ("x",), {"axis": 1, "keepdims": 0})
    flat = build.add("Flatten", (found,))
    with pytest.raises(GeometryError, match="input 1 of Reshape must be known"):
        build.add("Reshape", ("x", flat))


@pytest.mark.parametrize(
    ("op", "operands", "attributes", "message"),
    [
        ("Slice", ([0], [1], [0]), {}, "must keep the whole batch"),
        ("Squeeze", (), {}, "must know all sizes"),
        ("Pad", ([1, 0, 0, 0, 0, 0, 0, 0],), {}, "leave the batch alone"),
        ("Split", ([2, 2],), {"axis": 0}, "must fill the axis"),
    ],
)
def test_the_batch_is_not_taken_apart(
    build: Builder, op: str, operands: tuple, attributes: dict, message: str
) -> None:
    inputs = ("x", *(number(build, operand) for operand in operands))
    with pytest.raises(GeometryError, match=message):
        build.add(op, inputs, attributes, 2 if op == "Split" else 1)


def test_a_slice_of_the_whole_batch_is_fine(build: Builder) -> None:
    ends = number(build, [2**31 - 1, -1])
    value = build.add(
        "Slice", ("x", number(build, [0, 1]), ends, number(build, [0, 3]))
    )
    assert build.types[value].shape == (Batch(), 4, 6, 8)


def test_the_batch_is_no_size_that_cannot_be(build: Builder) -> None:
    """An expansion's -1 is told from the batch; whether N is 3 stays open."""
    start = number(build, [0])
    end = number(build, [1])
    shape = build.add("Shape", ("x",))
    batch = build.add("Slice", (shape, start, end))
    for other, known in ((-1, (False,)), (0, (False,)), (3, None)):
        same = build.add("Equal", (batch, number(build, [other])))
        graph = build.graph(same)
        assert graph.types[same].content == known
