"""Files made to harm: each is refused by a sentence, quickly and in little memory."""

import contextlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx.helper import make_node
from tests.unit.formats.files import draw, write_model
from tests.unit.formats.samples import small_network
from tests.unit.formats.test_folding import INDICES, spell
from tests.unit.formats.test_versions import CASES

from depthwise.errors import DepthwiseError, FormatError
from depthwise.formats import load_onnx, save_onnx
from depthwise.formats.limits import MAX_FIELDS, MAX_NODES

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
MEGABYTE = 2**20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.onnx"


@pytest.fixture
def valid(path: Path) -> onnx.ModelProto:
    return onnx.load(save_onnx(small_network(), path))


def field(number: int, content: bytes) -> bytes:
    """Encode one field of bytes."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    """Encode a number."""
    result = bytearray()
    while value > 127:
        result.append(value & 127 | 128)
        value >>= 7
    return bytes([*result, value])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "has 1 to 2147483647 bytes; got 0"),
        (b"\x00", "a number must end"),
        (b"hello, world", "wire type|must end within"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "holds a graph; got none"),
        (b"\x3a\x05\x0a", "must end within its message; got 5 bytes"),
        (b"\x3a" + b"\xff" * 9 + b"\x01", "must end within its message"),
        (b"\x08" + b"\xff" * 20, "a number must end"),
        (b"\x08\x0a", "holds a graph; got none"),
        (b"\x3a\x00", "one version of operators; got \\[\\]"),
        (b"\x3b", "wire type must be 0, 1, 2 or 5; got 3"),
    ],
)
def test_what_is_not_onnx_is_refused(path: Path, content: bytes, sentence: str) -> None:
    path.write_bytes(content)
    with pytest.raises(FormatError, match=sentence):
        load_onnx(path)


def test_every_truncation_is_refused(path: Path, valid: onnx.ModelProto) -> None:
    data = valid.SerializeToString()
    graph_ends = len(data) - 40
    for size in [*range(0, graph_ends, 7), graph_ends]:
        path.write_bytes(data[:size])
        with pytest.raises(DepthwiseError):
            load_onnx(path)


def test_a_folder_a_pipe_and_a_device_are_no_models(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    for place in (tmp_path, tmp_path / "pipe.onnx", Path("/dev/zero")):
        with pytest.raises(FormatError, match="must be a file"):
            load_onnx(place)


def test_a_name_with_a_zero_byte_is_refused() -> None:
    with pytest.raises(FormatError, match="must be readable"):
        load_onnx("model\0.onnx")


def dims(model: onnx.ModelProto) -> Any:
    """Axes of the first input."""
    return model.graph.input[0].type.tensor_type.shape.dim


Change = Callable[[onnx.ModelProto], object]


def _claim(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer.add(name="huge", data_type=TensorProto.FLOAT)
    tensor.dims.extend([2**29])
    tensor.raw_data = bytes(8)


def _overflow(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer.add(name="huge", data_type=TensorProto.FLOAT)
    tensor.dims.extend([2**32, 2**32])


def _empty_and_huge(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer.add(name="huge", data_type=TensorProto.FLOAT)
    tensor.dims.extend([0, 2**62, 2**62])


def _filled(model: onnx.ModelProto) -> None:
    del model.metadata_props[:]
    sizes = onnx.numpy_helper.from_array(np.array([2**40]), "sizes_of_all")
    model.graph.initializer.append(sizes)
    node = make_node("ConstantOfShape", ["sizes_of_all"], ["all"])
    model.graph.node.insert(0, node)


def _axes(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer.add(name="deep", data_type=TensorProto.FLOAT)
    tensor.dims.extend([1] * 100)
    tensor.raw_data = bytes(4)


CHANGES: list[tuple[str, Change, str]] = [
    ("2 GB claimed", _claim, "must have 536870912 elements; got 2"),
    ("overflow", _overflow, "at most 2147483648 elements"),
    ("empty and huge", _empty_and_huge, "at most 2147483648 elements"),
    ("filled", _filled, "at most 2147483648 elements; got 1099511627776"),
    ("100 axes", _axes, "at most 32 axes; got 100"),
    (
        "negative axis",
        lambda m: m.graph.initializer[0].dims.__setitem__(0, -4),
        "0 or more elements",
    ),
    (
        "other type",
        lambda m: setattr(m.graph.initializer[0], "data_type", TensorProto.DOUBLE),
        "must have 108 elements; got 54",
    ),
    (
        "text",
        lambda m: setattr(m.graph.initializer[0], "data_type", TensorProto.STRING),
        "element type must be one of .* got type 8",
    ),
    (
        "integer weights",
        lambda m: m.graph.initializer[0].CopyFrom(
            onnx.numpy_helper.from_array(np.ones((4, 3, 3, 3), "int32"), "stem.weight")
        ),
        "one type; got float32 and int32|cannot be int32",
    ),
    (
        "same initialiser",
        lambda m: m.graph.initializer.append(m.graph.initializer[0]),
        "names of their own; got 'stem.weight' again",
    ),
    (
        "same input",
        lambda m: m.graph.input.append(m.graph.input[0]),
        "defined once",
    ),
    (
        "empty input",
        lambda m: setattr(
            m.graph.input[0].type.tensor_type.shape.dim[2], "dim_value", 0
        ),
        "no empty axis",
    ),
    (
        "huge input",
        lambda m: setattr(dims(m)[2], "dim_value", 2**62),
        "at most 2147483648 elements",
    ),
    (
        "no rank",
        lambda m: m.graph.input[0].type.tensor_type.ClearField("shape"),
        "array of a known rank; got 'x'",
    ),
    (
        "sequence",
        lambda m: m.graph.input[
            0
        ].type.sequence_type.elem_type.tensor_type.SetInParent(),
        "array of a known rank; got 'x'",
    ),
    ("no outputs", lambda m: m.graph.ClearField("output"), "needs outputs"),
    (
        "sparse",
        lambda m: m.graph.sparse_initializer.add(),
        "must be dense; got a sparse initialiser",
    ),
    (
        "foreign domain",
        lambda m: setattr(m.graph.node[0], "domain", "com.microsoft"),
        "ONNX's own; got com.microsoft::Conv at stem.conv",
    ),
    (
        "two opsets",
        lambda m: m.opset_import.append(helper.make_opsetid("", 21)),
        "one version of operators; got \\[22, 21\\]",
    ),
    (
        "metadata",
        lambda m: setattr(m.metadata_props[0], "value", "[" * 100_000),
        "metadata depthwise.parameters",
    ),
    (
        "strange parameters",
        lambda m: setattr(m.metadata_props[0], "value", '["nothing"]'),
        "must be constants of the graph; got 'nothing'",
    ),
]


@pytest.mark.parametrize(
    ("change", "sentence"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES]
)
def test_a_harmful_change_is_named(
    path: Path, valid: onnx.ModelProto, change: Change, sentence: str
) -> None:
    change(valid)
    path.write_bytes(valid.SerializeToString())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DepthwiseError, match=sentence) as caught:
        load_onnx(path)
    assert str(caught.value).startswith(f"{path}: ")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (after - before) * 1024 < 100 * MEGABYTE


def test_a_redefined_operator_is_refused(path: Path, valid: onnx.ModelProto) -> None:
    opset = helper.make_opsetid("", 22)
    body = [make_node("Neg", ["a"], ["b"])]
    valid.functions.append(
        helper.make_function("", "Relu", ["a"], ["b"], body, [opset])
    )
    path.write_bytes(valid.SerializeToString())
    with pytest.raises(DepthwiseError, match="redefine ONNX's operators; got Relu"):
        load_onnx(path)


def test_names_must_be_text(path: Path, valid: onnx.ModelProto) -> None:
    data = valid.SerializeToString().replace(b"stem.conv", b"stem\xff\xfeonv")
    path.write_bytes(data)
    with pytest.raises(FormatError, match="names must be UTF-8"):
        load_onnx(path)


def test_too_many_nodes_are_refused(path: Path) -> None:
    relu = field(1, field(1, b"x") + field(2, b"y") + field(4, b"Relu"))
    graph = field(7, relu * (MAX_NODES + 1))
    path.write_bytes(graph + field(8, b"\x10\x16"))
    with pytest.raises(FormatError, match=f"may have {MAX_NODES} nodes"):
        load_onnx(path)


@pytest.mark.parametrize("number", [1, 5, 13])
def test_too_many_fields_are_refused(path: Path, number: int) -> None:
    path.write_bytes(field(7, field(number, b"") * (MAX_FIELDS + 1)))
    with pytest.raises(FormatError, match=f"may have {MAX_FIELDS} fields"):
        load_onnx(path)


def test_deep_nesting_is_not_followed(path: Path) -> None:
    graph = b""
    for _ in range(2_000):
        graph = field(1, field(4, b"If") + field(5, field(6, graph)))
    path.write_bytes(field(7, graph) + field(8, b"\x10\x16"))
    with pytest.raises(DepthwiseError, match=r"define a value|subgraphs"):
        load_onnx(path)


def test_folding_does_not_multiply(path: Path) -> None:
    """Each of 64 nodes would double an array: 2^64 elements in a tiny file."""
    nodes = [
        make_node("Concat", [f"v{i}", f"v{i}"], [f"v{i + 1}"], axis=0)
        for i in range(64)
    ]
    nodes.append(make_node("Slice", ["v64", "zero", "one"], ["y"]))
    constants = {"v0": draw(1), "zero": np.array([0]), "one": np.array([1])}
    write_model(path, nodes, {"x": ["N", 4]}, constants)
    graph = load_onnx(path)
    assert sum(array.nbytes for array in graph.constants.values()) < 128 * MEGABYTE


@pytest.mark.parametrize(
    "node",
    [
        make_node("Pad", ["v", "pads"], ["y"]),
        make_node("Resize", ["v", "", "tiny"], ["y"], mode="linear", antialias=1),
        make_node("LRN", ["v"], ["y"], size=2**40),
        make_node("MaxPool", ["v"], ["y"], kernel_shape=[2**29], pads=[2**29 - 1] * 2),
    ],
    ids=lambda node: node.op_type,
)
def test_attributes_do_not_cost_memory_before_anything_runs(
    path: Path, node: onnx.NodeProto
) -> None:
    constants = {
        "v": draw(8),
        "pads": np.array([2**30, -(2**30)]),
        "tiny": np.array([1e-8], "float32"),
    }
    write_model(path, [node], {"x": ["N", 4]}, constants)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with contextlib.suppress(DepthwiseError):
        load_onnx(path)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (after - before) * 1024 < 100 * MEGABYTE


def write_seeds(folder: Path) -> None:
    """Write the valid files that are damaged."""
    folder.mkdir()
    for index, case in enumerate(CASES):
        case.write(folder / f"old{index}.onnx")
    save_onnx(small_network(), folder / "small.onnx")
    nodes = [
        *spell("x0", "6", "x2", "5"),
        make_node("Reshape", ["x", "sizes"], ["r"]),
        make_node("Expand", ["r", "sizes"], ["e"]),
        make_node("Resize", ["e", "", "", "sizes"], ["y"]),
    ]
    write_model(folder / "sizes.onnx", nodes, {"x": ["N", 6, 3, 5]}, INDICES)
    weights = {"w": draw(1, 12, 4), "r": draw(1, 12, 3)}
    lstm = make_node("LSTM", ["x", "w", "r"], ["y"], hidden_size=3)
    write_model(folder / "lstm.onnx", [lstm], {"x": [5, "N", 4]}, weights)


def test_two_thousand_damaged_files_load_or_are_refused(tmp_path: Path) -> None:
    write_seeds(tmp_path / "seeds")
    command = [sys.executable, HERE / "mutations.py", tmp_path / "seeds", "2000", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    result = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    found = json.loads(result.stdout)
    assert found["problems"] == []
    assert sum(found["tally"].values()) == 2000
    assert found["tally"]["loaded"] > 100
    assert found["peak"] < 1000 * MEGABYTE
    assert found["slowest"] < 20
