"""Every layer of ours, traced: its pattern is found, and the module that comes back."""

import numpy as np
import pytest
import torch

from depthwise import bridge, nn
from depthwise.execute import run
from depthwise.graph.patterns import find_patterns
from depthwise.graph.rewrite import simplify
from depthwise.nn.geometry import PaddingLike

KINDS = {
    "separable": ("SeparableConv", "SeparableConvTranspose"),
    "blueprint": ("BlueprintConv", "BlueprintConvTranspose"),
}


@pytest.mark.parametrize("padding", ["same", "valid", 1, "pairs"])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("is_transposed", [False, True])
@pytest.mark.parametrize("kind", ["separable", "blueprint"])
def test_a_traced_pair(
    kind: str, is_transposed: bool, rank: int, padding: PaddingLike
) -> None:
    torch.manual_seed(rank)
    padding = ((0, 2),) * rank if padding == "pairs" else padding
    layer = getattr(nn, f"{KINDS[kind][is_transposed]}{rank}d")(
        4,
        6,
        3,
        2,
        padding,
        depth_multiplier=2,
        norm="batch",
        activation="prelu" if kind == "separable" else (None, "relu6"),
    ).eval()
    graph = bridge.trace(layer, (torch.randn(2, 4, *[7] * rank),))
    x = torch.randn(3, 4, *[7] * rank)
    expected = layer(x).detach().numpy()

    for form in (graph, simplify(graph)):
        (pair,) = find_patterns(form).pairs
        assert pair.kind == kind
        (computed,) = next(run(form, [x.numpy()])).values()
        np.testing.assert_allclose(computed, expected, rtol=1e-5, atol=1e-5)
    again = bridge.module(graph).eval()(x).detach().numpy()
    np.testing.assert_allclose(again, expected, rtol=1e-5, atol=1e-5)
