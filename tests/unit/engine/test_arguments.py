"""Bad arrays are sentences with the rule and both values; odd good ones are taken."""

import re

import numpy as np
import pytest
import torch
from tests.unit.engine.comparing import Sketch

from depthwise.engine import CompiledNetwork, compile_graph
from depthwise.errors import DepthwiseError, GeometryError, UsageError


@pytest.fixture(scope="module")
def network() -> CompiledNetwork:
    sketch = Sketch({"x": (3, 6)})
    return compile_graph(sketch.graph(sketch.add("Relu", "x", out="y")), cache=None)


def ones(*shape: int, dtype: str = "float32") -> np.ndarray:
    return np.ones(shape, dtype)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (ones(3, 6), "input x must be float32[N,3,6]; got [3,6]"),
        (ones(1, 3, 6, 1), "must be float32[N,3,6]; got [1,3,6,1]"),
        (ones(1, 3, 7), "must be float32[N,3,6]; got [1,3,7]"),
        (ones(0, 3, 6), "must be float32[N,3,6]; got [0,3,6]"),
        (ones(1, 3, 0), "must be float32[N,3,6]; got [1,3,0]"),
        (np.float32(1), "must be an array; got float32"),
        (np.array(1, "float32"), "must be float32[N,3,6]; got []"),
        (ones(1, 3, 6, dtype="float64"), "must be float32; got float64"),
        (ones(1, 3, 6, dtype=">f4"), "must be float32; got >f4"),
        (ones(1, 3, 6, dtype="uint8"), "must be float32; got uint8"),
        (np.array([["a"]], object), "must be float32; got object"),
        ([[1.0]], "must be an array; got list"),
        (None, "must be an array; got NoneType"),
        (torch.ones(1, 3, 6, requires_grad=True), "readable through DLPack"),
        (torch.ones(1, 3, 6, dtype=torch.bfloat16), "readable through DLPack"),
        (torch.ones(1, 3, 6, dtype=torch.float64), "must be float32; got float64"),
        (torch.ones(1, 3, 6).to_sparse(), "readable through DLPack"),
    ],
)
def test_bad_inputs(network, value, sentence: str) -> None:
    with pytest.raises(GeometryError, match=re.escape(sentence)):
        network(value)


@pytest.mark.parametrize("inputs", [{}, {"z": ones(1, 3, 6)}, {1: 2, "x": 3}])
def test_bad_names(network, inputs) -> None:
    with pytest.raises(UsageError, match="every input is given once"):
        network.run(inputs)
    with pytest.raises(UsageError, match="buffers are for outputs"):
        network.run(ones(1, 3, 6), inputs or {2: 3})


def test_a_wrong_number_of_arrays(network) -> None:
    with pytest.raises(UsageError, match="called with 1 arrays; got 2"):
        network(ones(1, 3, 6), ones(1, 3, 6))
    with pytest.raises(UsageError, match="runs must be 1 or more; got 0"):
        network.profile(runs=0)


def read_only() -> np.ndarray:
    array = ones(2, 3, 6)
    array.flags.writeable = False
    return array


def unaligned() -> np.ndarray:
    return np.zeros(2 * 18 * 4 + 1, np.uint8)[1:].view("float32").reshape(2, 3, 6)


@pytest.mark.parametrize(
    ("buffer", "sentence"),
    [
        (ones(1, 3, 6), "must be float32[2,3,6]; got float32[1,3,6]"),
        (ones(2, 3, 6, dtype="float64"), "must be float32[2,3,6]; got float64[2,3,6]"),
        (ones(2, 6, 3).transpose(0, 2, 1), "contiguous, writeable and aligned; got"),
        (read_only(), "contiguous=True, writeable=False"),
        (unaligned(), "aligned=False"),
        ([1.0], "must be an array; got list"),
    ],
)
def test_bad_buffers(network, buffer, sentence: str) -> None:
    for given in (buffer, {"y": buffer}):
        with pytest.raises(GeometryError, match=re.escape(sentence)):
            network.run(ones(2, 3, 6), given)


def test_a_buffer_must_not_be_an_input(network) -> None:
    x = ones(2, 3, 6)
    with pytest.raises(GeometryError, match="apart from inputs"):
        network.run(x, x)
    assert (network.run(x, ones(2, 3, 6))["y"] == 1).all()


def test_odd_arrays_are_read_as_they_are(network) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 6)).astype("float32")
    wanted = np.maximum(x, 0)
    wide = np.zeros((4, 6, 12), "float32")
    wide[::2, ::2, ::2] = x
    shifted, locked = unaligned(), x.copy()
    shifted[:] = x
    locked.flags.writeable = False
    given = [wide[::2, ::2, ::2], shifted, locked, x[:, :, ::-1][:, :, ::-1]]
    given += [np.asfortranarray(x), torch.from_numpy(x.copy()).clone()]
    for array in given:
        np.testing.assert_array_equal(network(array), wanted)


def test_samples_of_several_inputs_must_agree() -> None:
    sketch = Sketch({"a": (4,), "b": (4,)})
    network = compile_graph(sketch.graph(sketch.add("Add", "a", "b")), cache=None)
    with pytest.raises(GeometryError, match=re.escape("same number of samples")):
        network(ones(2, 4), ones(3, 4))


def test_memory_that_no_machine_has_is_a_sentence() -> None:
    sketch = Sketch({"x": (1 << 20, 4096, 4096)})
    pooled = sketch.add("AveragePool", "x", kernel_shape=(2, 2))
    graph = sketch.graph(sketch.add("Relu", pooled))
    with pytest.raises(DepthwiseError, match=r"memory must fit.*got \d+ bytes"):
        compile_graph(graph, threads=1, cache=None)
