"""Names that timm and torchvision give, written out as their own code builds them."""

import pytest
import torch

from depthwise.errors import FormatError, UnknownNameError
from depthwise.nn import (
    Network,
    mobilenet_v1,
    mobilenet_v2,
    mobilenet_v3_small,
    rename_published,
)

PLAIN = ["conv_dw", "bn1", "conv_pw", "bn2"]
EXPANDING = ["conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3"]
EXCITE = ["se.conv_reduce", "se.conv_expand"]


def timm_v1() -> list[str]:
    blocks = [
        f"blocks.{s}.{b}" for s, n in enumerate([1, 2, 2, 6, 2]) for b in range(n)
    ]
    inside = [f"{block}.{layer}" for block in blocks for layer in PLAIN]
    return ["conv_stem", "bn1", *inside, "classifier"]


def timm_v2() -> list[str]:
    inside = [f"blocks.0.0.{layer}" for layer in PLAIN]
    for stage, repeats in enumerate([2, 3, 4, 3, 3, 1], start=1):
        for block in range(repeats):
            inside += [f"blocks.{stage}.{block}.{layer}" for layer in EXPANDING]
    return ["conv_stem", "bn1", *inside, "conv_head", "bn2", "classifier"]


def timm_v3_small() -> list[str]:
    inside = [f"blocks.0.0.{layer}" for layer in PLAIN + EXCITE]
    for stage, repeats in enumerate([2, 3, 2, 3], start=1):
        for block in range(repeats):
            layers = EXPANDING + (EXCITE if stage > 1 else [])
            inside += [f"blocks.{stage}.{block}.{layer}" for layer in layers]
    last = ["blocks.5.0.conv", "blocks.5.0.bn1", "conv_head", "classifier"]
    return ["conv_stem", "bn1", *inside, *last]


def torchvision_v2() -> list[str]:
    inside = [f"features.1.conv.{layer}" for layer in ("0.0", "0.1", "1", "2")]
    for block in range(2, 18):
        layers = ("0.0", "0.1", "1.0", "1.1", "2", "3")
        inside += [f"features.{block}.conv.{layer}" for layer in layers]
    ends = ["features.18.0", "features.18.1", "classifier.1"]
    return ["features.0.0", "features.0.1", *inside, *ends]


def torchvision_v3_small() -> list[str]:
    first = ("0.0", "0.1", "1.fc1", "1.fc2", "2.0", "2.1")
    inside = [f"features.1.block.{layer}" for layer in first]
    for block in range(2, 12):
        excite, last = (["2.fc1", "2.fc2"], 3) if block > 3 else ([], 2)
        layers = ["0.0", "0.1", "1.0", "1.1", *excite, f"{last}.0", f"{last}.1"]
        inside += [f"features.{block}.block.{layer}" for layer in layers]
    ends = ["features.12.0", "features.12.1", "classifier.0", "classifier.3"]
    return ["features.0.0", "features.0.1", *inside, *ends]


@pytest.mark.parametrize(
    ("network", "layers", "library"),
    [
        (mobilenet_v1(), timm_v1(), "timm"),
        (mobilenet_v2(), timm_v2(), "timm"),
        (mobilenet_v3_small(), timm_v3_small(), "timm"),
        (mobilenet_v2(), torchvision_v2(), "torchvision"),
        (mobilenet_v3_small(), torchvision_v3_small(), "torchvision"),
    ],
)
def test_every_layer_has_one_name(
    network: Network, layers: list[str], library: str
) -> None:
    published = {f"{layer}.weight": torch.zeros(1) for layer in sorted(layers)}

    renamed = rename_published(published, network, library=library)

    own = {name for name in network.state_dict() if name.endswith(".weight")}
    assert len(set(layers)) == len(layers)
    assert set(renamed) == own


def test_tensors_go_where_they_fit() -> None:
    """Expanded by 6: a projection of 24 channels reads 144, a later one of 160 960."""
    sizes = {"blocks.1.1.conv_pwl": (24, 144), "blocks.5.2.conv_dw": (960, 1)}
    published = {f"{name}.weight": torch.ones(2) for name in timm_v2()}
    published |= {f"{name}.weight": torch.ones(size) for name, size in sizes.items()}
    network = mobilenet_v2()

    renamed = rename_published(published, network, library="timm")

    own = network.state_dict()
    fitting = [name for name, t in renamed.items() if t.ndim == 2]
    assert [tuple(own[name].shape[:2]) for name in fitting] == list(sizes.values())


def test_hidden_layer_of_timm_is_a_pointwise_convolution() -> None:
    state = {"conv_head.weight": torch.ones(1024, 576, 1, 1)}

    renamed = rename_published(state, mobilenet_v3_small(), library="timm")

    assert renamed["pool.2.weight"].shape == (1024, 576)


def test_weights_of_another_network_are_refused() -> None:
    state = {"layer1.0.conv1.weight": torch.ones(1)}

    sentence = "a published weight must have a place in mobilenet_v1; got 'layer1.0"
    with pytest.raises(FormatError, match=sentence):
        rename_published(state, mobilenet_v1(), library="timm")


def test_unknown_library() -> None:
    with pytest.raises(UnknownNameError, match="library must be a known name"):
        rename_published({}, mobilenet_v1(), library="tim")
