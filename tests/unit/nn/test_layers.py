"""Every layer: printing, copies, files, empty batches, compiling, memory order."""

import copy
import io

import pytest
import torch
from torch import nn

from depthwise import nn as layers

MADE = {
    "DepthwiseConv1d": "DepthwiseConv1d(4, 3, 2, 'causal', 2, max_norm=0.5)",
    "DepthwiseConv2d": "DepthwiseConv2d(4, 3, (1, 2), 'same', bias=False)",
    "DepthwiseConv3d": "DepthwiseConv3d(4, 2, 2, ((1, 0), 1, 1), depth_multiplier=3)",
    "DenseConv1d": "DenseConv1d(4, 6, 3, padding='same', groups=2, bias=False)",
    "DenseConv2d": "DenseConv2d(4, 6, 3, 2, 1)",
    "PointwiseConv1d": "PointwiseConv1d(4, 6, groups=2)",
    "PointwiseConv3d": "PointwiseConv3d(4, 6, bias=False)",
    "DepthwiseConvTranspose1d": "DepthwiseConvTranspose1d(4, 3, 2, 'same')",
    "DepthwiseConvTranspose2d": (
        "DepthwiseConvTranspose2d(4, 3, 2, 1, 1, depth_multiplier=2, bias=False)"
    ),
    "SeparableConv1d": "SeparableConv1d(4, 6, 3, norm='batch', activation='prelu')",
    "SeparableConv3d": "SeparableConv3d(4, 6, 3, 2, 'same', activation='relu')",
    "SeparableConvTranspose2d": "SeparableConvTranspose2d(4, 6, 3, 2, norm='layer')",
    "BlueprintConv2d": "BlueprintConv2d(4, 6, 3, padding='same', depth_multiplier=2)",
    "BlueprintConvTranspose3d": "BlueprintConvTranspose3d(4, 6, 2, 2, 'same')",
}
SINGLE = [name for name in MADE if name.startswith(("Dep", "Den", "Poi"))]


def make(name: str) -> nn.Module:
    layer: nn.Module = eval(MADE[name], vars(layers))  # noqa: S307 - text of this file
    return layer.eval()


def draw(name: str, batch: int) -> torch.Tensor:
    return torch.randn(batch, 4, *[7] * int(name[-2]))


@pytest.mark.parametrize("name", SINGLE)
def test_what_is_printed_makes_the_same_layer(name: str) -> None:
    layer = make(name)
    again = eval(repr(layer), vars(layers))  # noqa: S307 - text of this file
    again.load_state_dict(layer.state_dict())
    x = draw(name, 2)

    assert repr(again) == repr(layer)
    assert torch.equal(again(x), layer(x))
    assert getattr(again, "max_norm", None) == getattr(layer, "max_norm", None)


@pytest.mark.parametrize("name", MADE)
def test_an_empty_batch(name: str) -> None:
    layer = make(name)

    assert layer(draw(name, 0)).shape == (0, *layer(draw(name, 1)).shape[1:])


@pytest.mark.parametrize("name", MADE)
def test_copies_and_saved_files_compute_the_same(name: str) -> None:
    layer, x = make(name), draw(name, 2)
    buffer = io.BytesIO()
    torch.save(layer, buffer)
    buffer.seek(0)

    for again in (copy.deepcopy(layer), torch.load(buffer, weights_only=False)):
        assert torch.equal(again(x), layer(x))


@pytest.mark.parametrize("name", MADE)
def test_one_compiled_graph_for_every_size(name: str) -> None:
    layer = make(name)
    compiled = torch.compile(layer, fullgraph=True, backend="eager", dynamic=True)

    for size in (7, 8, 11):
        x = torch.randn(2, 4, *[size] * int(name[-2]))
        torch.testing.assert_close(compiled(x), layer(x))


@pytest.mark.parametrize("name", [name for name in MADE if name.endswith("2d")])
def test_channels_last_stays(name: str) -> None:
    form = torch.channels_last
    x = draw(name, 2).to(memory_format=form)
    layer = make(name).to(memory_format=form)

    assert layer(x).is_contiguous(memory_format=form)
    torch.testing.assert_close(layer(x), layer(x.contiguous()))
