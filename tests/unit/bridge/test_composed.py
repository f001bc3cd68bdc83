"""Operators of torch that are spelled with several of ONNX."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from tests.unit.bridge.test_functional import Functional, check_traced
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the field's name

import depthwise
from depthwise.bridge import run, trace
from depthwise.errors import GraphError, UnsupportedOperatorError

IMAGE = (2, 4, 6, 7)


def numbered(x: torch.Tensor) -> torch.Tensor:
    """The step that each sample's own length ends with."""
    length = (x[:, 0] > 0).sum(-1)[:, 0] % 6
    return x[torch.arange(x.shape[0]), :, length - 1]


def apart(x: torch.Tensor) -> torch.Tensor:
    rows = x[0, 0].argmax(-1)
    return x[:, rows[:2] % 4, :, rows[2:4]]


FUNCTIONS: dict[str, Callable[..., object]] = {
    "windows": lambda x: (x.unfold(3, 3, 2), x.unfold(1, 2, 1), x.unfold(-2, 6, 1)),
    "median of windows": lambda x: x.unfold(-1, 4, 1).median(-1)[0],
    "smallest but one": lambda x: x.kthvalue(2, dim=2, keepdim=True).values,
    "diagonals": lambda x: (
        x.diagonal(0, 2, 3),
        torch.diagonal(x, 2, dim1=-1, dim2=1),
        x.diagonal(-3, 2, 3).sum(-1),
    ),
    "folded": lambda x: F.fold(F.unfold(x, 2, stride=2), (6, 7), 2, stride=2),
    "folded with gaps": lambda x: F.fold(
        F.unfold(x, (2, 3), dilation=(2, 1), padding=1, stride=(1, 2)),
        (6, 7),
        (2, 3),
        dilation=(2, 1),
        padding=1,
        stride=(1, 2),
    ),
    "last of each sample": numbered,
    "places apart": apart,
    "sampled": lambda x: F.grid_sample(
        x, x[:, :2].permute(0, 2, 3, 1).tanh() * 1.2, align_corners=False
    ),
    "sampled at the nearest": lambda x: F.grid_sample(
        x, x[:, :2].movedim(1, -1), "nearest", "border", align_corners=True
    ),
    "rounded down": lambda x: (
        x // 0.7,
        (x * 9).long() // 4,
        torch.div((x * 9).int(), -4, rounding_mode="floor"),
        torch.div(x, 0.3, rounding_mode="trunc"),
    ),
    "softplus": lambda x: F.softplus(x * 3, beta=2, threshold=3),
    "mixed types": lambda x: torch.cat([x, (x > 0).int(), x.float()], 1),
    "distances": lambda x: (torch.cdist(x, x * 2 + 1), torch.cdist(x, -x, p=1)),
    "truth as numbers": lambda x: (
        x * ((x > 0) * (x < 1)),
        (x > 0) + (x < -1),
        torch.logaddexp(x, x * 2),
        torch.maximum(x > 0, x < -1),
    ),
    "shared keys": lambda x: F.scaled_dot_product_attention(
        x, x[:, :2], x[:, 2:], enable_gqa=True
    ),
    "norm of the batch": lambda x: F.batch_norm(x, None, None, training=True),
}


class Crossed(nn.Module):
    def __init__(self, bias: bool) -> None:
        super().__init__()
        self.cross = nn.Bilinear(3, 4, 5, bias=bias)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return self.cross(x, y)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name: str) -> None:
    check_traced(Functional(FUNCTIONS[name]), IMAGE)


def test_norm_without_statistics() -> None:
    check_traced(nn.BatchNorm2d(4, track_running_stats=False), IMAGE)


@pytest.mark.parametrize("bias", [True, False])
def test_bilinear(bias: bool) -> None:
    check_traced(Crossed(bias), (2, 6, 3), (2, 6, 4))


def test_standardised_weights_train_with_the_network() -> None:
    class Standardised(nn.Conv1d):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            rows = self.weight.reshape(1, self.out_channels, -1)
            rows = F.batch_norm(rows, None, None, training=True, momentum=0.0)
            return F.conv1d(x, rows.reshape_as(self.weight), self.bias)

    module = Standardised(2, 3, 3)
    check_traced(module, (2, 2, 9))
    assert "weight" in trace(module, (1, 2, 9)).parameters


def test_a_roll_of_everything_stays_within_a_fixed_batch() -> None:
    module = Functional(lambda x: torch.roll(x, 5))
    graph = trace(module, (2, 3, 4))
    assert graph.batch == 2
    x = np.arange(24, dtype="float32").reshape(2, 3, 4)
    values = next(run(graph, [x]))[graph.outputs[0]]
    np.testing.assert_array_equal(values, np.roll(x, 5))


def test_half_a_network_in_half_precision_runs_in_torch() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2).half())
    whole = Functional(lambda x: module[1](module[0](x).half()).float())
    whole.parts = module
    graph = trace(whole, (1, 3))
    x = torch.randn(5, 3)
    values = next(run(graph, [x.numpy()]))[graph.outputs[0]]
    np.testing.assert_allclose(values, whole(x).detach().numpy(), 0, 5e-3)


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda x: F.max_pool2d(x, 2, return_indices=True), "result 1 has no counter"),
        (lambda x: x.median(), "a median needs an axis"),
        (lambda x: torch.cdist(x, x, p=3), "of order 1 or 2; got 3"),
        (lambda x: torch.atan2(x, x + 1), "got aten.atan2 at the model itself\n"),
    ],
)
def test_what_has_no_counterpart_says_so_once(
    function: Callable[..., object], sentence: str
) -> None:
    with pytest.raises(UnsupportedOperatorError, match=sentence) as caught:
        trace(Functional(function), IMAGE)
    assert isinstance(caught.value, GraphError)
    assert len(str(caught.value)) < 300


def test_the_last_step_of_a_series_compiles() -> None:
    module = nn.Conv1d(3, 4, 3)
    last = Functional(lambda x: module(x)[:, :, -1])
    last.conv = module
    graph = trace(last, (1, 3, 12))
    x = torch.randn(2, 3, 12)
    found = depthwise.compile(graph)(x.numpy())
    np.testing.assert_allclose(found, last(x).detach().numpy(), 1e-4, 1e-5)
