"""Dead channels beside ormas-monitor: all that it certifies, and where it refuses.

It reads the weights of a layer, of its batch norm, and of the ReLU module behind that.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from depthwise.bridge import trace
from depthwise.diagnosis import Fault, diagnose_graph, prune_graph
from depthwise.execute import run

check = pytest.importorskip("ormas_monitor.checkpoint").check
relu_followers = pytest.importorskip("ormas_monitor.structure").relu_followers

STILL = {Fault.DEAD, Fault.CONSTANT, Fault.SATURATED}
Found = dict[str, set[int]]


def theirs(module: nn.Module, x: torch.Tensor) -> tuple[Found, Found]:
    """Channels that it certifies dead, and those that it calls flat, by layer."""
    told = check(module.state_dict(), relu_after=relu_followers(module, x))
    layers = told["layers"]
    dead = {la["layer"]: set(la["certified"]) for la in layers if la["feeds_relu"]}
    return dead, {la["layer"]: set(la["flat"]) for la in layers}


def ours(module: nn.Module, x: torch.Tensor) -> tuple[Found, Found]:
    """Channels proven dead, and those proven to be one number, by layer."""
    graph = trace(module, tuple(x.shape))
    dead: Found = {}
    still: Found = {}
    for layer in diagnose_graph(graph).layers:
        proven = [f for f in layer.findings if f.proven]
        here = {c for f in proven if f.fault is Fault.DEAD for c in f.channels}
        dead[layer.name] = here
        still[layer.name] = {c for f in proven if f.fault in STILL for c in f.channels}
    return dead, still


def kill(conv: nn.Module, norm: nn.Module, rng: np.random.Generator) -> None:
    """Silence about a fifth of the channels, by filter or by gain."""
    with torch.no_grad():
        for channel in np.flatnonzero(rng.random(norm.num_features) < 0.2):
            if rng.random() < 0.5:
                conv.weight[channel] = 0
            else:
                norm.weight[channel] = 0
            norm.bias[channel] = float(rng.choice([-1.0, -0.1, 0.0, 0.4]))


def generate(seed: int) -> tuple[nn.Module, torch.Tensor]:
    """Convolution, batch norm and ReLU module a few times over, 1-D or 2-D."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    flat = seed % 2
    conv, norm = (nn.Conv1d, nn.BatchNorm1d) if flat else (nn.Conv2d, nn.BatchNorm2d)
    width, layers = 4, []
    for _ in range(int(rng.integers(2, 5))):
        after = int(rng.choice([4, 8, 12]))
        group = width if after % width == 0 and rng.random() < 0.4 else 1
        pair = conv(width, after, 3, padding=1, groups=group, bias=False), norm(after)
        kill(*pair, rng)
        layers += [*pair, nn.ReLU6() if rng.random() < 0.3 else nn.ReLU()]
        width = after
    pool = nn.AdaptiveAvgPool1d(1) if flat else nn.AdaptiveAvgPool2d(1)
    layers += [pool, nn.Flatten(), nn.Linear(width, 3)]
    shape = (2, 4, 16) if flat else (2, 4, 8, 8)
    return nn.Sequential(*layers).eval(), torch.randn(shape)


@cache
def compared(seed: int) -> tuple[tuple[Found, Found], tuple[Found, Found]]:
    """What it finds in a network, and what is found here: dead, and one number."""
    module, x = generate(seed)
    return theirs(module, x), ours(module, x)


def missed(seen: float = 1) -> int:
    """Count channels that it finds in sixteen networks, and that are not found here.

    Of those that are found here only a part is taken for seen, to see that the count
    can rise.
    """
    count = 0
    for seed in range(16):
        for wanted, found in zip(*compared(seed), strict=True):
            for layer, channels in wanted.items():
                kept = sorted(found[layer])[: round(seen * len(found[layer]))]
                count += len(channels - set(kept))
    return count


def test_all_that_it_finds_is_found() -> None:
    assert missed() == 0


def test_finding_less_would_be_seen() -> None:
    assert missed(seen=0) >= 40
    assert missed(seen=0.5) >= 15


def test_more_is_found_where_what_is_dead_feeds_what_then_is() -> None:
    more = 0
    for seed in range(16):
        (certified, _), (dead, _) = compared(seed)
        more += sum(len(dead[layer] - found) for layer, found in certified.items())
    assert more >= 3


class Refused(nn.Module):
    """A convolution and a batch norm in a form that is no chain of three modules."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form = form
        self.first = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.act = nn.Hardswish() if form == "hard-swish" else nn.ReLU()
        self.last = nn.Conv2d(8, 2, 1)
        with torch.no_grad():
            self.norm.weight[[1, 6]] = 0
            self.norm.bias[[1, 6]] = -4

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.norm(self.first(x))
        if self.form == "residual":
            return self.last(self.act(inner + x))
        if self.form == "functional":
            return self.last(functional.relu(inner))
        return self.last(self.act(inner))


@pytest.mark.parametrize("form", ["hard-swish", "residual", "functional"])
def test_where_it_refuses_channels_are_found_and_pruned(form: str) -> None:
    torch.manual_seed(0)
    module, x = Refused(form).eval(), torch.randn(2, 8, 8, 8)
    their_dead, _ = theirs(module, x)
    assert their_dead.get("first", set()) == set()
    _, still = ours(module, x)
    assert still["first"] == {1, 6}
    graph = trace(module, tuple(x.shape))
    pruned = prune_graph(graph)
    # What is added to something alive is no constant, and stays.
    wanted = () if form == "residual" else (1, 6)
    assert pruned.plan.removed.get("first", ()) == wanted
    (old,) = run(graph, [x.numpy().astype("float64")], dtype="float64")
    (new,) = run(pruned.graph, [x.numpy().astype("float64")], dtype="float64")
    for name in graph.outputs:
        np.testing.assert_allclose(new[name], old[name], rtol=1e-5, atol=1e-5)
