"""Separable is depthwise then pointwise, blueprint the other way round, to the bit."""

from itertools import pairwise

import pytest
import torch
from tests.unit.nn.integers import fill_whole_, whole
from torch import nn

from depthwise.errors import GeometryError, UnknownNameError
from depthwise.nn import BlueprintConv2d, Norm, SeparableConv1d, SeparableConv2d
from depthwise.nn.blueprint import BLUEPRINT
from depthwise.nn.separable import SEPARABLE

TORCH = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("multiplier", [1, 2])
def test_separable_is_depthwise_then_pointwise(rank: int, multiplier: int) -> None:
    layer = SEPARABLE[rank](4, 6, 3, 2, 1, depth_multiplier=multiplier)
    filters = TORCH[rank](4, 4 * multiplier, 3, 2, 1, groups=4, bias=False)
    mix = TORCH[rank](4 * multiplier, 6, 1)
    fill_whole_(layer)
    filters.load_state_dict(layer.depthwise.state_dict())
    mix.load_state_dict(layer.pointwise.state_dict())
    x = whole(2, 4, *[7, 6, 5][:rank])

    assert torch.equal(layer(x), mix(filters(x)))


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("multiplier", [1, 2])
def test_blueprint_is_pointwise_then_depthwise(rank: int, multiplier: int) -> None:
    layer = BLUEPRINT[rank](4, 6, 3, 2, 1, depth_multiplier=multiplier)
    mix = TORCH[rank](4, 6 // multiplier, 1, bias=False)
    filters = TORCH[rank](6 // multiplier, 6, 3, 2, 1, groups=6 // multiplier)
    fill_whole_(layer)
    mix.load_state_dict(layer.pointwise.state_dict())
    filters.load_state_dict(layer.depthwise.state_dict())
    x = whole(2, 4, *[7, 6, 5][:rank])

    assert torch.equal(layer(x), filters(mix(x)))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_separable_is_the_dense_convolution_of_the_outer_product(rank: int) -> None:
    layer = SEPARABLE[rank](3, 4, 3, padding=1, dilation=1)
    fill_whole_(layer)
    dense = TORCH[rank](3, 4, 3, padding=1)
    product = layer.pointwise.weight * layer.depthwise.weight.transpose(0, 1)
    dense.weight.data = product.data
    assert layer.pointwise.bias is not None
    assert dense.bias is not None
    dense.bias.data = layer.pointwise.bias.data
    x = whole(1, 3, *[6, 5, 4][:rank])

    assert torch.equal(layer(x), dense(x))


def test_padding_reaches_the_depthwise_half_alone() -> None:
    assert SeparableConv2d(4, 6, 3, padding=1)(torch.ones(1, 4, 8, 8)).shape[2:] == (
        8,
        8,
    )


def test_one_setting_follows_both_halves() -> None:
    layer = SeparableConv1d(4, 8, 3, norm="batch", activation="relu6")

    assert [name for name, _ in layer.named_children()] == [
        "depthwise",
        "depthwise_norm",
        "depthwise_activation",
        "pointwise",
        "pointwise_norm",
        "pointwise_activation",
    ]


def test_a_pair_of_settings_names_each_half() -> None:
    layer = SeparableConv2d(
        4, 8, 3, norm=(None, Norm("batch", eps=1e-3)), activation=("elu", None)
    )

    assert [name for name, _ in layer.named_children()] == [
        "depthwise",
        "depthwise_activation",
        "pointwise",
        "pointwise_norm",
    ]
    assert layer.get_submodule("pointwise_norm").eps == 1e-3


def test_halves_run_in_the_order_they_are_named() -> None:
    layer = BlueprintConv2d(4, 8, 3, norm="layer", activation=("silu", "gelu"))
    x = torch.randn(2, 4, 6, 6)
    expected = x
    for child in layer.children():
        expected = child(expected)

    assert torch.equal(layer(x), expected)
    assert not any(a is b for a, b in pairwise(layer.children()))


def test_between_stands_after_the_first_half() -> None:
    layer = SeparableConv1d(4, 8, 3, activation="relu", between=nn.Hardswish())

    names = [name for name, _ in layer.named_children()]
    assert names.index("between") == names.index("pointwise") - 1


def test_bias_is_after_the_second_half_as_in_keras() -> None:
    both = SeparableConv2d(2, 4, 3, depthwise_bias=True)

    assert list(SeparableConv2d(2, 4, 3).state_dict()) == [
        "depthwise.weight",
        "pointwise.weight",
        "pointwise.bias",
    ]
    assert "depthwise.bias" in both.state_dict()
    assert "pointwise.bias" not in BlueprintConv2d(2, 4, 3).state_dict()


def test_worked_example_of_the_cost() -> None:
    """8×8×3 with a 3×3 kernel: 27 + 768 weights for 256 outputs, dense 6,912."""
    layer = SeparableConv2d(3, 256, 3, bias=False)
    weights = sum(p.numel() for p in layer.parameters())

    assert layer(torch.ones(1, 3, 8, 8)).shape == (1, 256, 6, 6)
    assert weights * 36 == 28_620


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"norm": "btch"}, UnknownNameError, "norm must be a known name; got 'btch'"),
        ({"activation": "rleu"}, UnknownNameError, "did you mean relu"),
        ({"activation": "Hardswish"}, UnknownNameError, "did you mean hard_swish"),
        ({"activation": nn.ReLU}, UnknownNameError, "did you mean relu"),
        ({"activation": nn.ReLU6()}, UnknownNameError, r"got ReLU6\(\)"),
        ({"norm": nn.BatchNorm1d}, UnknownNameError, "did you mean batch"),
        ({"norm": True}, UnknownNameError, "norm must be a known name; got True"),
        ({"norm": ["batch"]}, GeometryError, "norm must be one value or one for each"),
        ({"norm": (None,)}, GeometryError, "norm must be one value or one for each"),
        ({"out_channels": 0}, GeometryError, "out_channels must be an integer from 1"),
        (
            {"norm": Norm("group", groups=3)},
            GeometryError,
            "groups must divide channels; got groups=3, channels=4",
        ),
    ],
)
def test_layers_that_cannot_be(
    arguments: dict[str, object], error: type[Exception], sentence: str
) -> None:
    given = {"in_channels": 4, "out_channels": 8, "kernel_size": 3, **arguments}
    with pytest.raises(error, match=sentence):
        SeparableConv1d(**given)  # type: ignore[arg-type]


def test_blueprint_outputs_must_be_a_multiple() -> None:
    sentence = "depth_multiplier must divide out_channels; got depth_multiplier=4"
    with pytest.raises(GeometryError, match=sentence):
        BlueprintConv2d(3, 6, 3, depth_multiplier=4)


def test_swish_is_silu_as_in_keras() -> None:
    layer = SeparableConv1d(4, 8, 3, activation=["swish", None])  # type: ignore[arg-type]

    assert isinstance(layer.get_submodule("depthwise_activation"), nn.SiLU)


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_everything_lives_where_the_kernels_do(device: str) -> None:
    layer = SeparableConv2d(
        3,
        4,
        3,
        norm="batch",
        activation="prelu",
        device=device,
        dtype=torch.float64,
    )
    x = torch.ones(1, 3, 8, 8, device=device, dtype=torch.float64)

    assert {p.device.type for p in layer.parameters()} == {device}
    assert layer(x).dtype == torch.float64
