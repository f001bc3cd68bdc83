"""Operators outside the table: listed in an error, or rows of their own if allowed."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from depthwise import cost
from depthwise.errors import UnsupportedOperatorError
from depthwise.formats import load_known
from depthwise.jobs.open import open_model


def write(path: Path, *, shapes: bool = True, domain: str = "com.example") -> Path:
    """conv -> Frobnicate -> conv -> MelWeightMatrix-like ending, 8 samples long."""
    weights = {"w": np.ones((6, 4, 3), "f4"), "v": np.ones((2, 6, 3), "f4")}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], "first"),
        helper.make_node("Frobnicate", ["a"], ["b"], "middle", domain=domain),
        helper.make_node("Conv", ["b", "v"], ["c"], "second"),
        helper.make_node("NonZeroish", ["c"], ["y"], "last"),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "odd",
        [value("x", TensorProto.FLOAT, ["batch", 4, 8])],
        [value("y", TensorProto.FLOAT, ["batch", 2])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
        value_info=[value("b", TensorProto.FLOAT, ["batch", 6, 6])] if shapes else [],
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.example", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets), path)
    return path


def test_the_error_lists_what_is_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "odd.onnx", domain="")
    with pytest.raises(UnsupportedOperatorError) as raised:
        open_model(str(path))
    assert "'Frobnicate' at middle, 'NonZeroish' at last" in raised.value.message


def test_a_row_of_their_own_that_counts_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "odd.onnx")
    report = cost(str(path), batch=2, allow_unknown=True)
    assert [layer.name for layer in report.layers] == [
        "first", "middle", "second", "last",
    ]  # fmt: skip
    assert [layer.macs for layer in report.layers] == [
        2 * 6 * 4 * 3 * 6, 0, 2 * 2 * 6 * 3 * 4, 0,
    ]  # fmt: skip
    assert report.to_dict()["unknown"] == [
        "com.example::Frobnicate at middle",
        "NonZeroish at last",
    ]
    middle, second = report.layers[1:3]
    assert (middle.output_shape, middle.input_bytes) == ((2, 6, 6), 4 * 2 * 6 * 6)
    assert second.receptive_field == ()
    assert report.layers[0].receptive_field == (3,)


def test_a_size_that_the_file_does_not_say_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "odd.onnx", shapes=False)
    with pytest.raises(UnsupportedOperatorError, match=r"how large .* nothing on 'b'"):
        load_known(path)


def test_a_known_network_is_as_it_is() -> None:
    opened = open_model("sensor_net", allow_unknown=True)
    assert opened.unknown == ()


def test_on_the_command_line(run_cli, tmp_path: Path) -> None:
    path = write(tmp_path / "odd.onnx")
    refused = run_cli("cost", str(path))
    assert refused.returncode == 1
    assert "com.example::Frobnicate" in refused.stderr
    done = run_cli("cost", str(path), "--allow-unknown")
    assert done.returncode == 0, done.stderr
    assert "not counted" in done.stdout
    assert "com.example::Frobnicate" in done.stdout
