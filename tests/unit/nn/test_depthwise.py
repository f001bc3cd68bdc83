"""Depthwise is grouped dense, to the bit; multiplier m of channel c is row c*M + m."""

import pytest
import torch
from tests.unit.nn.integers import fill_whole_, whole
from torch import nn

from depthwise.errors import GeometryError
from depthwise.nn import DepthwiseConv1d, DepthwiseConv2d, DepthwiseConv3d
from depthwise.nn.depthwise import DEPTHWISE
from depthwise.nn.geometry import Axes

TORCH = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


@pytest.mark.parametrize("multiplier", [1, 2, 3])
@pytest.mark.parametrize(
    ("rank", "kernel_size", "stride", "padding", "dilation"),
    [
        (1, 9, 1, 4, 1),
        (1, 4, 3, 0, 2),
        (2, 3, 1, 1, 1),
        (2, (3, 5), (1, 2), (1, 2), (2, 1)),
        (2, (5, 1), (2, 3), (4, 0), (2, 3)),
        (3, 3, 2, 1, 1),
        (3, (1, 2, 3), (2, 1, 1), (0, 1, 2), (1, 1, 2)),
    ],
)
def test_equals_grouped_convolution(
    rank: int,
    kernel_size: Axes,
    stride: Axes,
    padding: Axes,
    dilation: Axes,
    multiplier: int,
) -> None:
    layer = DEPTHWISE[rank](
        5, kernel_size, stride, padding, dilation, depth_multiplier=multiplier
    )
    grouped = TORCH[rank](
        5, 5 * multiplier, kernel_size, stride, padding, dilation, groups=5
    )
    fill_whole_(layer)
    grouped.load_state_dict(layer.state_dict())
    x = whole(2, 5, *[11, 9, 8][:rank])

    assert torch.equal(layer(x), grouped(x))


def test_rows_of_the_multiplier() -> None:
    layer = DepthwiseConv1d(3, 1, depth_multiplier=2, bias=False)
    layer.weight.data = torch.tensor([1.0, 2, 3, 4, 5, 6]).reshape(6, 1, 1)

    y = layer(torch.tensor([[[10.0], [100.0], [1000.0]]]))

    assert y.flatten().tolist() == [10, 20, 300, 400, 5000, 6000]


def test_channels_do_not_meet() -> None:
    layer = DepthwiseConv2d(4, 3, padding="same", depth_multiplier=2)
    x = torch.randn(1, 4, 6, 6)
    other = x.clone()
    other[:, 2] = torch.randn(6, 6)

    changed = (layer(x) != layer(other)).any(dim=(0, 2, 3))

    assert changed.tolist() == [False] * 4 + [True] * 2 + [False] * 2


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 4])
def test_causal_never_looks_ahead(stride: int, dilation: int) -> None:
    layer = DepthwiseConv1d(2, 5, stride, "causal", dilation)
    x = torch.randn(1, 2, 40)
    y = layer(x)

    assert y.shape[-1] == -(-40 // stride)
    for now in range(y.shape[-1]):
        future = x.clone()
        future[..., now * stride + 1 :] = torch.nan
        assert torch.equal(layer(future)[..., : now + 1], y[..., : now + 1])


def test_causal_sees_the_present() -> None:
    layer = DepthwiseConv1d(1, 3, padding="causal", bias=False)
    layer.weight.data = torch.tensor([[[100.0, 10.0, 1.0]]])

    assert layer(torch.tensor([[[1.0, 2, 3]]])).tolist() == [[[1.0, 12.0, 123.0]]]


def test_starts_as_torch_does() -> None:
    torch.manual_seed(0)
    layer = DepthwiseConv3d(400, 3)

    bound = 27**-0.5
    for parameter in (layer.weight, layer.bias):
        assert parameter is not None
        assert 0.99 * bound < parameter.abs().max().item() <= bound


def test_device_and_dtype() -> None:
    layer = DepthwiseConv1d(2, 3, device="meta", dtype=torch.float64)

    assert layer.weight.is_meta
    assert layer.bias is not None
    assert layer.bias.dtype == torch.float64


def test_printed_with_its_geometry() -> None:
    text = repr(DepthwiseConv2d(8, 3, 2, "same", depth_multiplier=2))

    spelt = "kernel_size=(3, 3), stride=(2, 2), padding='same', depth_multiplier=2"
    assert text == f"DepthwiseConv2d(8, {spelt})"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"in_channels": 0}, "in_channels must be an integer from 1 up; got 0"),
        ({"depth_multiplier": 0}, "depth_multiplier must be an integer from 1 up"),
        ({"depth_multiplier": 1.5}, "depth_multiplier must be an integer .* got 1.5"),
        ({"max_norm": 0.0}, "max_norm must be above 0 or None; got 0.0"),
        ({"max_norm": float("nan")}, "max_norm must be above 0 or None; got nan"),
        ({"max_norm": "1"}, "max_norm must be above 0 or None; got '1'"),
        ({"in_channels": "3"}, "in_channels must be an integer from 1 up; got '3'"),
    ],
)
def test_layers_that_cannot_be(arguments: dict[str, object], sentence: str) -> None:
    given = {"in_channels": 2, "kernel_size": 3, **arguments}
    with pytest.raises(GeometryError, match=sentence):
        DepthwiseConv2d(**given)  # type: ignore[arg-type]
