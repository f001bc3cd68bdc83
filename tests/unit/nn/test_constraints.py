"""Max-norm acts on weights between steps: rows shrink, directions and names stay."""

import torch
from torch import nn

from depthwise.nn import DepthwiseConv2d, constrain_, eegnet
from depthwise.nn.constraints import renorm_


def test_long_rows_shrink_and_short_rows_stay() -> None:
    weight = torch.randn(50, 1, 3, 3)
    before = weight.clone()
    renorm_(weight, 2.5)
    length, old = weight.flatten(1).norm(dim=1), before.flatten(1).norm(dim=1)

    assert (old > 2.5).any()
    assert (old < 2.5).any()
    assert torch.equal(weight[old <= 2.5], before[old <= 2.5])
    assert ((length[old > 2.5] - 2.5).abs() <= 2.5 * 2**-22).all()
    cosine = nn.functional.cosine_similarity(weight.flatten(1), before.flatten(1))
    assert (cosine > 1 - 1e-6).all()


def test_zero_filters_stay_zero() -> None:
    weight = torch.zeros(2, 1, 5)
    renorm_(weight, 1.0)

    assert torch.equal(weight, torch.zeros(2, 1, 5))


def test_layers_without_a_limit_are_left_alone() -> None:
    layer = DepthwiseConv2d(4, 3)
    before = layer.weight.clone()
    constrain_(nn.Sequential(layer, nn.Embedding(3, 2, max_norm=0.1)))

    assert torch.equal(layer.weight, before)


def test_state_has_no_extra_names() -> None:
    limited = DepthwiseConv2d(4, 3, max_norm=1.0).state_dict()

    assert list(limited) == ["weight", "bias"]


def test_eegnet_keeps_spatial_filters_and_classes_short() -> None:
    network = eegnet(in_chans=8, input_size=64)
    for parameter in network.parameters():
        parameter.data.mul_(100)
    constrain_(network)

    spatial = network.get_parameter("stem.2.conv.weight").flatten(1).norm(dim=1)
    classes = network.get_parameter("classifier.weight").norm(dim=1)
    temporal = network.get_parameter("stem.1.conv.weight").flatten(1).norm(dim=1)
    assert (spatial <= 1 + 1e-6).all()
    assert (classes <= 0.25 + 1e-6).all()
    assert (temporal > 10).all()
