"""Networks that nobody here wrote: a few here, all in benchmarks/accept_networks.py."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
import torch
from benchmarks.accept_networks import judge, macs_seen_by_hooks
from benchmarks.network_cases import CASES, NetworkCase
from benchmarks.networks_page import PAGE, RESULTS, page
from tests.unit.bridge.networks import check_same, enliven
from torch import nn

from depthwise.bridge import module as rebuild
from depthwise.bridge import trace
from depthwise.costing import count

BY_NAME = {case.name: case for case in CASES}
# Residual, depthwise, shuffled, gated, TensorFlow's padding, two scales, upsampled.
FEW = (
    "resnet20_cifar10",
    "mobilenetv2_wd4",
    "shufflenetv2_wd2",
    "mobilenetv3_small_w7d20",
    "efficientnet_b0b",
    "msdnet22_cifar10",
    "edanet_cityscapes",
)


def made(case: NetworkCase) -> nn.Module:
    torch.manual_seed(0)
    return enliven(case.build())


@pytest.mark.parametrize("name", FEW)
def test_a_network_is_the_same_in_every_form(name: str) -> None:
    case = BY_NAME[name]
    module = made(case)
    graph = trace(module, (1, *case.shape))
    assert graph.batch is None
    counted = {"Conv", "ConvTranspose", "Gemm"}
    layers = [layer for layer in count(graph).layers if layer.op in counted]
    seen = macs_seen_by_hooks(module, case.shape, graph)
    assert sum(layer.macs for layer in layers) == seen
    check_same(module, graph, (1, 3), numpy=())


def step(module: nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Take one step of SGD in train mode, without chance."""
    module.train()
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    optimiser = torch.optim.SGD(module.parameters(), lr=0.01, momentum=0.9)
    module(x).square().mean().backward()
    optimiser.step()
    return module.state_dict()


def check_same_step(module: nn.Module, other: nn.Module, x: torch.Tensor) -> None:
    """One step leaves both with the same parameters and running statistics."""
    before = copy.deepcopy(other.state_dict())
    wanted, got = step(module, x.clone()), step(other, x.clone())
    assert set(got) == set(wanted)
    for name, tensor in got.items():
        moved = (wanted[name] - before[name]).double().abs().max()
        off = (tensor - wanted[name]).double().abs().max()
        assert off <= 1e-9 * moved + 1e-14, name


@pytest.mark.parametrize("name", ["resnet20_cifar10", "mobilenetv3_small_w7d20"])
def test_a_step_of_training_is_the_same(name: str) -> None:
    case = BY_NAME[name]
    module = made(case).double()
    example = torch.randn(4, *case.shape, dtype=torch.float64)
    rebuilt = rebuild(trace(module, example))
    check_same_step(module, rebuilt, example)


def test_check_same_step_can_fail() -> None:
    module = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2, momentum=0.1)).double()
    other = copy.deepcopy(module)
    other[1].momentum = 0.2
    with pytest.raises(AssertionError):
        check_same_step(module, other, torch.randn(4, 3, dtype=torch.float64))


def test_every_network_of_the_table_passed() -> None:
    rows: list[dict[str, Any]] = json.loads(RESULTS.read_text("utf-8"))["networks"]
    assert {row["name"]: judge(row) for row in rows if judge(row)} == {}
    assert [row["name"] for row in rows] == [case.name for case in CASES]
    assert len(rows) >= 60
    assert all(row["batches"] == [1, 3, 32] for row in rows)
    assert PAGE.read_text("utf-8") == page()


def test_judge_can_fail() -> None:
    row = {
        "name": "x",
        "nodes": 1000,
        "macs": 5,
        "layer_macs": 5,
        "hook_macs": 5,
        "trace_cpu_seconds": 5.0,
        "room_used": {"graph": 0.5},
    }
    assert judge(row) == []
    for change in (
        {"room_used": {"graph": 1.5}},
        {"room_used": {"graph": float(np.inf)}},
        {"hook_macs": 6},
        {"trace_cpu_seconds": 11.0},
        {"error": "no"},
    ):
        assert judge({**row, **change})
