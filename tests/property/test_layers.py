"""Laws of layers over legal geometries, with whole numbers: equal means equal bits."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from depthwise.nn.depthwise import DEPTHWISE, DepthwiseConv
from depthwise.nn.geometry import same_padding
from depthwise.nn.separable import SEPARABLE

CONVOLVE = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
SIZES = {1: st.integers(9, 40), 2: st.integers(9, 16), 3: st.integers(9, 11)}


def whole(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-3, 4, shape, generator=generator).float()


def fill_whole_(module: nn.Module, seed: int) -> None:
    for parameter in module.parameters():
        parameter.data = whole(seed, *parameter.shape)


@st.composite
def cases(draw: st.DrawFn) -> tuple[DepthwiseConv, Tensor]:
    """A depthwise layer of whole numbers, and an input that its kernel fits in."""
    rank = draw(st.integers(1, 3))
    small = st.tuples(*[st.integers(1, 3)] * rank)
    channels, seed = draw(st.integers(1, 5)), draw(st.integers(0, 2**31))
    names = ["same", "valid", "causal"] if rank == 1 else ["same", "valid"]
    ends = st.tuples(st.integers(0, 3), st.integers(0, 3))
    layer = DEPTHWISE[rank](
        channels,
        draw(st.tuples(*[st.integers(1, 5)] * rank)),
        draw(small),
        draw(st.sampled_from(names) | st.tuples(*[ends] * rank)),
        draw(st.tuples(*[st.integers(1, 2)] * rank)),
        depth_multiplier=draw(st.integers(1, 3)),
    )
    fill_whole_(layer, seed)
    sizes = draw(st.tuples(*[SIZES[rank]] * rank))
    return layer, whole(seed + 1, draw(st.integers(1, 2)), channels, *sizes)


@given(cases())
@settings(max_examples=60)
def test_depthwise_is_grouped_dense_of_the_padded_input(
    case: tuple[DepthwiseConv, Tensor],
) -> None:
    layer, x = case
    pads = layer.window.pads(x.shape[2:])
    padded = functional.pad(x, [zeros for pair in reversed(pads) for zeros in pair])
    steps = {"stride": layer.window.stride, "dilation": layer.window.dilation}

    expected = CONVOLVE[x.ndim - 2](
        padded, layer.weight, layer.bias, groups=layer.in_channels, **steps
    )

    assert torch.equal(layer(x), expected)


@given(cases())
@settings(max_examples=40)
def test_channels_can_be_run_one_by_one(case: tuple[DepthwiseConv, Tensor]) -> None:
    layer, x = case
    multiplier = layer.depth_multiplier
    single = DEPTHWISE[x.ndim - 2](
        1,
        layer.window.kernel_size,
        layer.window.stride,
        layer.window.padding,
        layer.window.dilation,
        depth_multiplier=multiplier,
    )
    whole_output = layer(x)
    for channel in range(layer.in_channels):
        rows = slice(channel * multiplier, (channel + 1) * multiplier)
        single.weight.data = layer.weight[rows].data
        assert single.bias is not None
        assert layer.bias is not None
        single.bias.data = layer.bias[rows].data
        alone = single(x[:, channel : channel + 1])
        assert torch.equal(whole_output[:, rows], alone)


@given(cases(), st.integers(1, 6), st.integers(0, 2**31))
@settings(max_examples=40)
def test_separable_is_depthwise_then_pointwise(
    case: tuple[DepthwiseConv, Tensor], out_channels: int, seed: int
) -> None:
    filters, x = case
    layer = SEPARABLE[x.ndim - 2](
        filters.in_channels,
        out_channels,
        filters.window.kernel_size,
        filters.window.stride,
        filters.window.padding,
        filters.window.dilation,
        depth_multiplier=filters.depth_multiplier,
        depthwise_bias=True,
    )
    fill_whole_(layer, seed)
    layer.depthwise.load_state_dict(filters.state_dict())

    filtered = filters(x).movedim(1, -1)
    matrix = layer.pointwise.weight.flatten(1)
    expected = functional.linear(filtered, matrix, layer.pointwise.bias)

    assert torch.equal(layer(x), expected.movedim(-1, 1))


@given(st.integers(1, 60), st.integers(1, 12), st.integers(1, 12))
def test_same_gives_ceil_of_size_over_stride(
    size: int, extent: int, stride: int
) -> None:
    before, after = same_padding(size, extent, stride)

    assert 0 <= before <= after <= before + 1
    outputs = -(-size // stride)
    if before + after == 0:
        assert (outputs - 1) * stride + extent <= size
    else:
        assert (size + before + after - extent) / stride + 1 == outputs
