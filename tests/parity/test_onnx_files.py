"""Networks that others exported compute what ONNX Runtime computes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper
from PIL import Image, ImageDraw, ImageFont
from tests.unit.formats.files import run_ours, run_theirs
from tests.unit.formats.samples import facts

from depthwise.errors import DepthwiseError, UsageError
from depthwise.formats import load_onnx, save_onnx
from depthwise.graph import Batch, Graph

DataFile = Callable[[str, str], Path]

VECTORS = Path(onnx.__file__).parent / "backend/test/data"
CLASSIFIER = "models/ch_ppocr_mobile_v2.0_cls_infer.onnx"
INPUT = {"x": (1, 3, 48, 192)}


@pytest.fixture(scope="module")
def direction(data_file: DataFile) -> Graph:
    """PP-OCR's direction classifier, its open sizes bound."""
    path = data_file("rapidocr_onnxruntime", CLASSIFIER)
    return load_onnx(path, input_shapes=INPUT)


def render(text: str, size: int) -> Image.Image:
    """Draw a line of text, dark on light, with a little room around it."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    box = (int(right - left) + 8, int(bottom - top) + 8)
    image = Image.new("RGB", box, (250, 250, 245))
    ImageDraw.Draw(image).text((4 - left, 4 - top), text, (20, 20, 30), font)
    return image


def prepare(image: Image.Image) -> np.ndarray:
    """Scale to 48 rows and at most 192 columns, fill up with zeros, centre."""
    width = min(192, -(-48 * image.width // image.height))
    pixels = np.asarray(image.resize((width, 48), Image.Resampling.BILINEAR))
    scaled = (pixels.transpose(2, 0, 1).astype("float32") / 255 - 0.5) / 0.5
    result = np.zeros((3, 48, 192), "float32")
    result[:, :, :width] = scaled
    return result


def rendered() -> tuple[np.ndarray, np.ndarray]:
    """Sixty lines of text, upright and turned by 180 degrees."""
    words = [
        "separable",
        "depthwise",
        "pointwise",
        "channel",
        "kernel",
        "stride",
        "sensor",
        "window",
    ]
    images, turned = [], []
    for index in range(60):
        text = f"{words[index % 8].title()} {words[(3 * index + 1) % 8]} {index * 37}"
        image = render(text, size=40)
        images += [prepare(image), prepare(image.rotate(180))]
        turned += [0, 1]
    return np.stack(images), np.array(turned)


def test_the_direction_of_120_lines_of_text_is_found(direction: Graph) -> None:
    images, turned = rendered()
    found = [
        run_ours(direction, {"x": images[i : i + 20]})[0].argmax(1)
        for i in range(0, 120, 20)
    ]
    assert np.concatenate(found).tolist() == turned.tolist()


@pytest.mark.parametrize("batch", [1, 3])
def test_the_direction_classifier_agrees_with_onnx_runtime(
    direction: Graph, data_file: DataFile, tmp_path: Path, batch: int
) -> None:
    images = {"x": rendered()[0][:batch]}
    (ours,) = run_ours(direction, images)
    path = data_file("rapidocr_onnxruntime", CLASSIFIER)
    saved = save_onnx(direction, tmp_path / "a.onnx")
    for theirs in (run_theirs(path, images)[0], run_theirs(saved, images)[0]):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-6)


def test_weights_in_constant_nodes_are_parameters(direction: Graph) -> None:
    assert direction.types["x"].shape == (Batch(), 3, 48, 192)
    assert not {"Constant", "Shape", "Cast"} & {node.op for node in direction.nodes}
    assert {"conv1_weights", "conv2_se_1_offset"} <= direction.parameters
    assert "conv1_bn_mean" in direction.constants
    assert "conv1_bn_mean" not in direction.parameters


def test_open_sizes_are_asked_for(data_file: DataFile) -> None:
    path = data_file("rapidocr_onnxruntime", CLASSIFIER)
    with pytest.raises(UsageError, match=r"open sizes; got '\?' for axis 2") as error:
        load_onnx(path)
    assert "--input" in error.value.hint


@pytest.mark.parametrize(
    ("name", "size", "nodes"),
    [
        ("ch_PP-OCRv4_det_infer", (64, 96), 330),
        ("ch_PP-OCRv4_rec_infer", (48, 64), 403),
    ],
)
def test_text_detection_and_recognition_load_and_agree(
    name: str, size: tuple[int, int], nodes: int, data_file: DataFile, tmp_path: Path
) -> None:
    path = data_file("rapidocr_onnxruntime", f"models/{name}.onnx")
    graph = load_onnx(path, input_shapes={"": (1, 3, *size)})
    assert len(graph.nodes) == nodes
    x = np.random.default_rng(0).uniform(-1, 1, (1, 3, *size)).astype("float32")
    (ours,), (theirs,) = run_ours(graph, {"x": x}), run_theirs(path, {"x": x})
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-5)
    (saved,) = run_theirs(save_onnx(graph, tmp_path / "a.onnx"), {"x": x})
    np.testing.assert_allclose(saved, theirs, rtol=0, atol=2e-5)


@pytest.mark.parametrize("path", sorted((VECTORS / "light").glob("*.onnx")), ids=str)
def test_real_architectures_load_without_their_weights_in_memory(path: Path) -> None:
    graph = load_onnx(path)
    expected = onnx.load(path).graph.output[0].type.tensor_type.shape.dim
    declared = tuple(dim.dim_value for dim in expected)
    assert graph.output_shapes()[0] == declared
    assert not {"ConstantOfShape", "Unsqueeze"} & {node.op for node in graph.nodes}
    assert graph.parameters


def stored() -> list[Path]:
    """Models of opset 6 to 12 that come with recorded inputs and outputs."""
    folders = ("pytorch-converted", "pytorch-operator", "simple")
    return [p for f in folders for p in sorted((VECTORS / f).glob("*/model.onnx"))]


def recorded(folder: Path, kind: str) -> list[np.ndarray]:
    """Read recorded arrays."""
    count = len(list(folder.glob(f"{kind}_*.pb")))
    tensors = [TensorProto() for _ in range(count)]
    for index, tensor in enumerate(tensors):
        tensor.ParseFromString((folder / f"{kind}_{index}.pb").read_bytes())
    return [numpy_helper.to_array(tensor) for tensor in tensors]


# Recorded from memory that nobody had filled: float64 beyond what float32 holds.
GARBAGE = {
    "test_operator_add_broadcast",
    "test_operator_add_size1_right_broadcast",
    "test_operator_add_size1_singleton_broadcast",
    "test_operator_addconstant",
}
# Sequences, text, gradients, and an Expand whose sizes are an input of the network.
REFUSED = ("test_sequence", "test_strnorm", "test_gradient", "test_expand_shape")


@pytest.mark.parametrize("path", stored(), ids=lambda path: path.parent.name)
def test_recorded_models_of_old_opsets_compute_what_was_recorded(path: Path) -> None:
    if path.parent.name.startswith(REFUSED):
        with pytest.raises(DepthwiseError, match=str(path)):
            load_onnx(path)
        return
    graph = load_onnx(path)
    if path.parent.name in GARBAGE:
        assert graph.outputs
        return
    data = path.parent / "test_data_set_0"
    arrays = zip(graph.inputs, recorded(data, "input"), strict=True)
    found = run_ours(graph, {i.name: a.astype(i.type.dtype) for i, a in arrays})
    for ours, theirs in zip(found, recorded(data, "output"), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)


def test_every_recorded_model_is_there() -> None:
    names = [path.parent.name for path in stored()]
    assert len(names) == 140
    assert sum(name.startswith(REFUSED) for name in names) == 20


def test_a_second_round_trip_gives_the_same_bytes(
    direction: Graph, tmp_path: Path
) -> None:
    first = save_onnx(direction, tmp_path / "a.onnx")
    again = load_onnx(first)
    assert facts(again) == facts(direction)
    assert save_onnx(again, tmp_path / "b.onnx").read_bytes() == first.read_bytes()
