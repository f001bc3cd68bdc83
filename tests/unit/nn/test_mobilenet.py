"""MobileNet V1 against the counts that the paper's table implies."""

import pytest
from tests.unit.nn.counting import count_macs, count_parameters

from depthwise.errors import GeometryError, UnknownNameError
from depthwise.nn import mobilenet_v1


@pytest.mark.parametrize(
    ("width", "macs"),
    [(1.0, 568_740_352), (0.75, 325_400_448), (0.5, 149_497_088), (0.25, 41_030_272)],
)
def test_macs_by_width(width: float, macs: int) -> None:
    assert count_macs(mobilenet_v1(width_multiplier=width)) == macs


@pytest.mark.parametrize(
    ("size", "macs"), [(192, 418_121_728), (160, 290_675_200), (128, 186_400_768)]
)
def test_macs_by_resolution(size: int, macs: int) -> None:
    network = mobilenet_v1(resolution_multiplier=size / 224)

    assert network.input_shape == (3, size, size)
    assert count_macs(network) == macs


def test_dense_twin_macs() -> None:
    assert count_macs(mobilenet_v1(conv="dense")) == 4_867_293_184


def test_parameters() -> None:
    assert count_parameters(mobilenet_v1()) == 4_231_976


def test_stages_are_cut_where_resolution_falls() -> None:
    info = mobilenet_v1().feature_info

    assert [i.channels for i in info] == [64, 128, 256, 512, 1024]
    assert [i.reduction for i in info] == [2, 4, 8, 16, 32]


def test_unknown_conv_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="conv must be a known name; got 'full'"):
        mobilenet_v1(conv="full")  # type: ignore[arg-type]


def test_resolution_that_leaves_nothing_is_refused() -> None:
    sentence = r"scaled input_size must be integers from 1 up; got \(0, 0\)"
    with pytest.raises(GeometryError, match=sentence):
        mobilenet_v1(resolution_multiplier=0.001)
