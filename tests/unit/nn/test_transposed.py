"""Transposed layers against torch's, and "same" against the convolution it undoes."""

import pytest
import torch
from tests.unit.nn.integers import fill_whole_, whole
from torch import nn

from depthwise.errors import GeometryError
from depthwise.nn import (
    BlueprintConvTranspose2d,
    DepthwiseConv1d,
    DepthwiseConvTranspose1d,
    DepthwiseConvTranspose2d,
    SeparableConvTranspose1d,
)
from depthwise.nn.geometry import Axes, PaddingLike
from depthwise.nn.transposed import DEPTHWISE_TRANSPOSED

TORCH = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}


@pytest.mark.parametrize("multiplier", [1, 2])
@pytest.mark.parametrize(
    ("rank", "kernel_size", "stride", "padding", "output_padding", "dilation"),
    [
        (1, 4, 2, 1, 0, 1),
        (1, 3, 3, 0, 2, 2),
        (2, 3, 2, 1, 1, 1),
        (2, (2, 5), (2, 1), (0, 2), (1, 0), (1, 2)),
        (3, 3, 2, 1, 1, 1),
    ],
)
def test_equals_grouped_transposed_convolution(
    rank: int,
    kernel_size: Axes,
    stride: Axes,
    padding: Axes,
    output_padding: Axes,
    dilation: Axes,
    multiplier: int,
) -> None:
    layer = DEPTHWISE_TRANSPOSED[rank](
        3,
        kernel_size,
        stride,
        padding,
        output_padding,
        dilation=dilation,
        depth_multiplier=multiplier,
    )
    grouped = TORCH[rank](
        3,
        3 * multiplier,
        kernel_size,
        stride,
        padding,
        output_padding,
        groups=3,
        dilation=dilation,
    )
    fill_whole_(layer)
    grouped.load_state_dict(layer.state_dict())
    x = whole(2, 3, *[5, 4, 3][:rank])

    assert torch.equal(layer(x), grouped(x))


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("dilation", [1, 2])
def test_same_is_the_gradient_of_the_same_convolution(
    kernel_size: int, stride: int, dilation: int
) -> None:
    """<conv(x), y> = <x, transposed(y)> for whole numbers, exactly."""
    forward = DepthwiseConv1d(2, kernel_size, stride, "same", dilation, bias=False)
    back = DepthwiseConvTranspose1d(
        2, kernel_size, stride, "same", dilation=dilation, bias=False
    )
    fill_whole_(forward)
    back.weight.data = forward.weight.data
    y = whole(1, 2, 5)
    x = whole(1, 2, 5 * stride)

    assert back(y).shape == x.shape
    assert torch.equal((forward(x) * y).sum(), (x * back(y)).sum())


def test_pairs_crop_each_end() -> None:
    whole_output = DepthwiseConvTranspose1d(2, 4, 2)
    cropped = DepthwiseConvTranspose1d(2, 4, 2, ((3, 1),))
    cropped.load_state_dict(whole_output.state_dict())
    x = torch.randn(1, 2, 6)

    assert torch.equal(cropped(x), whole_output(x)[..., 3:-1])


def test_separable_spreads_then_mixes() -> None:
    layer = SeparableConvTranspose1d(3, 5, 4, 2, "same", norm="batch").eval()
    x = torch.randn(2, 3, 7)
    expected = x
    for child in layer.children():
        expected = child(expected)

    assert torch.equal(layer(x), expected)
    assert layer(x).shape == (2, 5, 14)


def test_blueprint_mixes_then_spreads() -> None:
    layer = BlueprintConvTranspose2d(3, 6, 2, 2, depth_multiplier=3)
    x = torch.randn(2, 3, 4, 4)

    assert torch.equal(layer(x), layer.depthwise(layer.pointwise(x)))
    assert layer.pointwise.out_channels == 2


@pytest.mark.parametrize("padding", [5, ((0, 7),), ((1, 5),), ((6, 0),)])
def test_crops_that_leave_nothing(padding: PaddingLike) -> None:
    layer = DepthwiseConvTranspose1d(2, 3, padding=padding)
    sentence = "padding must leave some of the output; got 4 samples spread over 6"
    with pytest.raises(GeometryError, match=sentence):
        layer(torch.ones(1, 2, 4))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"padding": "causal"}, "padding of a transposed convolution must be numbers"),
        (
            {"padding": "same", "output_padding": 1},
            r"output_padding must be 0 with padding 'same'; got \(1, 1\)",
        ),
        ({"output_padding": 2}, "output_padding must be below the larger of stride"),
        ({"output_padding": -1}, "output_padding must be integers from 0 up; got -1"),
    ],
)
def test_layers_that_cannot_be(arguments: dict[str, object], sentence: str) -> None:
    rank_is_one = arguments.get("padding") == "causal"
    kind = DepthwiseConvTranspose1d if rank_is_one else DepthwiseConvTranspose2d
    with pytest.raises(GeometryError, match=sentence):
        kind(2, 3, 2, **arguments)  # type: ignore[arg-type]
