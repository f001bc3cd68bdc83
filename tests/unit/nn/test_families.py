"""Each family against the counts that its paper, or its usual library, states."""

import pytest
import torch
from tests.unit.nn.counting import count_macs, count_parameters

from depthwise.errors import GeometryError
from depthwise.nn import (
    ds_cnn,
    eegnet,
    efficientnet_lite0,
    lite,
    mobilenet_v2,
    mobilenet_v3_large,
    mobilenet_v3_small,
)
from depthwise.nn.light_inception import HandMade


def test_mobilenet_v2() -> None:
    network = mobilenet_v2()

    assert count_macs(network) == 300_774_272
    assert count_parameters(network) == 3_504_872
    assert [i.channels for i in network.feature_info] == [16, 24, 32, 96, 320]


def test_mobilenet_v3_large() -> None:
    network = mobilenet_v3_large()

    assert count_macs(network) == 216_589_760
    assert count_parameters(network) == 5_483_032
    assert network.head_hidden_size == 1280


def test_mobilenet_v3_small() -> None:
    network = mobilenet_v3_small()

    assert count_macs(network) == 56_510_400
    assert count_parameters(network) == 2_542_856


def test_efficientnet_lite0() -> None:
    assert count_parameters(efficientnet_lite0()) == 4_652_008


def test_twins_of_squeeze_excite_networks_differ_in_the_convolution_alone() -> None:
    separable = mobilenet_v3_small().state_dict()
    dense = mobilenet_v3_small(conv="dense").state_dict()

    def excites(state: dict[str, object]) -> list[str]:
        return [key for key in state if ".reduce." in key or ".expand.bias" in key]

    assert len(excites(separable)) == len(excites(dense)) == 9 * 3


def test_eegnet_8_2_counts() -> None:
    assert count_parameters(eegnet()) == 2_484


def test_eegnet_needs_a_window_for_its_poolings() -> None:
    with pytest.raises(GeometryError, match="input_size must be integers from 32 up"):
        eegnet(input_size=31)


def test_ds_cnn_counts_as_mlperf_tiny() -> None:
    network = ds_cnn()
    norms = sum(b.numel() for n, b in network.named_buffers() if "running" in n)
    biases = 9 * 64

    assert count_parameters(network) == 23_180
    assert count_parameters(network) + norms + biases == 24_908
    assert count_macs(network) == 2_656_768


@pytest.mark.parametrize("multiplier", [0.35, 0.5, 0.75, 1.4])
def test_widths_are_multiples_of_eight(multiplier: float) -> None:
    network = mobilenet_v2(width_multiplier=multiplier)

    assert all(info.channels % 8 == 0 for info in network.feature_info)
    assert network.num_features == (1792 if multiplier > 1 else 1280)


def test_lite_counts_as_its_paper_does() -> None:
    assert count_parameters(lite(num_classes=0)) == 9_814


def test_litemv_filters_sensors_apart() -> None:
    network = lite(in_chans=5, num_classes=0)
    first = torch.randn(1, 5, 64)
    second = first.clone()
    second[:, 3] = torch.randn(64)

    hand_made = network.stem.get_submodule("hand_made")
    changed = (hand_made(first) != hand_made(second)).any(dim=(0, 2))

    assert changed.sum() > 0
    assert all(c % 5 == 3 for c in changed.nonzero().flatten().tolist())


def test_hand_made_filters_answer_to_their_shape() -> None:
    rise = torch.arange(20.0)[None, None]
    answers = HandMade(1, is_summed=False)(rise)[0, :, 8]

    assert (answers[:6] >= 0).all()
    assert answers[0] == 1
    assert answers[6] == 0
