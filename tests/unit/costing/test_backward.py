"""Which gradients a backward pass needs, and padding that an operator writes."""

import numpy as np
import pytest
from tests.building import Builder

from depthwise.costing import CostReport, count
from depthwise.graph import Batch, Graph, Input, Node, TensorType, verify


def three_layers() -> Graph:
    """Convolutions of 48, 96 and 96 multiply-accumulates at each of 8 positions."""
    x = Input("x", TensorType("float32", (Batch(), 4, 8)))
    shapes = {"a": (12, 4, 1), "b": (8, 12, 1), "c": (12, 8, 1)}
    weights = {name: np.ones(shape, "float32") for name, shape in shapes.items()}
    nodes = (
        Node("Conv", ("x", "a"), ("y",), {}, "first"),
        Node("Conv", ("y", "b"), ("z",), {}, "second"),
        Node("Conv", ("z", "c"), ("o",), {}, "third"),
    )
    return verify(Graph("g", (x,), ("o",), nodes, weights, frozenset(weights)))


def gradients(report: CostReport) -> list[tuple[int, int]]:
    """Multiply-accumulates a position: of the input's gradient, of the weights'."""
    return [
        (layer.backward_input_macs // 8, layer.backward_weight_macs // 8)
        for layer in report.layers
    ]


def test_nothing_asks_for_the_gradient_of_a_picture() -> None:
    assert gradients(count(three_layers())) == [(0, 48), (96, 96), (96, 96)]


def test_inside_a_network_something_does() -> None:
    report = count(three_layers(), input_gradient=True)
    assert gradients(report) == [(48, 48), (96, 96), (96, 96)]
    assert report.backward_macs == 2 * report.macs


@pytest.mark.parametrize(
    ("frozen", "expected"),
    [
        ({"a"}, [(0, 0), (0, 96), (96, 96)]),
        ({"a", "b"}, [(0, 0), (0, 0), (0, 96)]),
        ({"b"}, [(0, 48), (96, 0), (96, 96)]),
        ({"a", "b", "c"}, [(0, 0), (0, 0), (0, 0)]),
    ],
)
def test_what_is_frozen_needs_no_gradient(
    frozen: set[str], expected: list[tuple[int, int]]
) -> None:
    report = count(three_layers(), frozen=frozen)
    assert gradients(report) == expected
    assert report.params == count(three_layers()).params


def test_padding_is_left_out_however_it_is_written() -> None:
    inside, before = Builder(4, 9, 9), Builder(4, 9, 9)
    own = inside.conv("x", 6, 4, pads=(1, 0, 2, 3), strides=(2, 2))
    pads = before.constant(np.array([0, 0, 0, 0, 0, 0, 1, 2]))
    padded = before.add("Pad", ("x", pads))
    apart = before.conv(padded, 6, 4, pads=(1, 0, 1, 1), strides=(2, 2))
    one, two = count(inside.graph(own)), count(before.graph(apart))
    assert one.macs == two.macs > one.real_macs == two.real_macs


def test_padding_with_ones_is_no_padding() -> None:
    b = Builder(4, 9)
    ones = b.constant(np.array(1.0))
    pads = b.constant(np.array([0, 0, 2, 0, 0, 0]))
    report = count(b.graph(b.conv(b.add("Pad", ("x", pads, ones)), 6, 3)))
    assert report.real_macs == report.macs
