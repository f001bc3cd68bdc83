"""Receptive fields, against where a NaN in the input is felt."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from tests.building import Builder
from tests.parity.table_cases import TableCase, table_cases

from depthwise.costing import count
from depthwise.costing.reach import Field, views_of
from depthwise.errors import DepthwiseError
from depthwise.execute import run
from depthwise.graph import Graph, Input, Node, TensorType, verify

SIZE = 48


def plain(b: Builder) -> str:
    x = b.conv("x", 4, 5, strides=(2,), pads=(2, 2))
    return b.conv(b.add("Relu", (x,)), 4, 3, dilations=(3,), pads=(3, 3))


def causal(b: Builder) -> str:
    pads = b.constant(np.array([0, 0, 6, 0, 0, 0]))
    return b.conv(b.add("Pad", ("x", pads)), 4, 3, dilations=(3,))


def chomped(b: Builder) -> str:
    x = b.conv("x", 4, 3, pads=(2, 2))
    ends = [b.constant(np.array([n])) for n in (0, -2, 2)]
    return b.add("Slice", (x, *ends))


def residual(b: Builder) -> str:
    x = b.conv("x", 4, 1)
    return b.add("Add", (x, b.conv(x, 4, 7, pads=(3, 3))))


def pooled(b: Builder) -> str:
    x = b.conv("x", 4, 3, pads=(1, 1))
    attributes = {"kernel_shape": (3,), "strides": (2,), "pads": (1, 1)}
    return b.add("MaxPool", (x,), attributes)


def shuffled(b: Builder) -> str:
    x = b.conv("x", 4, 3, pads=(1, 1))
    split = b.add("Reshape", (x, b.constant(np.array([0, 2, 2, SIZE]))))
    turned = b.add("Transpose", (split,), {"perm": (0, 2, 1, 3)})
    back = b.add("Reshape", (turned, b.constant(np.array([0, 4, SIZE]))))
    return b.conv(back, 4, 3, pads=(1, 1))


def inserted(b: Builder) -> str:
    x = b.add("Unsqueeze", ("x", b.constant(np.array([2]))))
    weight = b.normal(4, 3, 1, 5)
    x = b.add("Conv", (x, weight), {"pads": (0, 2, 0, 2)})
    return b.add("Squeeze", (x, b.constant(np.array([2]))))


def gated(b: Builder) -> str:
    x = b.conv("x", 4, 3, pads=(1, 1))
    gate = b.add("Sigmoid", (b.conv(b.add("GlobalAveragePool", (x,)), 4, 1),))
    return b.add("Mul", (x, gate))


def attended(b: Builder) -> str:
    x = b.conv("x", 4, 3, pads=(1, 1))
    turned = b.add("Transpose", (x,), {"perm": (0, 2, 1)})
    scores = b.add("Softmax", (b.add("MatMul", (turned, x)),), {"axis": -1})
    return b.add("MatMul", (x, scores))


def felt(graph: Graph, place: int, poison: float) -> np.ndarray:
    """Poison one position of a series; tell which positions of the result feel it."""
    x = np.zeros((1, 3, SIZE))
    x[..., place] = poison
    (values,) = run(graph, [{"x": x}])
    result = values[graph.outputs[0]]
    return np.asarray((np.isnan(result) | (result != 0)).any(axis=(0, 1)))


def seen(graph: Graph, poison: float = math.nan) -> list[list[int]]:
    """List the inputs that each position of the result depends on."""
    table = np.stack([felt(graph, place, poison) for place in range(SIZE)])
    return [np.flatnonzero(column).tolist() for column in table.T]


MADE = [plain, causal, chomped, residual, pooled, shuffled, inserted]


@pytest.mark.parametrize("make", MADE, ids=lambda make: make.__name__)
def test_field_is_from_the_first_input_felt_to_the_last(
    make: Callable[[Builder], str],
) -> None:
    builder = Builder(3, SIZE)
    graph = builder.graph(make(builder))
    (field,) = views_of(graph.bind(1))[graph.outputs[0]].fields
    inside = 0
    for position, places in enumerate(seen(graph)):
        first = field.stride * position + field.low
        last = field.stride * position + field.high
        if first >= 0 and last < SIZE:
            assert (places[0], places[-1]) == (first, last), position
            inside += 1
        assert first <= places[0] <= places[-1] <= last, position
    assert inside >= 10


@pytest.mark.parametrize("make", [gated, attended], ids=lambda make: make.__name__)
def test_what_mixes_positions_sees_everything(make: Callable[[Builder], str]) -> None:
    builder = Builder(3, SIZE)
    graph = builder.graph(make(builder))
    (field,) = views_of(graph.bind(1))[graph.outputs[0]].fields
    assert field.whole
    assert field.size == SIZE
    assert all(len(places) == SIZE for places in seen(graph))


@pytest.mark.parametrize("kernel", [2, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_transposed_fields_hold_what_is_felt(kernel: int, stride: int) -> None:
    builder = Builder(3, SIZE)
    weight = builder.normal(3, 4, kernel)
    name = builder.add("ConvTranspose", ("x", weight), {"strides": (stride,)})
    graph = builder.graph(name)
    (field,) = views_of(graph.bind(1))[name].fields
    longest = 0
    for position, places in enumerate(seen(graph)):
        if places:
            assert places[0] >= field.stride * position + field.low
            assert places[-1] <= field.stride * position + field.high
            longest = max(longest, len(places))
    assert longest == field.size


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_resized_fields_hold_what_is_felt(mode: str) -> None:
    builder = Builder(3, SIZE)
    scales = builder.constant(np.array([1, 1, 2], "float32"))
    builder.constants[scales] = np.array([1, 1, 2], "float32")
    graph = builder.graph(builder.add("Resize", ("x", "", scales), {"mode": mode}))
    (field,) = views_of(graph.bind(1))[graph.outputs[0]].fields
    for position, places in enumerate(seen(graph, poison=1.0)):
        assert places[0] >= field.stride * position + field.low
        assert places[-1] <= field.stride * position + field.high


def test_mobilenet_sees_what_was_published() -> None:
    """Araujo et al. 2019: MobileNetV1 sees 315 pixels, 32 apart."""
    from depthwise.jobs.open import open_model

    layers = count(open_model("mobilenet_v1", (1, 3, 224, 224)).graph).layers
    last = [layer for layer in layers if layer.geometry][-1]
    assert last.receptive_field == (315, 315)
    assert last.effective_stride == (32, 32)


def test_a_whole_axis_stays_whole() -> None:
    field = Field(10).everything().slide(3, 2, 1)
    assert field.whole
    assert (field.size, field.jump, field.padding) == (10, 10, 0)


def graph_of_row(case: TableCase) -> Graph:
    """A graph of one row of the table, which takes the row's first operand."""
    first = next(i for i, array in enumerate(case.arrays) if array is not None)
    names = ["" if a is None else f"a{i}" for i, a in enumerate(case.arrays)]
    pairs = zip(names, case.arrays, strict=True)
    constants = {n: a for n, a in pairs if a is not None and n != names[first]}
    outputs = tuple(f"y{i}" for i in range(case.outputs))
    node = Node(case.op, tuple(names), outputs, dict(case.attributes))
    array = case.arrays[first]
    given = Input(names[first], TensorType(array.dtype.name, array.shape))
    return verify(Graph(case.op, (given,), outputs, (node,), constants))


def takes_input(case: TableCase) -> bool:
    """Whether the first operand may come from outside, as elements that are open."""
    try:
        graph_of_row(case)
    except DepthwiseError:
        return False
    return True


ROWS = [case for case in table_cases() if takes_input(case)]


@pytest.mark.parametrize("case", ROWS, ids=str)
def test_a_view_has_an_axis_for_every_axis_of_its_value(case: TableCase) -> None:
    graph = graph_of_row(case)
    for name, view in views_of(graph).items():
        assert len(view.axes) == graph.types[name].rank
    assert count(graph).layers
