"""Networks by name: misspelt names, synonyms, options, records that rebuild."""

import json
from collections.abc import Mapping

import pytest
from tests.unit.nn.counting import count_macs

from depthwise.errors import UnknownNameError, UsageError
from depthwise.nn import create_model, eegnet, list_models, mobilenet_v1, sensor_net


def test_misspelt_name_offers_near_ones() -> None:
    with pytest.raises(UnknownNameError) as caught:
        create_model("mobilnet_v1")

    assert caught.value.message == "model must be a known name; got 'mobilnet_v1'"
    assert "mobilenet_v1" in caught.value.hint


def test_patterns() -> None:
    assert list_models("mobilenet_v3_*") == ["mobilenet_v3_large", "mobilenet_v3_small"]
    assert list_models("nothing*") == []
    assert set(list_models()) >= {
        "ds_cnn",
        "eegnet",
        "efficientnet_lite0",
        "sensor_net",
    }


def test_words_of_sensor_libraries() -> None:
    network = create_model("sensor_net", n_chans=3, n_outputs=5, n_times=200)

    assert network.input_shape == (3, 200)
    assert network.num_classes == 5
    assert network.config["in_chans"] == 3


def test_synonyms_may_agree() -> None:
    assert create_model("sensor_net", in_chans=3, n_chans=3).input_shape[0] == 3


def test_called_directly_it_has_the_same_record() -> None:
    direct = mobilenet_v1(num_classes=5, width_multiplier=0.25)
    named = create_model("mobilenet_v1", num_classes=5, width_multiplier=0.25)

    assert direct.config == named.config


@pytest.mark.parametrize("name", list_models())
def test_record_survives_json(name: str) -> None:
    config = create_model(name, num_classes=2).config

    assert json.loads(json.dumps(config)) == config
    assert create_model(**json.loads(json.dumps(config))).config == config  # type: ignore[arg-type]


def test_options_reach_the_network() -> None:
    network = create_model("eegnet", options={"f1": 4, "kernel_length": 32})

    assert network.config == eegnet(f1=4, kernel_length=32).config
    assert network.num_features == 8


def test_images_of_other_shapes() -> None:
    network = create_model("mobilenet_v1", input_size=(96, 128))

    assert network.input_shape == (3, 96, 128)


def test_sensor_net_dense_twin_costs_at_least_four_times_as_much() -> None:
    assert count_macs(sensor_net(conv="dense")) >= 4 * count_macs(sensor_net())


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (
            {"n_chans": 4, "in_chans": 3},
            UsageError,
            "in_chans and n_chans are one thing",
        ),
        ({"options": {"depth": 3}}, UnknownNameError, "option of sensor_net must be a"),
        ({"options": {"in_chans": 3}}, UnknownNameError, "option of sensor_net must"),
        ({"input_size": (8, 8)}, UsageError, "input_size must be one int; got"),
    ],
)
def test_arguments_that_cannot_be(
    arguments: Mapping[str, object], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        create_model("sensor_net", **arguments)  # type: ignore[arg-type]


def test_argument_that_the_network_has_not() -> None:
    with pytest.raises(UsageError) as caught:
        create_model("eegnet", width_multiplier=0.5)

    sentence = "eegnet has no width_multiplier; got width_multiplier=0.5"
    assert caught.value.message == sentence
    assert "depth_multiplier" in caught.value.hint
