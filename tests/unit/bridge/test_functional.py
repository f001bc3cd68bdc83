"""Functional calls and layers, each traced and held to the module in float64."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the field's name
from torch.nn.utils import parametrizations
from torch.utils import _pytree as pytree

from depthwise.bridge import run as run_torch
from depthwise.bridge import trace
from depthwise.execute import run as run_numpy

IMAGE = (2, 4, 6, 8)


class Functional(nn.Module):
    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: torch.Tensor) -> object:
        return self.function(*inputs)


def check_traced(module: nn.Module, *shapes: Sequence[int]) -> None:
    """Trace once; at two batch sizes, NumPy and torch give what the module gives."""
    module = module.double().eval()
    examples = [torch.zeros(tuple(shape), dtype=torch.float64) for shape in shapes]
    graph = trace(module, examples)
    assert graph.batch is None
    generator = torch.Generator().manual_seed(1)
    for batch in (1, 3):
        inputs = [
            torch.randn(batch, *s[1:], dtype=torch.float64, generator=generator)
            for s in shapes
        ]
        with torch.no_grad():
            results = module(*(x.clone() for x in inputs))
        wanted = [leaf.numpy() for leaf in pytree.tree_leaves(results)]
        names = (i.name for i in graph.inputs)
        given = dict(zip(names, (x.numpy() for x in inputs), strict=True))
        for run in (run_numpy, run_torch):
            (values,) = run(graph, [given], dtype="float64")
            for name, expected in zip(graph.outputs, wanted, strict=True):
                assert values[name].shape == expected.shape
                scale = np.abs(expected).max(initial=1.0)
                np.testing.assert_allclose(values[name], expected, 1e-10, 1e-12 * scale)


def test_check_traced_can_fail() -> None:
    class Fickle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.calls = 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            return x * self.calls

    with pytest.raises(AssertionError):
        check_traced(Fickle(), (2, 3))


def written(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    y = x * 2
    y[:, ::2] = 0
    y[:, 1, 2:4] = x[:, 0, 0:2]
    y[..., 0] += 1
    z = y.view(-1)
    z.mul_(2)
    return y, z


def chunked(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    y = x + 1
    first, second = y.chunk(2, 1)
    first.relu_()
    y.sub_(3)
    second += first
    return y, first


def borders(x: torch.Tensor) -> torch.Tensor:
    grown = F.pad(x, (1, 2, 3, 1), "reflect").sum((2, 3))
    wrapped = F.pad(x, (1, 2, 0, 1), "circular").sum((2, 3))
    edged = F.pad(x, (1, 2, 0, 1), "replicate").sum((2, 3))
    return grown + wrapped + edged + F.pad(x, (-1, 2), value=3.0).sum((2, 3))


def token(x: torch.Tensor) -> torch.Tensor:
    one = torch.ones(1, 1, 6, 8, dtype=x.dtype)
    return torch.cat([one.expand(x.shape[0], -1, -1, -1), x], 1)


def shuffled(x: torch.Tensor) -> torch.Tensor:
    split = x.view(x.size(0), 2, 2, x.size(2), x.size(3))
    return split.transpose(1, 2).reshape(x.size(0), -1, x.size(2), x.size(3))


def scaled(factor: float, mode: str, **options: bool) -> Callable[..., object]:
    return lambda x: F.interpolate(x, scale_factor=factor, mode=mode, **options)


def sized(size: tuple[int, int], mode: str, **options: bool) -> Callable[..., object]:
    return lambda x: F.interpolate(x, size=size, mode=mode, **options)


def masked(x: torch.Tensor) -> torch.Tensor:
    y = x.clone()
    y[y < 0] = 0.25
    y[:, torch.tensor([True, False, False, True])] = -1
    return y + x


def placed(x: torch.Tensor) -> torch.Tensor:
    y = x.clone()
    y[:, [0, -1]] = x[:, [2, 1]]
    y[:, :, [4, 1]] = 3
    return y


FUNCTIONS: dict[str, Callable[..., object]] = {
    "gelu": F.gelu,
    "gelu tanh": lambda x: F.gelu(x, approximate="tanh"),
    "mish": F.mish,
    "softplus": lambda x: F.softplus(x, 2.0),
    "log sigmoid": F.logsigmoid,
    "glu": lambda x: F.glu(x, 1),
    "threshold": lambda x: F.threshold(x, 0.1, 20),
    "shrinks": lambda x: F.softshrink(x, 0.3) + F.hardshrink(x, 0.2) + F.tanhshrink(x),
    "silu in place": lambda x: F.silu(x, inplace=True) + x,
    "selu": F.selu,
    "celu": lambda x: F.celu(x, 1.5),
    "elu": lambda x: F.elu(x, 0.7),
    "softsign": F.softsign,
    "hard sigmoid": F.hardsigmoid,
    "softmin": lambda x: F.softmin(x, 1),
    "log softmax": lambda x: F.log_softmax(x, 2),
    "clamps": lambda x: x.clamp(-0.5, 0.5).clamp_min(0).clamp_max(0.25),
    "clamp by a tensor": lambda x: torch.clamp(x, min=x.mean(1, keepdim=True)),
    "adaptive": lambda x: F.adaptive_avg_pool2d(x, (3, 4)),
    "adaptive, uneven": lambda x: F.adaptive_avg_pool2d(x, (4, 5)),
    "adaptive maximum": lambda x: F.adaptive_max_pool2d(x, (4, 2)),
    "adaptive in 1-D": lambda x: F.adaptive_avg_pool1d(x.flatten(2), 7),
    "maximum": lambda x: F.max_pool2d(x, 3, 2, 1),
    "maximum, ceil": lambda x: F.max_pool2d(x, 3, 2, 1, ceil_mode=True),
    "maximum, dilated": lambda x: F.max_pool2d(x, 2, 1, 0, 2),
    "average": lambda x: F.avg_pool2d(x, 3, 2, 1),
    "average, ceil": lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True),
    "average of what is there": lambda x: F.avg_pool2d(
        x, (2, 3), (3, 2), 1, ceil_mode=True, count_include_pad=False
    ),
    "LP pooling": lambda x: F.lp_pool2d(x.abs(), 2, 2),
    "nearest": scaled(2, "nearest"),
    "nearest, any scale": scaled(1.7, "nearest"),
    "nearest to a size": sized((9, 5), "nearest"),
    "nearest, exact": sized((7, 5), "nearest-exact"),
    "bilinear": scaled(2, "bilinear"),
    "bilinear down": scaled(0.5, "bilinear"),
    "bilinear to one pixel": sized((1, 1), "bilinear"),
    "bilinear, corners": sized((11, 3), "bilinear", align_corners=True),
    "bilinear, recomputed": scaled(1.7, "bilinear", recompute_scale_factor=True),
    "bilinear, antialiased": sized((3, 5), "bilinear", antialias=True),
    "bicubic": scaled(1.5, "bicubic"),
    "bicubic, corners": sized((7, 9), "bicubic", align_corners=True),
    "bicubic, antialiased": sized((3, 5), "bicubic", antialias=True),
    "linear": lambda x: F.interpolate(x.flatten(2), scale_factor=2, mode="linear"),
    "borders": borders,
    "chunks": lambda x: torch.cat(x.chunk(3, 2)[::-1], 2),
    "splits": lambda x: torch.stack(x.split([1, 3], 1)[1].split(2, 3), 0),
    "unbind": lambda x: x.unbind(1)[2],
    "uneven splits": lambda x: x.tensor_split(3, 1)[2],
    "einsum": lambda x: torch.einsum("bchw,bdhw->bcd", x, x),
    "matmul": lambda x: x @ x.transpose(-1, -2),
    "attention": lambda x: F.scaled_dot_product_attention(x, x, x),
    "causal attention": lambda x: F.scaled_dot_product_attention(
        x, x, x, is_causal=True
    ),
    "shuffle": shuffled,
    "channel shuffle": lambda x: F.channel_shuffle(x, 2),
    "pixel shuffles": lambda x: F.pixel_unshuffle(F.pixel_shuffle(x, 2), 2) - 1,
    "slices": lambda x: x[:, 1:, ::2, -3:],
    "half of an axis": lambda x: x[:, :, : x.shape[2] // 2],
    "one index": lambda x: x[..., -1] + x[:, :, 2, None][..., 0, 0][:, :, None],
    "a list of indices": lambda x: x[:, [2, 0, 1]],
    "unflatten": lambda x: x.flatten(2).unflatten(1, (2, 2)),
    "through the batch": lambda x: x.reshape(-1, 6, 8).reshape(x.shape[0], -1, 6, 8),
    "means": lambda x: x.mean((2, 3)) + x.mean(dim=(-1, -2), keepdim=True)[..., 0, 0],
    "mean of one axis": lambda x: x.mean(1),
    "variance": lambda x: x.var(dim=(2, 3)) + x.std(dim=(2, 3), unbiased=False),
    "expand": lambda x: x[:, :1].expand(-1, 4, -1, -1) * x,
    "class token": token,
    "zeros": lambda x: torch.zeros(x.size(0), 2, 6, 8, dtype=x.dtype) + x[:, :2],
    "layer norm": lambda x: F.layer_norm(x, (6, 8)),
    "group norm": lambda x: F.group_norm(x, 2),
    "instance norm": F.instance_norm,
    "RMS norm": lambda x: F.rms_norm(x, (8,)),
    "normalize": lambda x: F.normalize(x, dim=1),
    "local response": lambda x: F.local_response_norm(x, 3),
    "written": written,
    "written chunks": chunked,
    "where": lambda x: torch.where(x > 0, x, x * 0.1).masked_fill(x < -1, -7.0),
    "powers": lambda x: x.abs() ** 0.5 + x.pow(2) + x**3,
    "roll and flip": lambda x: x.roll((1, -2), (2, 3)).flip((2, 3)),
    "repeats": lambda x: x.repeat(1, 2, 1, 1) + x.repeat_interleave(2, 1),
    "tile": lambda x: torch.tile(x, (2, 1, 1)),
    "running sum": lambda x: x.cumsum(2),
    "extremes": lambda x: x.max(1)[0] - x.amin(1) + x.max(1).indices,
    "argmax": lambda x: x.argmax(1),
    "tables": lambda x: x + torch.sin(torch.arange(6).double()[:, None] * 2),
    "triangle": lambda x: x.tril(1),
    "hstack": lambda x: torch.hstack([x, x]),
    "addcmul": lambda x: torch.addcmul(x, x, x, value=0.5).lerp(x, 0.3),
    "remainders": lambda x: torch.floor_divide(x, 0.3) + x.remainder(0.7),
    "cosine": lambda x: F.cosine_similarity(x, x * 2 + 1, 1),
    "permuted": lambda x: x.movedim(1, -1).mT,
    "top": lambda x: x.topk(3, 2),
    "sorted": lambda x: (x.sort(1)[0], x.argsort(-1, descending=True)),
    "scattered": lambda x: x.scatter(2, torch.zeros_like(x[:, :, :1]).long(), 7.0),
    "several indices": lambda x: x[:, :, [0, -1, 2], [1, 0, 3]],
    "unfold": lambda x: F.unfold(x, 3, padding=1, stride=2),
    "through a mask": masked,
    "to a list of places": placed,
    "average with a divisor": lambda x: F.avg_pool2d(x, 3, 2, 1, divisor_override=5),
    "variance and mean": lambda x: torch.stack([*torch.var_mean(x, 1)]),
    "deviation and mean": lambda x: sum(torch.std_mean(x, dim=(2, 3))),
    "logarithms": lambda x: x.abs().log1p() + (x.abs() + 1).log2() + x.exp().log10(),
    "whole and rest": lambda x: x.trunc() * x.frac() + x.expm1(),
    "the batch as a number": lambda x: (
        x.sum() / x.shape[0] - x / (2 * x.size(0)) + torch.full_like(x, x.shape[0])
    ),
    "a number to a power": lambda x: 2**x + x.abs() ** x,
    "not a number": lambda x: torch.where(x.log().isnan(), 0.5, x),
    "what nobody reads": lambda x: (torch.linalg.svdvals(x), x + 1)[1],
    "truth": lambda x: x * ((x > 0) & ~(x > 1)),
}


class Cells(nn.Module):
    """Recurrent layers of one step, with first states that are zero."""

    def __init__(self) -> None:
        super().__init__()
        self.long = nn.LSTMCell(3, 4)
        self.gated = nn.GRUCell(4, 5)
        self.plain = nn.RNNCell(5, 2, bias=False, nonlinearity="relu")

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        hidden, cell = self.long(x)
        hidden, cell = self.long(x * 2, (hidden, cell))
        return self.plain(self.gated(hidden)), cell


LAYERS: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "transposed": (nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, groups=2), IMAGE),
    "transposed in 1-D": (nn.ConvTranspose1d(4, 4, 4, 2, dilation=2), (2, 4, 9)),
    "same in 3-D": (nn.Conv3d(1, 2, 2, padding="same"), (2, 1, 3, 4, 5)),
    "circular": (nn.Conv2d(4, 3, 3, padding=1, padding_mode="circular"), IMAGE),
    "mirrored": (nn.Conv2d(4, 3, 3, padding=1, padding_mode="reflect"), IMAGE),
    "slope a channel": (nn.PReLU(4), IMAGE),
    "one slope": (nn.PReLU(), IMAGE),
    "random slope": (nn.RReLU(), IMAGE),
    "no affine": (nn.BatchNorm2d(4, affine=False), IMAGE),
    "instance norm": (nn.InstanceNorm2d(4, affine=True), IMAGE),
    "tracked": (nn.InstanceNorm2d(4, affine=True, track_running_stats=True), IMAGE),
    "weight norm": (parametrizations.weight_norm(nn.Conv2d(4, 3, 2)), IMAGE),
    "spectral norm": (parametrizations.spectral_norm(nn.Conv2d(4, 3, 2)), IMAGE),
    "dropout of channels": (nn.Dropout2d(0.4), IMAGE),
    "LSTM": (nn.LSTM(4, 5, batch_first=True), (2, 6, 4)),
    "LSTM, both ways": (
        nn.LSTM(4, 5, 2, batch_first=True, bidirectional=True, dropout=0.2),
        (2, 6, 4),
    ),
    "GRU": (nn.GRU(4, 5, 2, batch_first=True, bidirectional=True), (2, 6, 4)),
    "RNN": (nn.RNN(4, 5, batch_first=True, nonlinearity="relu", bias=False), (2, 6, 4)),
    "cells": (Cells(), (2, 3)),
    "encoder": (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (2, 6, 8)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name: str) -> None:
    check_traced(Functional(FUNCTIONS[name]), IMAGE)


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name: str) -> None:
    module, shape = LAYERS[name]
    check_traced(module, shape)


def test_two_inputs() -> None:
    check_traced(
        Functional(lambda a, b: (a @ b, {"sum": a.sum(2)})), (2, 3, 4), (2, 4, 5)
    )
