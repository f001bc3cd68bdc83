"""depthwise.compile: every sort of model and of example, and what is refused."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.unit.formats.samples import small_network

import depthwise
from depthwise.errors import GeometryError, UnknownNameError, UsageError
from depthwise.formats import ModelFolder, save_folder, save_onnx


@pytest.fixture(scope="module")
def module() -> torch.nn.Module:
    torch.manual_seed(0)
    layers = [torch.nn.Conv1d(4, 8, 3, padding=1, groups=4), torch.nn.BatchNorm1d(8)]
    return torch.nn.Sequential(*layers, torch.nn.ReLU(), torch.nn.Conv1d(8, 5, 1))


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(3, 4, 10)).astype("float32")


def test_a_module_is_compiled_as_it_is_in_eval_mode(module, x) -> None:
    module.train()
    network = depthwise.compile(module, x, threads=1)
    assert module.training
    assert network.batch == 3
    with torch.no_grad():
        wanted = module.eval()(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(network(x), wanted, rtol=0, atol=1e-6)


def test_shapes_arrays_and_tensors_are_examples(module, x) -> None:
    wanted = depthwise.compile(module, x, threads=1)(x)
    for example in [(1, 4, 10), [2, 4, 10], torch.zeros(1, 4, 10)]:
        network = depthwise.compile(module, example, threads=1)
        np.testing.assert_array_equal(network(x), wanted)


def test_a_file_a_folder_and_a_graph_are_the_same_network(tmp_path: Path) -> None:
    graph = small_network()
    shape = graph.bind(2).inputs[0].type.shape
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    wanted = depthwise.compile(graph)(x)
    path = save_onnx(graph, tmp_path / "net.onnx")
    save_folder(tmp_path / "net", ModelFolder(graph))
    for model in (path, str(path), tmp_path / "net"):
        np.testing.assert_array_equal(depthwise.compile(model)(x), wanted)
    np.testing.assert_array_equal(depthwise.compile(path, shape)(x), wanted)


def test_a_registered_name_knows_its_input() -> None:
    network = depthwise.compile("sensor_net", threads=1)
    shape = network.graph.bind(1).inputs[0].type.shape
    assert np.isfinite(network(np.zeros(shape, "float32"))).all()


def test_threads_are_the_most_that_may_work() -> None:
    assert depthwise.compile("sensor_net", threads=2).threads == 1
    assert depthwise.compile("sensor_net", (64, 6, 128), threads=2).threads == 2


def test_what_is_no_model_or_no_example_is_a_sentence(module) -> None:
    with pytest.raises(UnknownNameError, match="model must be a known name"):
        depthwise.compile("mobilnet")
    with pytest.raises(UsageError, match="does not know its input"):
        depthwise.compile(module)
    for example in (5, "1,4,10", (), (0, 4, 10), (4,), np.zeros(3)):
        with pytest.raises(UsageError, match="two or more positive sizes"):
            depthwise.compile(module, example)
    with pytest.raises(GeometryError, match=r"must be \[N,.*got \[1,9,9\]"):
        depthwise.compile(small_network(), (1, 9, 9))
    with pytest.raises(UsageError, match="threads must be 1 to 256; got 300"):
        depthwise.compile(small_network(), threads=300)
    with pytest.raises(UsageError, match="threads must be 1 to 256; got 0"):
        depthwise.compile(small_network(), threads=0)


SCRIPT = """
import sys
import numpy as np
import depthwise
network = depthwise.compile(sys.argv[1], threads=2)
shape = network.graph.bind(1).inputs[0].type.shape
network(np.zeros(shape, "float32"))
network.profile(runs=1)
network.clone().benchmark(0.001)
print([n for n in sys.modules if n.split(".")[0] in ("torch", "onnxruntime")])
"""


def test_a_file_is_run_without_torch(tmp_path: Path, cli_env: dict[str, str]) -> None:
    path = save_onnx(small_network(), tmp_path / "net.onnx")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)],
        env=cli_env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
