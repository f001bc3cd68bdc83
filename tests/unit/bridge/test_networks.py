"""Our own networks, traced: every layer within its bound, every output the same."""

import numpy as np
import pytest
import torch
from tests.bounds import check_layers, check_network
from tests.unit.bridge.networks import check_same, enliven, samples

from depthwise.bridge import run as run_torch
from depthwise.bridge import trace
from depthwise.execute import run as run_numpy
from depthwise.graph import Batch, Graph, Input, Node, TensorType
from depthwise.nn import create_model, list_models

RNG = np.random.default_rng(7)


@pytest.mark.parametrize("name", list_models())
def test_network(name: str) -> None:
    torch.manual_seed(0)
    module = enliven(create_model(name))
    shape = module.input_shape
    shape = (3, 32, 32) if shape == (3, 224, 224) else shape
    graph = trace(module, (1, *shape))
    assert graph.batch is None
    assert graph.parameters == {n for n, _ in module.named_parameters()}
    every = [value for node in graph.nodes for value in node.outputs]
    given = samples(graph, 2)
    for run in (run_numpy, run_torch):
        (values,) = run(graph, [given], every)
        assert check_layers(graph, given, values) >= len(graph.nodes) - 4
    check_same(module, graph, (1, 3, 32))


def one_conv() -> Graph:
    x = Input("x", TensorType("float32", (Batch(), 3, 8)))
    weight = RNG.standard_normal((4, 3, 3), np.float32)
    node = Node("Conv", ("x", "w"), ("y",), name="conv")
    return Graph("conv", (x,), ("y",), (node,), {"w": weight}, frozenset({"w"}))


def test_check_layers_can_fail() -> None:
    graph = one_conv()
    given = samples(graph, 2)
    (values,) = run_numpy(graph, [given], ["y"])
    assert check_layers(graph, given, values) == 1
    wrong = {"y": values["y"] * np.float32(1 + 2**-17)}
    with pytest.raises(AssertionError, match="Conv"):
        check_layers(graph, given, wrong)


def test_check_network_can_fail() -> None:
    wanted = RNG.standard_normal(10)
    single = wanted.astype(np.float32)
    check_network(wanted + 1e-15, wanted, single)
    with pytest.raises(AssertionError):
        check_network(wanted + 1e-12, wanted, single)


def test_check_same_can_fail() -> None:
    module = enliven(create_model("sensor_net"))
    graph = trace(module, (1, *module.input_shape))
    with torch.no_grad():
        next(module.parameters()).mul_(1.001)
    with pytest.raises(AssertionError):
        check_same(module, graph, (1,))
