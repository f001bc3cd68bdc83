"""A prepared call reads and writes the caller's arrays, and nothing else changes."""

import numpy as np
import pytest

from depthwise.engine import compile_graph
from depthwise.jobs.open import open_model


@pytest.mark.parametrize("threads", [1, 2])
def test_prepared_calls_compute_what_runs_compute(threads):
    graph = open_model("sensor_net", (1, 6, 128)).graph
    net = compile_graph(graph, threads=threads)
    random = np.random.default_rng(0)
    x, y = (random.normal(size=(1, 6, 128)).astype("float32") for _ in range(2))
    wanted = [net(array) for array in (x, y)]
    (name,) = graph.outputs
    buffer = np.zeros_like(wanted[0])
    call = net.prepare(x, {name: buffer})
    assert call()[name] is buffer
    np.testing.assert_array_equal(buffer, wanted[0])
    np.testing.assert_array_equal(net(y), wanted[1])
    np.testing.assert_array_equal(call()[name], wanted[0])
    x[:] = y
    np.testing.assert_array_equal(call()[name], wanted[1])


def test_other_batches_are_served_as_run_serves_them():
    graph = open_model("sensor_net", (1, 6, 128)).graph
    net = compile_graph(graph, threads=1)
    x = np.random.default_rng(0).normal(size=(3, 6, 128)).astype("float32")
    (found,) = net.prepare(x)().values()
    np.testing.assert_array_equal(found, net(x))
