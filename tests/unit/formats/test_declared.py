"""What a file declares of its outputs: held against its nodes, open sizes tolerated."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from tests.unit.formats.files import draw, write_model
from tests.unit.formats.samples import facts, small_network

from depthwise.errors import FormatError
from depthwise.formats import load_onnx, save_onnx

Sizes = Sequence[int | str | None] | None


def declare(path: Path, sizes: Sizes, kind: int = TensorProto.FLOAT) -> Path:
    """Let the file declare another type of its last output."""
    model = onnx.load(path)
    name = model.graph.output[-1].name
    del model.graph.output[-1]
    model.graph.output.append(helper.make_tensor_value_info(name, kind, sizes))
    path.write_bytes(model.SerializeToString())
    return path


def made(folder: Path, *inputs: int | str | None) -> Path:
    """Write a convolution of 3 channels to 4, then a sum: [N, 4, rows, columns]."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("Add", ["c", "c"], ["y"]),
    ]
    return write_model(folder / "m.onnx", nodes, {"x": inputs}, {"w": draw(4, 3, 2, 2)})


@pytest.mark.parametrize(
    ("sizes", "kind"),
    [
        (["N", 5, 6, 7], TensorProto.FLOAT),
        (["N", 4, 6, 8], TensorProto.FLOAT),
        (["N", 4, 6], TensorProto.FLOAT),
        ([], TensorProto.FLOAT),
        (["N", 4, 6, 7], TensorProto.INT64),
        (["N", 4, 6, 7], TensorProto.STRING),
        (None, TensorProto.INT32),
    ],
)
def test_a_contradiction_is_refused(tmp_path: Path, sizes: Sizes, kind: int) -> None:
    path = declare(made(tmp_path, "N", 3, 7, 8), sizes, kind)
    with pytest.raises(FormatError, match="an output must have the type that the file"):
        load_onnx(path)


@pytest.mark.parametrize(
    ("sizes", "kind"),
    [
        (["N", 4, 6, 7], TensorProto.FLOAT),
        (["batch", "c", None, "w"], TensorProto.FLOAT),
        ([1, 4, 6, 7], TensorProto.FLOAT),
        ([8, 4, -1, 0], TensorProto.FLOAT),
        (["N", 4, 6, 7], TensorProto.DOUBLE),
        (["N", 4, 6, 7], TensorProto.BFLOAT16),
        (None, TensorProto.FLOAT16),
        (None, TensorProto.UNDEFINED),
    ],
)
def test_what_says_less_or_the_same_is_read(
    tmp_path: Path, sizes: Sizes, kind: int
) -> None:
    expected = load_onnx(made(tmp_path, "N", 3, 7, 8))
    loaded = load_onnx(declare(made(tmp_path, "N", 3, 7, 8), sizes, kind))
    assert facts(loaded) == facts(expected)


def test_the_sentence_names_both_types(tmp_path: Path) -> None:
    path = declare(made(tmp_path, "N", 3, 7, 8), ["n", 5, None, 7], TensorProto.INT64)
    with pytest.raises(FormatError) as caught:
        load_onnx(path)
    assert str(caught.value) == (
        f"{path}: an output must have the type that the file declares; "
        "got float32[N,4,6,7] for 'y', declared int64[n,5,?,7]\n"
        "hint: export the model again"
    )


def test_a_fixed_batch_is_held_to_its_number(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"float32\[2,4,6,7\] for 'y', declared"):
        load_onnx(declare(made(tmp_path, 2, 3, 7, 8), [1, 4, 6, 7]))


def test_numbers_are_multiples_of_a_batch_with_a_factor(tmp_path: Path) -> None:
    shape = np.array([-1, 2, 6, 7])
    nodes = [helper.make_node("Reshape", ["x", "s"], ["y"])]
    inputs = {"x": ["N", 4, 6, 7]}
    path = write_model(tmp_path / "m.onnx", nodes, inputs, {"s": shape})
    assert len(load_onnx(declare(path, [6, 2, 6, 7])).nodes) == 1
    with pytest.raises(FormatError, match=r"float32\[2N,2,6,7\]"):
        load_onnx(declare(path, [5, 2, 6, 7]))


def test_sizes_that_the_caller_chooses_overrule_those_of_the_export(
    tmp_path: Path,
) -> None:
    path = declare(made(tmp_path, 1, 3, "h", "w"), [1, 4, 223, 223])
    graph = load_onnx(path, input_shapes={"x": (1, 3, 33, 34)})
    assert graph.output_shapes() == ((1, 4, 32, 33),)
    with pytest.raises(FormatError, match="declared float32"):
        load_onnx(declare(path, [1, 4, 223]), input_shapes={"x": (1, 3, 33, 34)})


def test_stale_types_between_nodes_are_left_unread(tmp_path: Path) -> None:
    model = onnx.load(made(tmp_path, "N", 3, 7, 8))
    stale = helper.make_tensor_value_info("c", TensorProto.INT64, [1, 9])
    model.graph.value_info.append(stale)
    path = tmp_path / "stale.onnx"
    path.write_bytes(model.SerializeToString())
    assert facts(load_onnx(path)) == facts(load_onnx(made(tmp_path, "N", 3, 7, 8)))


@pytest.mark.parametrize(
    ("sizes", "refused"), [([4, 3, 2, 2], False), ([4, 3, 3, 3], True)]
)
def test_initialisers_among_the_inputs(
    tmp_path: Path, sizes: list[int], refused: bool
) -> None:
    path = made(tmp_path, "N", 3, 7, 8)
    model = onnx.load(path)
    kind = helper.make_tensor_value_info("w", TensorProto.FLOAT, sizes)
    model.graph.input.append(kind)
    path.write_bytes(model.SerializeToString())
    if not refused:
        assert len(load_onnx(path).nodes) == 2
        return
    with pytest.raises(FormatError, match="an initialiser must have the type that"):
        load_onnx(path)


def test_files_of_our_own_are_checked_too(tmp_path: Path) -> None:
    path = save_onnx(small_network(), tmp_path / "a.onnx")
    assert load_onnx(path).name == small_network().name
    with pytest.raises(FormatError, match="an output must have the type"):
        load_onnx(declare(path, ["N", 6]))
