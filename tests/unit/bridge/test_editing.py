"""Edits applied to a module agree with the same edits applied to its Graph."""

import numpy as np
import pytest
import torch
from torch import nn

from depthwise.bridge import apply, trace
from depthwise.errors import GraphError, UnsupportedOperatorError
from depthwise.execute import run
from depthwise.graph import Graph
from depthwise.graph.edits import (
    Edit,
    Operand,
    ReplaceArrays,
    ReplaceNode,
    Step,
    apply_edits,
    calls_of,
)
from depthwise.nn import DenseConv2d

RNG = np.random.default_rng(5)


class Net(nn.Module):
    """Functional code around layers, one of which is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.mix = nn.Conv2d(8, 8, 3, padding=1)
        self.alias = self.mix
        self.uneven = DenseConv2d(8, 8, 4, stride=2, padding="same")
        self.act = nn.Hardswish()
        self.head = nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.norm(self.stem(x)))
        x = self.mix(x) + self.alias(self.mix(x))
        return self.head(self.act(self.uneven(x)).mean((2, 3)))


def net() -> nn.Module:
    torch.manual_seed(0)
    module = Net().double()
    module.norm.running_var.uniform_(0.5, 2)
    return module


def real(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape)


def node_called(graph: Graph, scope: str) -> str:
    return next(node.name for node in graph.nodes if node.scope == scope)


def separable(graph: Graph, scope: str, taps: int, **attributes: object) -> Edit:
    node = next(n for n in graph.nodes if n.scope == scope)
    depthwise = (Operand("weight", real(8, 1, taps, taps)),)
    pointwise = (Operand("weight", real(8, 8, 1, 1)), Operand("bias", real(8)))
    steps = (
        Step("depthwise", "Conv", depthwise, {"group": 8, **attributes}),
        Step("pointwise", "Conv", pointwise),
    )
    names = tuple(call.name for call in calls_of(graph, node))
    return ReplaceNode(names, scope, steps)


def every_edit(graph: Graph) -> list[Edit]:
    return [
        separable(graph, "mix", 3, pads=(1, 1, 1, 1)),
        separable(graph, "uneven", 4, pads=(1, 1, 2, 2), strides=(2, 2)),
        ReplaceNode((node_called(graph, "act"),), "act", (Step("", "Relu"),)),
        ReplaceArrays("head", {"head.weight": real(4, 8)}),
    ]


def check_edited(module: nn.Module, graph: Graph) -> None:
    """The edited module computes what the edited Graph does."""
    x = torch.randn(2, 3, 12, 12, dtype=torch.float64)
    with torch.no_grad():
        wanted = module.eval()(x).numpy()
    (values,) = run(graph, [x.numpy()], dtype="float64")
    np.testing.assert_allclose(values[graph.outputs[0]], wanted, 1e-10, 1e-12)


def test_check_edited_can_fail() -> None:
    module = net()
    graph = trace(module, (1, 3, 12, 12))
    with pytest.raises(AssertionError):
        check_edited(module, apply_edits(graph, every_edit(graph)))


def test_module_and_graph_take_the_same_edits() -> None:
    module = net()
    graph = trace(module, (1, 3, 12, 12))
    edits = every_edit(graph)
    edited, expected = apply(edits, module), apply_edits(graph, edits)
    check_edited(edited, expected)
    again = trace(edited, (1, 3, 12, 12))
    assert set(again.constants) == set(expected.constants)
    assert again.parameters == expected.parameters


def test_class_names_and_modes_stay_and_it_trains() -> None:
    module = net().train()
    module.norm.eval()
    graph = trace(module, (1, 3, 12, 12))
    edited = apply([separable(graph, "mix", 3, pads=(1, 1, 1, 1))], module)
    assert type(edited) is Net
    assert (edited.training, edited.mix.training, edited.norm.training) == (
        True,
        True,
        False,
    )
    assert edited.alias is edited.mix
    before, after = set(module.state_dict()), set(edited.state_dict())
    assert before - after == {f"{p}.{n}" for p in ("mix", "alias") for n in _CONV}
    optimiser = torch.optim.SGD(edited.parameters(), lr=0.1)
    x = torch.randn(4, 3, 12, 12, dtype=torch.float64)
    old = edited.mix.depthwise.weight.detach().clone()
    edited(x).square().sum().backward()
    optimiser.step()
    assert not torch.equal(edited.mix.depthwise.weight, old)
    assert isinstance(module.mix, nn.Conv2d)


_CONV = ("weight", "bias")


def test_fewer_channels_change_the_sizes_that_layers_keep() -> None:
    module = net()
    module.norm = nn.BatchNorm2d(8).double()
    graph = trace(module, (1, 3, 12, 12))
    keep = [0, 2, 5, 6, 7]
    arrays = {
        n: a for n, a in graph.constants.items() if n.startswith(("stem", "norm"))
    }
    edits: list[Edit] = [
        ReplaceArrays(
            "stem", {n: a[keep] for n, a in arrays.items() if n.startswith("stem")}
        ),
        ReplaceArrays(
            "norm", {n: a[keep] for n, a in arrays.items() if n.startswith("norm")}
        ),
        ReplaceArrays("mix", {"mix.weight": real(5, 5, 3, 3), "mix.bias": real(5)}),
        ReplaceArrays("uneven", {"uneven.weight": real(8, 5, 4, 4)}),
    ]
    edited = apply(edits, module)
    assert (edited.stem.out_channels, edited.norm.num_features) == (5, 5)
    assert (edited.mix.in_channels, edited.uneven.in_channels) == (5, 5)
    check_edited(edited, apply_edits(graph, edits))


def test_groups_follow_from_the_attributes() -> None:
    module = nn.Sequential(nn.Conv2d(6, 6, 3, groups=6), nn.Linear(5, 5)).double()
    arrays = {"0.weight": real(4, 1, 3, 3), "0.bias": real(4)}
    edited = apply([ReplaceArrays("0", arrays, {"group": 4})], module)
    assert (edited[0].groups, edited[0].in_channels) == (4, 4)
    assert edited(torch.zeros(1, 4, 7, 7, dtype=torch.float64)).shape == (1, 4, 5, 5)


def test_what_cannot_be_replaced_is_refused() -> None:
    module = nn.Sequential(nn.Sequential(nn.ReLU()), nn.ReLU())
    relu = (Step("", "Relu"),)
    for scope, rule in (("0", "one operator"), ("2", "names a layer"), ("", "inside")):
        with pytest.raises(GraphError, match=rule):
            apply([ReplaceNode(("n",), scope, relu)], module)
    with pytest.raises(UnsupportedOperatorError, match="a step must be a layer"):
        apply([ReplaceNode(("n",), "1", (Step("", "Shape"),))], module)
    with pytest.raises(GraphError, match="edited once; got '1' twice"):
        apply([ReplaceNode(("n",), "1", relu), ReplaceNode(("n",), "1", relu)], module)
    with pytest.raises(GraphError, match="names a tensor"):
        apply([ReplaceArrays("1", {"1.weight": real(3)})], module)
