"""What a forward does beside arithmetic: set weights, read numbers, return classes."""

import logging
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from tests.unit.bridge.test_functional import check_traced
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge import difference, trace
from depthwise.bridge import module as rebuild
from depthwise.errors import GraphError, UsageError


class Bounded(nn.Module):
    """EEGNet's bound on the norm of each kernel, as it is written in PyTorch."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, bias=False)
        self.how = how

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = self.conv.weight
        if self.how == "set":
            weight.data = torch.renorm(weight.data, p=2, dim=0, maxnorm=0.5)
        elif self.how == "clamped":
            weight.data.clamp_(-0.1, 0.1)
        else:
            norms = weight.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
            weight.data *= norms.clamp(max=0.5) / norms
        return self.conv(x)


@pytest.mark.parametrize("how", ["set", "clamped", "scaled"])
def test_a_weight_that_forward_bounds_is_the_bounded_one(
    how: str, caplog: pytest.LogCaptureFixture
) -> None:
    module = Bounded(how)
    before = module.conv.weight.detach().clone()
    with caplog.at_level(logging.WARNING, "depthwise.bridge"):
        graph = trace(module, (1, 2, 6, 6))
    assert "Bounded sets conv.weight" in caplog.text
    assert torch.equal(module.conv.weight, before)
    assert [node.op for node in graph.nodes] == ["Conv"]
    assert graph.parameters == {"conv.weight"}
    module(torch.zeros(1, 2, 6, 6))
    bounded = module.conv.weight.detach()
    assert not torch.equal(bounded, before)
    np.testing.assert_allclose(graph.constants["conv.weight"], bounded, 1e-6, 1e-7)
    assert difference(graph, module, (2, 2, 6, 6)) < 1e-6
    assert list(rebuild(graph).state_dict()) == ["conv.weight"]


class Drifting(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0, 3.0]))
        self.kind = kind

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        before = self.weight * 1
        change = 2.0 if self.kind == "old value" else 1 + x.mean().clamp(0, 0)
        self.weight.data.mul_(change)
        return x * before + x * self.weight


@pytest.mark.parametrize("kind", ["old value", "input"])
def test_other_writes_to_a_weight_stay_operators(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    module = Drifting(kind)
    with caplog.at_level(logging.WARNING, "depthwise.bridge"):
        graph = trace(module, (1, 2))
    assert "each run begins with anew" in caplog.text
    np.testing.assert_array_equal(graph.constants["weight"], [1, 3])
    assert difference(graph, module, (3, 2)) < 1e-6


class Numbers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", torch.tensor(2.5))
        self.register_buffer("taps", torch.tensor(3))
        self.register_buffer("rows", torch.tensor([2]))
        self.register_buffer("is_on", torch.tensor(data=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.avg_pool1d(x, int(self.taps), 1) * self.scale.item()
        return x.reshape(-1, int(self.rows), 6) if self.is_on else x


def test_numbers_that_a_module_holds_are_read() -> None:
    check_traced(Numbers(), (2, 2, 8))


def test_a_number_that_changed_is_not_read() -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("count", torch.tensor(1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.count.add_(1)
            return x[:, : int(self.count)]

    with pytest.raises(GraphError, match="must not read values"):
        trace(Counting(), (1, 4))


@dataclass
class Found:
    scores: torch.Tensor
    boxes: torch.Tensor | None = None


class Results(OrderedDict[str, torch.Tensor]):
    """As transformers returns them."""


class Returning(nn.Module):
    def __init__(self, kind: type) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: torch.Tensor) -> list[object]:
        return [self.kind(scores=x * 2, boxes=None), x]


@pytest.mark.parametrize("kind", [Found, Results])
def test_results_of_any_class_are_told_by_name(kind: type) -> None:
    module = Returning(kind)
    graph = trace(module, (1, 3))
    assert graph.outputs[0] == "0_scores"
    assert difference(graph, module, (2, 3)) < 1e-6
    assert isinstance(module(torch.zeros(1, 3))[0], kind)


def test_a_mask_called_causal_needs_no_look_at_it() -> None:
    class Decoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layer = nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
            self.layers = nn.TransformerDecoder(layer, 2)

        def forward(self, x: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
            mask = nn.Transformer.generate_square_subsequent_mask(5, dtype=x.dtype)
            return self.layers(x, memory, tgt_mask=mask)

    torch.manual_seed(0)
    check_traced(Decoder(), (2, 5, 8), (2, 4, 8))


class Solved(nn.Module):
    """A kernel that is the inverse of a weight, scaled by its spectrum."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(3) + 0.1 * torch.arange(9.0).view(3, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kernel = torch.inverse(self.weight)[..., None]
        return F.conv1d(x, kernel) * torch.linalg.eigvals(self.weight).abs().sum()


def test_what_depends_on_weights_alone_is_computed_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "depthwise.bridge"):
        check_traced(Solved(), (2, 3, 5))
    assert "aten.inverse at the model itself is computed once" in caplog.text


def test_chance_is_not_computed_once() -> None:
    class Noisy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * torch.randn_like(self.weight)

    with pytest.raises(GraphError, match="randn_like"):
        trace(Noisy(), (1, 3))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchscript_within_a_module_is_named() -> None:
    module = nn.Sequential(nn.Conv1d(1, 1, 1), torch.jit.script(nn.Hardswish()))
    with pytest.raises(UsageError, match="of TorchScript at '1'"):
        trace(module, (1, 1, 4))
