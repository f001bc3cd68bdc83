"""What a compiled network promises: buffers, batches, threads, clones, memory."""

import threading
import time
import tracemalloc

import numpy as np
import pytest
import torch
from tests.unit.engine.comparing import Sketch, integer_inputs, reference

from depthwise.engine import CompiledNetwork, compile_graph
from depthwise.graph import Graph


def small(outputs: int = 1) -> Graph:
    """A depthwise separable pair; its input is 3 channels of 6×7."""
    sketch = Sketch({"x": (3, 6, 7)})
    deep = sketch.conv("x", (3, 1, 3, 3), group=3, pads=(1, 1, 1, 1))
    last = sketch.conv(sketch.add("Relu", deep), (5, 3, 1, 1))
    return sketch.graph(*[last, deep][:outputs])


@pytest.fixture(scope="module")
def network() -> CompiledNetwork:
    return compile_graph(small(), threads=1, cache=None)


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    return integer_inputs(small(), 2)["x"]


def test_results_go_into_the_callers_buffers(network, x) -> None:
    (name,) = network.graph.outputs
    wanted = network(x)
    for given in (np.zeros_like(wanted), {name: np.zeros_like(wanted)}):
        found = network.run(x, outputs=given)[name]
        assert found is (given[name] if isinstance(given, dict) else given)
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("samples", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("threads", [1, 2])
def test_any_batch_is_served_and_buffers_too(samples, batch, threads) -> None:
    graph = small(2)
    inputs = integer_inputs(graph, samples)
    network = compile_graph(graph, batch=batch, threads=threads, cache=None)
    buffers = {n: np.full_like(v, np.nan) for n, v in network.run(inputs).items()}
    for _ in range(2):
        network.run(inputs, buffers)
        for name, wanted in reference(graph, inputs).items():
            np.testing.assert_array_equal(buffers[name], wanted, err_msg=name)


def test_samples_that_depend_on_each_other_are_compiled_together() -> None:
    sketch = Sketch({"x": (4,)})
    graph = sketch.graph(sketch.add("Softmax", "x", axis=0))
    network = compile_graph(graph, threads=1, cache=None)
    for samples in (1, 3):
        x = integer_inputs(graph, samples)["x"]
        np.testing.assert_allclose(network(x).sum(axis=0), 1, rtol=1e-6)


def test_torch_tensors_are_read_in_place(network, x) -> None:
    tensor = torch.from_numpy(x.copy())
    (name,) = network.graph.outputs
    call = network.prepare(tensor)
    tensor.mul_(-2)  # the network must see it
    np.testing.assert_array_equal(call()[name], network(-2 * x))


def test_a_clone_shares_weights_and_nothing_else(network, x) -> None:
    twin = network.clone()
    mine, theirs = (n._instances[n.batch] for n in (network, twin))
    assert twin._lock is not network._lock
    assert mine.weights is theirs.weights
    assert mine.compiled is theirs.compiled
    assert not np.shares_memory(mine.memory, theirs.memory)
    np.testing.assert_array_equal(twin(x), network(x))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("cloned", [False, True])
def test_concurrent_calls_are_right(threads: int, cloned: bool) -> None:
    graph = small()
    network = compile_graph(graph, threads=threads, cache=None)
    wrong: list[int] = []

    def work(seed: int) -> None:
        mine = network.clone() if cloned else network
        given = integer_inputs(graph, 1 + seed % 3, seed)
        (wanted,) = reference(graph, given).values()
        wrong.extend(seed for _ in range(60) if (mine(given["x"]) != wanted).any())

    crowd = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(60)
    assert not any(thread.is_alive() for thread in crowd)
    assert wrong == []


def test_the_interpreter_goes_on_while_code_runs() -> None:
    """A counting thread gets on during one long call, which holds no lock of it."""
    sketch = Sketch({"x": (256, 64, 64)})
    graph = sketch.graph(sketch.conv("x", (256, 256, 3, 3), pads=(1, 1, 1, 1)))
    network = compile_graph(graph, threads=1, cache=None)
    x = integer_inputs(graph, 1)["x"]
    network(x)
    spans: list[tuple[float, float]] = []

    def work() -> None:
        start = time.perf_counter()
        network(x)
        spans.append((start, time.perf_counter()))

    worker = threading.Thread(target=work)
    worker.start()
    marks = []
    while worker.is_alive():
        marks.append(time.perf_counter())
        time.sleep(1e-3)
    ((start, end),) = spans
    inside = [m for m in marks if start + 0.1 * (end - start) < m < end]
    assert len(inside) >= 3


def test_nothing_is_allocated_after_the_first_run() -> None:
    graph = small()
    for batch, samples in [(1, 1), (2, 3)]:
        network = compile_graph(graph, batch=batch, threads=1, cache=None)
        inputs = integer_inputs(graph, samples)
        outputs = network.run(inputs)
        network.run(inputs, outputs)
        blocks = [i.memory.ctypes.data for i in network._instances.values()]
        tracemalloc.start()
        try:
            for _ in range(20):
                network.run(inputs, outputs)
            held, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert held < 2000
        assert peak < 12_000  # argument tuples and views, no array
        assert blocks == [i.memory.ctypes.data for i in network._instances.values()]


def test_profile_names_every_step(network) -> None:
    times = network.profile(runs=3)
    assert [t.kernel for t in times] == [
        step.kernel.name for step in network.compiled.program.steps
    ]
    assert sum(t.macs for t in times) == 6 * 7 * (9 * 3 + 3 * 5)
    assert all(t.latency_us >= 0 for t in times)
    assert all(0 <= t.percent_of_peak < np.inf for t in times)
    assert {t.peak_gflops for t in times} == {times[0].peak_gflops}
    assert times[0].peak_gflops > 0.5


def test_benchmark_gives_a_time_a_run(network) -> None:
    times = network.benchmark(seconds=0.01)
    assert times.size >= 1
    assert (times > 0).all()
