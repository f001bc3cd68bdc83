"""Revived channels change no result, until training gives them weight."""

import numpy as np
import pytest
import torch
from tests.building import Builder
from tests.unit.diagnosis.test_pruning import check_same, constant_of, silence
from torch import nn

import depthwise
from depthwise.diagnosis import Fault, IdleEdit, diagnose_graph, revive_graph


def revived(b: Builder, result: str) -> IdleEdit:
    graph = b.graph(result)
    found = revive_graph(graph)
    check_same(graph, found.graph)
    sizes = {name: array.shape for name, array in graph.constants.items()}
    assert {n: a.shape for n, a in found.graph.constants.items()} == sizes
    return found


def faults(found: IdleEdit, *which: Fault) -> set[tuple[str, int]]:
    told = diagnose_graph(found.graph).findings
    return {(f.layer, c) for f in told if f.fault in which for c in f.channels}


def test_dead_and_constant_channels_begin_anew() -> None:
    b = Builder(3, 16)
    norm = b.norm(b.conv("x", 8, 3))
    silence(b, norm, (2,), -1.0)
    silence(b, norm, (5,), 1.5)
    last = b.conv(b.add("Relu", (norm,)), 4, 3, bias=True)
    found = revived(b, last)
    assert found.plan.removed == {"conv.n0": (2, 5)}
    assert not faults(found, Fault.DEAD, Fault.CONSTANT)
    weights = found.graph.constants[found.graph.nodes[-1].inputs[1]]
    assert (weights[:, [2, 5]] == 0).all()
    assert (weights[:, [0, 1, 3, 4, 6, 7]] != 0).all()


def test_ignored_channels_are_drawn_anew_at_the_size_of_the_others() -> None:
    b = Builder(3, 16)
    hidden = b.conv("x", 40, 3, bias=True)
    last = b.conv(b.add("Gelu", (hidden,)), 4)
    constant_of(b, last, 1)[:, ::2] = 0
    constant_of(b, hidden, 1)[::2] *= 1e-6
    found = revived(b, last)
    new = found.graph.constants[found.graph.nodes[0].inputs[1]]
    ratio = np.std(new[::2]) / np.std(new[1::2])
    assert 0.7 < ratio < 1.4


@pytest.mark.parametrize("multiplier", [1, 2])
def test_depthwise_filters_behind_dead_channels_begin_anew(multiplier: int) -> None:
    b = Builder(3, 16)
    norm = b.norm(b.conv("x", 6))
    silence(b, norm, (1, 4), -1.0)
    spread = b.depthwise(b.add("Relu", (norm,)), 3, multiplier)
    after = b.norm(spread)
    found = revived(b, b.conv(b.add("Relu", (after,)), 4, bias=True))
    assert found.plan.removed["conv.n0"] == (1, 4)
    assert not faults(found, Fault.DEAD, Fault.CONSTANT, Fault.ZERO_KERNEL)


def test_a_constant_that_meets_padding_is_left_alone() -> None:
    b = Builder(3, 16)
    norm = b.norm(b.conv("x", 8))
    silence(b, norm, (1,), 1.5)
    last = b.conv(b.add("Relu", (norm,)), 4, 3, pads=(1, 1), bias=True)
    found = revived(b, last)
    assert found.edits == ()
    assert "zero padding" in found.plan.kept["conv.n0"][1]


def test_training_uses_what_was_revived() -> None:
    torch.manual_seed(0)
    dead = [2, 5]
    module = nn.Sequential(
        nn.Conv1d(3, 8, 3), nn.BatchNorm1d(8), nn.ReLU(), nn.Conv1d(8, 2, 1)
    ).eval()
    with torch.no_grad():
        module[1].weight[dead], module[1].bias[dead] = 0, -1
    result = depthwise.revive(module, input_shape=(1, 3, 16))
    again = result.model
    x, wanted = torch.randn(64, 3, 16), torch.randn(64, 2, 14)
    with torch.no_grad():
        torch.testing.assert_close(again(x), module(x), rtol=1e-5, atol=1e-5)
    for network in (again, module):
        network.train()
        descent = torch.optim.SGD(network.parameters(), lr=0.1)
        for _ in range(5):
            descent.zero_grad()
            (network(x) - wanted).square().mean().backward()
            descent.step()
        network.eval()
    assert (again[3].weight[:, dead] != 0).all()
    assert again[0].weight.grad[dead].abs().sum() > 0
    assert module[0].weight.grad[dead].abs().sum() == 0
    told = depthwise.diagnose(again, input_shape=(1, 3, 16))
    assert not [f for f in told.findings if f.fault is Fault.DEAD]
