"""Bounds, predictions and reasons on machines with round numbers."""

import json

import numpy as np
import pytest

from depthwise.costing import count
from depthwise.costing.roofline import (
    Bound,
    Level,
    Machine,
    Pace,
    Work,
    attained_share,
    bound_of,
    compared,
    machine_from,
    pace_from,
    reasons,
    roofline_of,
    times_by_kind,
    units_of,
    work_of,
)
from depthwise.errors import UsageError
from depthwise.files import to_json
from depthwise.graph import Batch, Graph, Input, Node, TensorType, verify

LEVELS = (
    Level("L1", 4096, 100.0),
    Level("L2", 65536, 10.0),
    Level("memory", 1 << 40, 1.0),
)
MACHINE = Machine("round", 1, 10.0, LEVELS)


def separable(channels=8, outputs=16, size=8):
    """Depthwise, ReLU, pointwise, ReLU, an addition and a mean, batch bound to 1."""
    x = Input("x", TensorType("float32", (Batch(), channels, size, size)))
    weights = {
        "d": np.ones((channels, 1, 3, 3), "float32"),
        "p": np.ones((outputs, channels, 1, 1), "float32"),
    }
    window = {"group": channels, "pads": (1, 1, 1, 1)}
    nodes = (
        Node("Conv", ("x", "d"), ("a",), window, "depthwise"),
        Node("Relu", ("a",), ("b",), {}, "between"),
        Node("Conv", ("b", "p"), ("c",), {}, "pointwise"),
        Node("Relu", ("c",), ("e",), {}, "after"),
        Node("GlobalAveragePool", ("e",), ("y",), {}, "mean"),
    )
    return verify(Graph("g", (x,), ("y",), nodes, weights, frozenset(weights))).bind(1)


def test_activations_belong_to_the_layer_before():
    graph = separable()
    units = units_of(graph, count(graph))
    assert [unit.name for unit in units] == ["depthwise", "pointwise", "mean"]
    assert [unit.kind for unit in units] == ["depthwise", "pointwise", "other"]
    first, second, third = units
    assert (first.input_bytes, first.output_bytes) == (2048, 2048)
    assert (second.input_bytes, second.output_bytes) == (2048, 4096)
    assert (third.input_bytes, third.output_bytes) == (4096, 64)
    assert first.weight_bytes == 4 * 72


def test_what_an_engine_runs_as_one_moves_nothing_in_between():
    graph = separable()
    group = ("depthwise", "between", "pointwise", "after")
    fused, mean = units_of(graph, count(graph), [group])
    assert fused.kind == "depthwise+pointwise"
    assert fused.macs == 64 * 8 * 9 + 64 * 8 * 16
    assert (fused.input_bytes, fused.output_bytes) == (2048, 4096)
    assert fused.weight_bytes == 4 * (72 + 128)
    assert mean.macs == 0


def test_every_node_is_in_one_unit():
    graph = separable()
    for groups in ((), [("pointwise", "mean")], [("between",), ("depthwise",)]):
        units = units_of(graph, count(graph), groups)
        names = [layer.name for unit in units for layer in unit.layers]
        assert sorted(names) == sorted(node.name for node in graph.nodes)


def test_a_residual_follows_the_later_layer():
    x = Input("x", TensorType("float32", (1, 4, 4, 4)))
    weights = {"w": np.ones((4, 4, 1, 1), "float32")}
    nodes = (
        Node("Conv", ("x", "w"), ("a",), {}, "one"),
        Node("Conv", ("a", "w"), ("b",), {}, "two"),
        Node("Add", ("b", "a"), ("y",), {}, "add"),
    )
    graph = verify(Graph("g", (x,), ("y",), nodes, weights))
    first, second = units_of(graph, count(graph))
    assert [layer.name for layer in second.layers] == ["two", "add"]
    assert second.input_bytes == 256
    assert first.output_bytes == 256


def test_bound_by_hand():
    graph = separable()
    fused, _ = units_of(graph, count(graph), [("depthwise", "between", "pointwise")])
    bound = bound_of(fused, MACHINE, resident_bytes=1 << 20)
    assert bound.compute_us == pytest.approx(2e-3 * fused.macs / 10.0)
    # 6,144 bytes of activations and 800 of weights: too many for L1.
    assert bound.memory_us == pytest.approx(6144e-3 / 10 + 800e-3 / 1)
    assert bound.level == "memory"
    assert bound.limit == "compute"
    assert bound_of(fused, MACHINE, resident_bytes=0).level == "L2"


def test_bound_is_the_larger_of_two_roofs():
    assert Bound(1.0, 2.0, "L1").latency_us == 2.0
    assert Bound(1.0, 2.0, "L1").limit == "L1"
    assert Bound(2.0, 1.0, "L1").latency_us == 2.0


def test_no_prediction_is_below_arithmetic_at_the_stated_pace():
    graph = separable()
    pace = Pace("engine", {Work.DEPTHWISE: 0.5, Work.POINTWISE: 0.8}, 1.0)
    model = roofline_of(graph, count(graph), MACHINE, pace=pace)
    first, second, _ = model.units
    weights = first.unit.weight_bytes * 1e-3 / 10
    assert first.predicted_us == pytest.approx(
        1.0 + first.bound.compute_us / 0.5 + weights
    )
    assert second.predicted_us > second.bound.compute_us / 0.8
    assert model.predicted_us == sum(time.predicted_us for time in model.units)


def test_channels_that_fill_no_vector_cost_a_vector():
    pace = Pace("engine")
    times = []
    for channels in (8, 9, 16):
        graph = separable(channels)
        model = roofline_of(graph, count(graph), MACHINE, pace=pace)
        spent = model.units[0].predicted_us - model.units[0].unit.weight_bytes * 1e-4
        times.append(spent)
    assert times[1] == pytest.approx(times[2])
    assert times[0] < times[1]


def test_the_share_of_a_kernel_predicts_that_kernel():
    graph = separable()
    unit = units_of(graph, count(graph))[0]
    share = attained_share(unit, MACHINE, 0.5, 7.0)
    pace = Pace("engine", {work_of(unit.layers[0]): share}, 0.5)
    alone = roofline_of(graph, count(graph), MACHINE, pace=pace)
    assert alone.units[0].predicted_us == pytest.approx(7.0)


def test_depthwise_takes_more_of_the_time_than_of_the_arithmetic():
    graph = separable(64, 256, 16)
    pace = Pace("engine", {Work.DEPTHWISE: 0.1})
    model = roofline_of(graph, count(graph), MACHINE, pace=pace)
    sentences = reasons(model)
    assert any(sentence.startswith("depthwise: ") for sentence in sentences)
    kinds = times_by_kind(model)
    assert sum(kind.macs for kind in kinds) == model.macs
    assert sum(kind.predicted_us for kind in kinds) == pytest.approx(model.predicted_us)
    assert kinds[0].time_us == max(kind.time_us for kind in kinds)
    assert "1.00 times as long" in compared(model, model)


def test_machine_and_pace_survive_json():
    pace = Pace("engine", {Work.STRIDED: 0.5}, 0.25)
    assert machine_from(json.loads(to_json(MACHINE.to_dict()))) == MACHINE
    assert pace_from(json.loads(to_json(pace.to_dict()))) == pace
    graph = separable()
    model = roofline_of(graph, count(graph), MACHINE, pace=pace)
    values = json.loads(to_json(model.to_dict()))
    assert values["units"][0]["limit"] in {"compute", "L1", "L2", "memory"}
    assert values["macs"] == count(graph).macs


@pytest.mark.parametrize("change", [{"levels": []}, {"peak_gflops": 0}, {"cpu": None}])
def test_a_machine_without_roofs_is_refused(change):
    values = {**MACHINE.to_dict(), **change}
    if change == {"cpu": None}:
        del values["cpu"]
    with pytest.raises(UsageError):
        machine_from(values)
