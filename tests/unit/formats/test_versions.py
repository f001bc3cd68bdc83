"""Older operators mean after loading what ONNX Runtime takes them to mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.helper import make_node
from tests.unit.formats.files import Array, draw, run_ours, run_theirs, write_model

from depthwise.errors import DepthwiseError, FormatError, UnsupportedOperatorError
from depthwise.formats import load_onnx, save_onnx
from depthwise.formats.versions import CONVERSIONS
from depthwise.graph import OPERATORS


@dataclass(frozen=True)
class Old:
    """One node of an older opset: ``x`` in, ``y`` out, constants between."""

    op: str
    opset: int
    attributes: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, Array] = field(default_factory=dict)
    shape: tuple[int, ...] = (2, 4, 3, 5)
    outputs: tuple[str, ...] = ("y",)
    batch: int | str = "N"

    def __str__(self) -> str:
        words = [f"{k}={v}" for k, v in self.attributes.items()]
        return "-".join([f"{self.op}{self.opset}", *words])

    def write(self, path: Path) -> Path:
        node = make_node(
            self.op, ["x", *self.constants], list(self.outputs), **self.attributes
        )
        dims = (self.batch, *self.shape[1:])
        return write_model(
            path,
            [node],
            {"x": dims},
            self.constants,
            opset=self.opset,
            outputs=self.outputs,
        )


STATISTICS = {
    "scale": draw(4, seed=1),
    "shift": draw(4, seed=2),
    "mean": draw(4, seed=3),
    "variance": np.abs(draw(4, seed=4)),
}
GROUPS = {"scale": draw(2, seed=1), "shift": draw(2, seed=2)}
DOUBLE = {"scales": np.array([1, 1, 2, 2], "float32")}
TWO = ("y", "z")

CASES = [
    Old("BatchNormalization", 7, {"spatial": 1}, STATISTICS),
    Old("BatchNormalization", 9, {"epsilon": 0.01}, STATISTICS),
    Old("Clip", 7, {"min": -0.5, "max": 0.5}),
    Old("Clip", 10, {"max": 0.5}),
    Old("Clip", 6, {}),
    Old("Dropout", 7, {"ratio": 0.25}),
    Old("Dropout", 10, {}),
    Old("Softmax", 11, {}),
    Old("Softmax", 12, {"axis": 2}),
    Old("Softmax", 12, {"axis": -1}),
    Old("Softmax", 12, {"axis": 1}, shape=(2, 4, 1, 1)),
    Old("LogSoftmax", 9, {"axis": 2}),
    Old("Hardmax", 9, {"axis": 1}),
    Old("Pad", 10, {"pads": [0, 0, 1, 2, 0, 0, 0, 1], "value": 1.5}),
    Old("Pad", 9, {"pads": [0, 0, 1, 2, 0, 0, 2, 1], "mode": "reflect"}),
    Old("Pad", 9, {"pads": [0, 0, -1, 0, 0, 0, 0, -2]}),
    Old("ReduceSum", 11, {"axes": [2, 3], "keepdims": 0}),
    Old("ReduceMean", 11, {"axes": [-1]}),
    Old("ReduceMean", 17, {"axes": [2, 3], "keepdims": 1}),
    Old("ReduceMax", 12, {"axes": [1]}),
    Old("ReduceL2", 13, {"axes": [1], "keepdims": 0}),
    Old("ReduceMean", 18, {}, {"axes": np.array([2, 3])}),
    Old("Slice", 9, {"starts": [1, 0], "ends": [4, 2], "axes": [3, 2]}),
    Old("Slice", 9, {"starts": [0, 1], "ends": [2**40, -1], "axes": [1, 2]}),
    Old("Slice", 10, {}, {"s": np.array([1]), "e": np.array([3]), "a": np.array([1])}),
    Old("Split", 11, {"axis": 1}, outputs=TWO),
    Old("Split", 12, {"axis": 1, "split": [1, 3]}, outputs=TWO),
    Old("Split", 13, {"axis": 1}, {"parts": np.array([3, 1])}, outputs=TWO),
    Old("Split", 17, {"axis": 1}, outputs=TWO),
    Old("Split", 18, {"axis": 3, "num_outputs": 2}, outputs=TWO),
    Old("Squeeze", 11, {"axes": [2]}, shape=(2, 4, 1, 5)),
    Old("Squeeze", 12, {"axes": [-2, -1]}, shape=(2, 4, 1, 1)),
    Old("Unsqueeze", 11, {"axes": [1, 5]}),
    Old("Upsample", 7, {"scales": [1.0, 1.0, 2.0, 3.0]}),
    Old("Upsample", 9, {"mode": "nearest"}, DOUBLE),
    Old("Upsample", 9, {"mode": "linear"}, DOUBLE),
    Old("Resize", 10, {"mode": "nearest"}, DOUBLE),
    Old("Resize", 10, {"mode": "linear"}, DOUBLE),
    Old(
        "Resize",
        11,
        {"coordinate_transformation_mode": "align_corners", "mode": "linear"},
        {"roi": draw(0), **DOUBLE},
    ),
    Old(
        "Resize",
        13,
        {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        {"roi": draw(0), "none": draw(0), "sizes": np.array([2, 4, 7, 9])},
        batch=2,
    ),
    Old("MaxPool", 8, {"kernel_shape": [2, 2], "strides": [2, 2]}),
    Old("AveragePool", 7, {"kernel_shape": [2, 2], "pads": [1, 1, 0, 0]}),
    Old("AveragePool", 11, {"kernel_shape": [2, 3], "ceil_mode": 1, "strides": [2, 2]}),
    Old("Flatten", 9, {"axis": 2}),
    Old("PRelu", 9, {}, {"slope": draw(4, 1, 1)}),
    Old("LeakyRelu", 7, {}),
    Old("ConvTranspose", 8, {"strides": [2, 2]}, {"w": draw(4, 2, 3, 3)}),
    Old("Conv", 7, {"group": 4, "auto_pad": "SAME_LOWER"}, {"w": draw(8, 1, 2, 2)}),
    Old("DepthToSpace", 7, {"blocksize": 2}),
    Old("Transpose", 7, {"perm": [0, 2, 3, 1]}),
]


@pytest.mark.parametrize("old", CASES, ids=str)
def test_the_meaning_stays(old: Old, tmp_path: Path) -> None:
    path = old.write(tmp_path / "old.onnx")
    x = {"x": draw(*old.shape, seed=9)}
    graph = load_onnx(path)
    theirs = run_theirs(path, x) if old.opset > 6 else [np.asarray(x["x"])]
    again = run_theirs(save_onnx(graph, tmp_path / "new.onnx"), x)
    for ours, expected, saved in zip(run_ours(graph, x), theirs, again, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=2e-6, atol=2e-6)
        np.testing.assert_allclose(saved, expected, rtol=2e-6, atol=2e-6)


def test_saved_conversions_pass_the_official_checker(tmp_path: Path) -> None:
    for old in CASES:
        graph = load_onnx(old.write(tmp_path / "old.onnx"))
        model = onnx.load(save_onnx(graph, tmp_path / "new.onnx"))
        onnx.checker.check_model(model, full_check=True)
        assert model.opset_import[0].version == 22


def test_a_group_norm_of_opset_18_has_one_scale_a_group(tmp_path: Path) -> None:
    old = Old("GroupNormalization", 18, {"num_groups": 2}, GROUPS)
    graph = load_onnx(old.write(tmp_path / "old.onnx"))
    x = draw(2, 4, 3, 5)
    (y,) = run_ours(graph, {"x": x})
    grouped = x.reshape(2, 2, -1)
    centred = grouped - grouped.mean(-1, keepdims=True)
    plain = centred / np.sqrt(grouped.var(-1, keepdims=True) + 1e-5)
    scaled = plain * GROUPS["scale"][:, None] + GROUPS["shift"][:, None]
    np.testing.assert_allclose(y, scaled.reshape(x.shape), rtol=1e-5, atol=1e-5)


def test_slopes_of_opset_6_lie_along_the_channels(tmp_path: Path) -> None:
    graph = load_onnx(Old("PRelu", 6, {}, {"s": draw(4)}).write(tmp_path / "a.onnx"))
    x = draw(2, 4, 3, 5, seed=3)
    (y,) = run_ours(graph, {"x": x})
    np.testing.assert_array_equal(y, np.where(x < 0, x * draw(4)[:, None, None], x))
    assert [node.op for node in graph.nodes] == ["PRelu"]
    assert graph.parameters == {"s"}


@pytest.mark.parametrize(("axis", "shape"), [(1, (4,)), (2, (3, 5)), (-2, (3,))])
def test_operands_of_opset_6_lie_along_an_axis(
    axis: int, shape: tuple[int, ...], tmp_path: Path
) -> None:
    old = Old("Add", 6, {"broadcast": 1, "axis": axis}, {"b": draw(*shape)})
    (y,) = run_ours(load_onnx(old.write(tmp_path / "a.onnx")), {"x": draw(2, 4, 3, 5)})
    laid = draw(*shape).reshape(shape + (1,) * (4 - axis % 4 - len(shape)))
    np.testing.assert_array_equal(y, draw(2, 4, 3, 5) + laid)


@pytest.mark.parametrize(
    ("old", "sentence"),
    [
        (Old("BatchNormalization", 7, {"spatial": 0}, STATISTICS), "one statistic"),
        (Old("Softmax", 11, {"axis": 7}), "an axis must be within the rank"),
        (Old("Pad", 10, {}), "a Pad needs pads"),
        (Old("Upsample", 7, {}), "an Upsample needs scales"),
        (Old("Clip", 10, {"min": "low"}), "must be a number"),
        (Old("Squeeze", 11, {"axes": [0.5]}), "must be integers"),
        (
            Old("GroupNormalization", 18, {"num_groups": 3}, {"s": draw(3)}),
            "groups must divide",
        ),
    ],
    ids=str,
)
def test_a_broken_rule_of_its_version_is_named(
    old: Old, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(DepthwiseError, match=sentence):
        load_onnx(old.write(tmp_path / "old.onnx"))


def test_training_outputs_that_are_read_are_refused(tmp_path: Path) -> None:
    outputs = ("y", "mean_out")
    old = Old("BatchNormalization", 9, {}, STATISTICS, outputs=outputs)
    with pytest.raises(FormatError, match="inference mode"):
        load_onnx(old.write(tmp_path / "old.onnx"))


@pytest.mark.parametrize("opset", [5, 23, 2**40])
def test_other_opsets_are_refused(opset: int, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=f"must be 6 to 22; got {opset}"):
        load_onnx(Old("Relu", opset).write(tmp_path / "a.onnx"))


@pytest.mark.parametrize("op", ["If", "NonMaxSuppression", "QLinearConv", "Relu7"])
def test_a_missing_operator_is_named_with_its_node(op: str, tmp_path: Path) -> None:
    node = make_node(op, ["x"], ["y"], name="culprit")
    path = write_model(tmp_path / "a.onnx", [node], {"x": ["N", 4]})
    with pytest.raises(UnsupportedOperatorError, match=f"{op}.*culprit"):
        load_onnx(path)


def test_every_converted_operator_is_in_the_table() -> None:
    assert set(CONVERSIONS) - {"Upsample"} <= set(OPERATORS)


def test_operators_that_changed_are_converted_or_known() -> None:
    """Walk ONNX's own history: attributes that went must have a conversion."""
    changed = set()
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain or schema.name not in OPERATORS or schema.since_version > 22:
            continue
        now = OPERATORS[schema.name]
        lost = set(schema.attributes) - set(now.attributes)
        if schema.since_version >= 6 and lost:
            changed.add(schema.name)
    assert changed <= set(CONVERSIONS)
