"""The machine's roofs are measured, kept, and held over a network that is measured."""

import json

import numpy as np
import pytest

from depthwise.costing.roofline import Level, Machine, Pace
from depthwise.graph import Batch, Graph, Input, Node, TensorType, verify
from depthwise.jobs import machine as roofs_of_machine
from depthwise.jobs.machine import Calibration, calibrate, measure_machine
from depthwise.jobs.roofs import measured, roofline


@pytest.fixture
def machine():
    levels = (Level("L1", 32768, 100.0), Level("memory", 1 << 62, 10.0))
    return Machine("stated", 1, 50.0, levels)


@pytest.fixture
def stated(machine, tmp_path):
    return Calibration(machine, Pace("engine"), tmp_path / "machine.json")


def network():
    x = Input("x", TensorType("float32", (Batch(), 8, 8, 8)))
    weights = {
        "d": np.ones((8, 1, 3, 3), "float32"),
        "p": np.ones((16, 8, 1, 1), "float32"),
    }
    nodes = (
        Node("Conv", ("x", "d"), ("a",), {"group": 8}, "depthwise"),
        Node("Relu", ("a",), ("b",), {}, "relu"),
        Node("Conv", ("b", "p"), ("y",), {}, "pointwise"),
    )
    return verify(Graph("g", (x,), ("y",), nodes, weights, frozenset(weights)))


def test_a_machine_has_roofs():
    found = measure_machine()
    assert found.peak_gflops > 1
    assert [level.name for level in found.levels][:2] == ["L1", "L2"]
    assert found.levels[-1].name == "memory"
    sizes = [level.nbytes for level in found.levels]
    assert sizes == sorted(sizes)


def test_figures_are_measured_once(monkeypatch, stated):
    calls = []
    monkeypatch.setattr(
        roofs_of_machine,
        "measure_machine",
        lambda threads: calls.append(threads) or stated.machine,
    )
    monkeypatch.setattr(roofs_of_machine, "measure_pace", lambda _: stated.pace)
    assert calibrate(path=stated.path) == stated
    assert calibrate(path=stated.path) == stated
    assert len(calls) == 1
    assert calibrate(path=stated.path, again=True) == stated
    assert len(calls) == 2
    values = json.loads(stated.path.read_text())
    stated.path.write_text(json.dumps({**values, "key": {"cpu": "another"}}))
    calibrate(path=stated.path)
    assert len(calls) == 3
    for damage in ("", "[]", "{", json.dumps({**values, "machine": {}})):
        stated.path.write_text(damage)
        calibrate(path=stated.path)
    assert len(calls) == 7


def test_what_runs_as_one_is_predicted_and_measured_as_one(stated):
    graph = network()
    model = roofline(graph, batch=2, calibration=stated)
    nodes = [layer.name for time in model.units for layer in time.unit.layers]
    assert nodes == ["depthwise", "relu", "pointwise"]
    assert model.batch == 2
    assert model.macs == 2 * 36 * (8 * 9 + 8 * 16)
    said = []
    full = measured(model, graph, peers=("onnxruntime",), say=said.append)
    assert said == []
    assert full.engines == ("engine", "torch")
    assert set(full.whole_us) == {"engine", "torch", "onnxruntime"}
    for time in full.units:
        assert all(spent > 0 for spent in time.measured_us.values())
        assert time.percent_of_bound("torch") > 0


def test_an_operator_without_a_kernel_is_bounded_all_the_same(stated):
    x = Input("x", TensorType("float32", (Batch(), 4)))
    total = Node("CumSum", ("x", "axis"), ("y",), {}, "total")
    graph = verify(Graph("g", (x,), ("y",), (total,), {"axis": np.array(1)}))
    model = roofline(graph, calibration=stated)
    said = []
    full = measured(model, graph, peers=(), say=said.append)
    assert len(said) == 1
    assert said[0].startswith("engine is left out")
    assert full.engines == ("torch",)
