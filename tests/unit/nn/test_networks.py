"""What every registered network must do, whatever its family."""

from collections.abc import Callable

import pytest
import torch
from tests.unit.nn.counting import count_parameters

from depthwise.errors import GeometryError, UsageError
from depthwise.nn import Network, create_model, list_models

SMALL = {"mobilenet": 64, "efficientnet": 64}


def small_input(network: Network, batch: int = 2) -> torch.Tensor:
    """A batch of the network's usual shape, images made smaller for speed."""
    channels, *sizes = network.input_shape
    name = str(network.config["name"])
    size = SMALL.get(name.split("_", maxsplit=1)[0])
    if size is not None:
        sizes = [size] * len(sizes)
    return torch.randn(batch, channels, *sizes)


@pytest.fixture(params=list_models())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("conv", ["separable", "dense", "blueprint"])
def test_scores_have_one_row_a_sample(name: str, conv: str) -> None:
    network = create_model(name, num_classes=5, conv=conv).eval()

    with torch.no_grad():
        scores = network(small_input(network))

    assert scores.shape == (2, 5)
    assert scores.isfinite().all()
    assert not torch.equal(scores[0], scores[1])


def test_dense_twin_is_larger(name: str) -> None:
    separable, dense = create_model(name), create_model(name, conv="dense")

    assert count_parameters(dense) > 1.3 * count_parameters(separable)


def test_config_rebuilds(name: str) -> None:
    network = create_model(name, num_classes=3, in_chans=4).eval()
    twin = create_model(**network.config).eval()
    twin.load_state_dict(network.state_dict())

    x = small_input(network)
    with torch.no_grad():
        assert torch.equal(twin(x), network(x))
    assert twin.config == network.config
    assert twin.input_shape == network.input_shape


def test_any_number_of_channels(name: str) -> None:
    network = create_model(name, num_classes=3, in_chans=9).eval()

    assert network.input_shape[0] == 9
    assert network(small_input(network)).shape == (2, 3)


def test_features_only(name: str) -> None:
    whole = create_model(name).eval()
    network = create_model(name, features_only=True).eval()
    network.load_state_dict(whole.state_dict(), strict=False)
    x = small_input(network)

    with torch.no_grad():
        features = network(x)
        expected = whole.forward_intermediates(x, range(len(whole.feature_info)))

    assert [f.shape[1] for f in features] == [i.channels for i in network.feature_info]
    assert all(torch.equal(*pair) for pair in zip(features, expected, strict=True))
    for feature, info in zip(features, network.feature_info, strict=True):
        assert feature.shape[-1] == -(-x.shape[-1] // info.reduction)


def test_last_feature_alone(name: str) -> None:
    network = create_model(name, features_only=True, out_indices=[-1])

    last = len(create_model(name).feature_info) - 1
    assert network.out_indices == (last,)
    assert create_model(**network.config).out_indices == (last,)


def test_reset_classifier(name: str) -> None:
    network = create_model(name).eval()
    x = small_input(network)

    network.reset_classifier(11)
    assert network(x).shape == (2, 11)
    assert create_model(**network.config).num_classes == 11
    network.reset_classifier(0)
    assert network(x).shape == (2, network.head_hidden_size)
    assert network.num_classes == 0


def test_forward_is_its_parts(name: str) -> None:
    network = create_model(name).eval()
    x = small_input(network)

    features = network.forward_features(x)
    pooled = network.forward_head(features, pre_logits=True)

    assert features.shape[1] == network.num_features
    assert torch.equal(network.get_classifier()(pooled), network(x))


def test_training_step_changes_every_parameter(name: str) -> None:
    network = create_model(name, num_classes=3)
    network(small_input(network, batch=4)).square().sum().backward()

    missing = [n for n, p in network.named_parameters() if p.grad is None]
    assert missing == []


def refuse_no_stage() -> None:
    create_model("mobilenet_v1", features_only=True, out_indices=[7])


def refuse_reset_of_features() -> None:
    create_model("mobilenet_v1", features_only=True).reset_classifier(3)


def refuse_negative_classes() -> None:
    create_model("mobilenet_v1", num_classes=-1)


def test_other_channels_are_refused(name: str) -> None:
    network = create_model(name, in_chans=4)
    x = torch.ones(1, 7, *network.input_shape[1:])

    with pytest.raises(GeometryError, match="channels on axis 1; got 7, layer has 4"):
        network(x)


def refuse_longer_window() -> None:
    create_model("eegnet")(torch.ones(1, 22, 600))


@pytest.mark.parametrize(
    ("refuse", "error", "sentence"),
    [
        (refuse_no_stage, GeometryError, "out_indices must name stages from 0 to 4"),
        (refuse_reset_of_features, UsageError, "a features-only network has no"),
        (refuse_longer_window, GeometryError, "features must pool to 256 numbers"),
        (refuse_negative_classes, GeometryError, "num_classes must be an integer"),
    ],
)
def test_refusals(
    refuse: Callable[[], None], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        refuse()
