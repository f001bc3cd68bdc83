"""Modules that are out of the ordinary: traced, or refused by a sentence."""

import logging
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge import difference, trace
from depthwise.errors import DepthwiseError, GraphError, UsageError
from depthwise.execute import run
from depthwise.formats import load_onnx, save_onnx


class Functional(nn.Module):
    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


class Merging(nn.Module):
    """Doubles its weights on the way to eval mode, and halves them on the way back."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 2, 1)
        self.is_merged = False

    def train(self, mode: bool = True) -> "Merging":
        if self.is_merged == mode:
            self.conv.weight.data.mul_(0.5 if mode else 2.0)
        self.is_merged = not mode
        return super().train(mode)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)


def test_a_module_s_own_switch_of_mode_is_switched_back() -> None:
    module = Merging().train()
    before = module.conv.weight.detach().clone()
    graph = trace(module, (1, 2, 4))
    assert not module.is_merged
    assert module.training
    assert torch.equal(module.conv.weight, before)
    np.testing.assert_array_equal(graph.constants["conv.weight"], 2 * before.numpy())


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        (nn.Sequential(nn.LazyConv2d(4, 3)), "must have a size; got '0.weight'"),
        (nn.Conv2d(3, 4, 3, device="meta"), "must have elements; got 'weight'"),
        (lambda x: x, "must be a torch module; got function"),
        (nn.Conv2d(3, 4, 3).bfloat16(), "got torch.bfloat16"),
    ],
)
def test_what_cannot_be_traced_is_a_sentence(module: nn.Module, sentence: str) -> None:
    with pytest.raises(DepthwiseError, match=sentence) as caught:
        trace(module, (1, 3, 8, 8))
    assert caught.value.hint


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchscript_is_refused() -> None:
    scripted = torch.jit.trace(nn.Conv2d(3, 4, 3), torch.zeros(1, 3, 8, 8))
    with pytest.raises(UsageError, match="must be Python code"):
        trace(scripted, (1, 3, 8, 8))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * x.max().item(),
        torch.vmap(lambda row: row * 2 + row.sum()),
        lambda x: x[x > 0],
        lambda x: torch.cond(x.sum() > 0, lambda y: y + 1, lambda y: y - 1, (x,)),
        lambda x: torch.fft.rfft(x) * torch.fft.rfft(x),
    ],
    ids=["item", "vmap", "mask", "cond", "complex"],
)
def test_what_has_no_counterpart_is_a_sentence(
    function: Callable[[torch.Tensor], torch.Tensor],
) -> None:
    with pytest.raises(GraphError):
        trace(Functional(function), (2, 12))


def test_a_projected_state_is_named() -> None:
    with pytest.raises(GraphError, match=r"lstm at the model itself.*projected"):
        trace(nn.LSTM(4, 3, proj_size=2, batch_first=True), (2, 6, 4))


def test_another_library_s_operator_is_not_taken_for_torch_s() -> None:
    with torch.library._scoped_library("depthwise_test", "FRAGMENT") as library:
        library.define("relu(Tensor self) -> Tensor")
        library.impl("relu", lambda x: x * 7, "CompositeExplicitAutograd")
        library.impl("relu", torch.empty_like, "Meta")
        module = Functional(torch.ops.depthwise_test.relu)
        with pytest.raises(GraphError, match="got depthwise_test::relu"):
            trace(module, (1, 3))


def test_dropout_that_never_stops_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "depthwise.bridge"):
        graph = trace(Functional(lambda x: F.dropout(x, 0.5)), (1, 3))
    assert "drops in eval mode too" in caplog.text
    assert [node.op for node in graph.nodes] == ["Dropout"]


def test_double_inside_a_network_comes_back_from_its_file(tmp_path) -> None:
    class Careful(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("table", torch.linspace(0, 1, 3, dtype=torch.float64))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (x.double() * self.table).float()

    graph = trace(Careful(), (1, 3))
    again = load_onnx(save_onnx(graph, tmp_path / "careful.onnx"))
    x = np.ones((2, 3), "float32")
    values = [next(run(one, [x]))[one.outputs[0]] for one in (graph, again)]
    np.testing.assert_allclose(values[0], values[1], 1e-6)


def test_difference_sees_what_a_graph_does_otherwise() -> None:
    module = nn.Sequential(nn.Linear(3, 3), nn.Tanh())
    graph = trace(module, (1, 3))
    assert difference(graph, module, (2, 3)) < 1e-6
    with torch.no_grad():
        module[0].weight.add_(1)
    assert difference(graph, module, (2, 3)) > 0.1
    assert difference(graph, nn.Linear(3, 2), (2, 3)) == float("inf")
    with pytest.raises(GraphError, match="2 tensors; got 1"):
        difference(graph, Functional(lambda x: (x, x)), (2, 3))
