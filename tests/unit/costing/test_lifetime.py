"""Memory over time, of graphs small enough to count by hand."""

import numpy as np
from tests.building import Builder

from depthwise.costing import count, memory_over_time


def test_a_branch_stays_alive_until_it_is_added() -> None:
    b = Builder(4, 8, dtype="float32")
    first = b.conv("x", 4, 3, pads=(1, 1))
    wide = b.conv(first, 16)
    narrow = b.conv(wide, 4)
    graph = b.graph(b.add("Add", (first, narrow)))
    size = 4 * 8 * 4
    # x and first; first and wide; first, wide and narrow; first, narrow and the sum
    expected = (2 * size, 5 * size, 6 * size, 3 * size)
    assert memory_over_time(graph.bind(1)) == expected
    assert count(graph).peak_bytes == 6 * size
    assert count(graph, batch=3).peak_bytes == 18 * size


def test_views_take_no_memory_and_keep_their_source_alive() -> None:
    b = Builder(4, 8, dtype="float32")
    flat = b.add("Flatten", (b.add("Relu", ("x",)),))
    graph = b.graph(b.add("Tanh", (flat,)))
    assert memory_over_time(graph.bind(1)) == (256, 128, 256)


def test_a_result_lives_to_the_end() -> None:
    b = Builder(4, 8, dtype="float32")
    early = b.add("Relu", ("x",))
    late = b.add("Tanh", (b.add("Abs", (early,)),))
    assert memory_over_time(b.graph(early, late).bind(1)) == (256, 256, 384)


def test_weights_are_counted_in_bytes_apart_from_activations() -> None:
    b = Builder(4, 8, dtype="float32")
    graph = b.graph(b.conv("x", 6, 3, bias=True))
    (layer,) = count(graph, batch=2).layers
    assert layer.weight_bytes == 4 * (6 * 4 * 3 + 6)
    assert layer.input_bytes == 4 * 2 * 4 * 8
    assert layer.output_bytes == 4 * 2 * 6 * 6
    moved = layer.weight_bytes + layer.input_bytes + layer.output_bytes
    assert np.isclose(layer.intensity, 2 * layer.macs / moved)


def test_an_activation_takes_the_place_of_what_no_one_reads_again() -> None:
    b = Builder(4, 8, dtype="float32")
    first = b.conv("x", 16)
    graph = b.graph(b.conv(b.add("Tanh", (b.add("Relu", (first,)),)), 2)).bind(1)
    x, wide, last = 4 * 4 * 8, 4 * 16 * 8, 4 * 2 * 8
    apart = (x + wide, 2 * wide, 2 * wide, wide + last)
    assert memory_over_time(graph) == apart
    together = (x + wide, wide, wide, wide + last)
    assert memory_over_time(graph, in_place=True) == together
    padded = memory_over_time(graph, in_place=True, sizes={first: 1000})
    assert padded == (x + 1000, 1000, 1000, 1000 + last)


def test_nothing_takes_the_place_of_inputs_results_and_what_is_read_again() -> None:
    b = Builder(4, 8, dtype="float32")
    early = b.add("Relu", ("x",))  # the caller's array stays as it is
    twice = b.add("Tanh", (early,))
    graph = b.graph(b.add("Add", (early, twice)), twice).bind(1)
    assert memory_over_time(graph, in_place=True) == (256, 256, 256)
