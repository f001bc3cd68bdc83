"""Random modules, traced and rebuilt: the same numbers at any batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.bridge.networks import check_same, enliven
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge import trace

Part = Callable[[torch.Tensor], torch.Tensor]
ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.Hardswish, nn.SiLU, nn.ELU, nn.LeakyReLU)
CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d}
NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}
POOLS = {1: (nn.MaxPool1d, nn.AvgPool1d), 2: (nn.MaxPool2d, nn.AvgPool2d)}


class Residual(nn.Module):
    """Adds in place, or out of place, what its parts make."""

    def __init__(self, inner: nn.Module, *, in_place: bool) -> None:
        super().__init__()
        self.inner = inner
        self.in_place = in_place

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.inner(x)
        if self.in_place:
            y += x
            return y
        return y + x


class Halves(nn.Module):
    """Works on one half of the channels, in place or not, and shuffles."""

    def __init__(self, inner: nn.Module, *, in_place: bool) -> None:
        super().__init__()
        self.inner = inner
        self.in_place = in_place

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        half = x.shape[1] // 2
        x = x.clone()
        first, second = x[:, :half], x[:, half:]
        if self.in_place:
            first.mul_(torch.sigmoid(self.inner(second)))
            return x.view(x.size(0), 2, half, -1).transpose(1, 2).reshape(x.shape)
        return torch.cat([self.inner(second), F.relu(first)], 1)


@st.composite
def convolutions(draw: st.DrawFn, rank: int, channels: int) -> nn.Module:
    groups = draw(st.sampled_from([g for g in (1, 2, channels) if channels % g == 0]))
    kernel = draw(st.integers(1, 4))
    return CONVOLUTIONS[rank](
        channels,
        channels,
        kernel,
        padding="same",
        dilation=draw(st.integers(1, 2)),
        groups=groups,
        bias=draw(st.booleans()),
    )


@st.composite
def parts(draw: st.DrawFn, rank: int, channels: int, depth: int) -> nn.Module:
    """A module that keeps channels and sizes."""
    kinds = ["conv", "norm", "act", "pool"] + ["residual", "halves"] * (depth > 0)
    match draw(st.sampled_from(kinds)):
        case "conv":
            return draw(convolutions(rank, channels))
        case "norm":
            return NORMS[rank](channels, affine=draw(st.booleans()))
        case "act":
            kind = draw(st.sampled_from(ACTIVATIONS))
            return kind(inplace=draw(st.booleans()))
        case "pool":
            return draw(st.sampled_from(POOLS[rank]))(3, 1, 1)
        case "residual":
            inner = [draw(parts(rank, channels, depth - 1)) for _ in range(2)]
            guard = draw(convolutions(rank, channels))
            return Residual(nn.Sequential(guard, *inner), in_place=draw(st.booleans()))
        case _:
            inner = draw(convolutions(rank, channels // 2))
            return Halves(inner, in_place=draw(st.booleans()))


@st.composite
def modules(draw: st.DrawFn) -> tuple[nn.Module, tuple[int, ...]]:
    rank = draw(st.integers(1, 2))
    channels = draw(st.sampled_from([2, 4, 6]))
    sizes = tuple(draw(st.integers(5, 9)) for _ in range(rank))
    stem = CONVOLUTIONS[rank](3, channels, 3, stride=draw(st.integers(1, 2)))
    body = [draw(parts(rank, channels, 2)) for _ in range(draw(st.integers(1, 4)))]
    return nn.Sequential(stem, *body), (3, *sizes)


@given(modules(), st.integers(0, 99))
@settings(max_examples=40)
def test_random_modules(made: tuple[nn.Module, tuple[int, ...]], seed: int) -> None:
    torch.manual_seed(seed)
    module, shape = made
    enliven(module, seed)
    graph = trace(module, (1, *shape))
    assert graph.batch is None
    check_same(module, graph, (1, 3), numpy=(1, 3))
