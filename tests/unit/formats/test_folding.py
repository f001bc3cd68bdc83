"""Sizes that exporters spell out become constants; only the batch stays open."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper
from onnx.helper import make_node
from tests.unit.formats.files import Array, draw, run_ours, run_theirs, write_model

from depthwise.errors import FormatError, GraphError
from depthwise.formats import load_onnx, save_onnx
from depthwise.graph import Batch, Graph

ONE, TWO, THREE = (np.array([i]) for i in (1, 2, 3))


def spell(*items: str) -> list[onnx.NodeProto]:
    """Spell out ``Concat(items)``, where x0 x1 ... are sizes of x."""
    nodes = [make_node("Shape", ["x"], ["shape"])]
    for item in items:
        if item.startswith("x"):
            nodes += [
                make_node("Gather", ["shape", f"i{item[1]}"], [f"d{item}"], axis=0),
                make_node("Unsqueeze", [f"d{item}", "zero"], [item]),
            ]
    return [*nodes, make_node("Concat", list(items), ["sizes"], axis=0)]


INDICES: Mapping[str, Array] = {
    "zero": np.array([0]),
    "minus": np.array([-1]),
    **{f"i{i}": np.array(i) for i in range(4)},
    **{str(i): np.array([i]) for i in range(10)},
}


def load_and_compare(
    tmp_path: Path,
    nodes: Sequence[onnx.NodeProto],
    constants: Mapping[str, Array],
    shape: Sequence[int | str] = ("N", 4, 3, 5),
) -> Graph:
    path = write_model(tmp_path / "a.onnx", nodes, {"x": shape}, constants)
    graph = load_onnx(path)
    for batch in (1, 3):
        x = {"x": draw(batch, *(d for d in shape[1:] if isinstance(d, int)))}
        for ours, theirs in zip(run_ours(graph, x), run_theirs(path, x), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
        saved = save_onnx(graph, tmp_path / "b.onnx")
        np.testing.assert_allclose(
            run_theirs(saved, x)[0], run_theirs(path, x)[0], rtol=1e-5, atol=1e-5
        )
    return graph


@pytest.mark.parametrize(
    "items",
    [
        ("x0", "minus"),
        ("x0", "6", "2", "5"),
        ("minus", "x1", "x3", "x2"),
        ("x1", "minus"),
    ],
)
def test_a_spelled_out_reshape_is_one_node(
    items: tuple[str, ...], tmp_path: Path
) -> None:
    nodes = [*spell(*items), make_node("Reshape", ["x", "sizes"], ["y"])]
    graph = load_and_compare(tmp_path, nodes, INDICES)
    assert [node.op for node in graph.nodes] == ["Reshape"]
    assert len(graph.constants) == 1


def test_arithmetic_on_sizes_is_folded(tmp_path: Path) -> None:
    nodes = [
        make_node("Shape", ["x"], ["shape"]),
        make_node("Gather", ["shape", "i2"], ["rows"]),
        make_node("Cast", ["rows"], ["real"], to=TensorProto.FLOAT),
        make_node("Mul", ["real", "half"], ["scaled"]),
        make_node("Floor", ["scaled"], ["whole"]),
        make_node("Cast", ["whole"], ["size"], to=TensorProto.INT64),
        make_node("Unsqueeze", ["size", "zero"], ["end"]),
        make_node("Slice", ["x", "zero", "end", "2"], ["y"]),
    ]
    constants = {**INDICES, "half": np.array(2 / 3, "float32")}
    graph = load_and_compare(tmp_path, nodes, constants)
    assert [node.op for node in graph.nodes] == ["Slice"]
    assert graph.types["y"].shape == (Batch(), 4, 2, 5)


def test_a_size_that_is_cast_and_read_twice_stays_a_number(tmp_path: Path) -> None:
    """As ``h // 2`` is exported: through Casts that do nothing."""
    whole = {"to": TensorProto.INT64}
    nodes = [
        *spell("x0")[:-1],
        make_node("Gather", ["shape", "i1"], ["four"]),
        make_node("Div", ["four", "i2"], ["two"]),
        make_node("Cast", ["two"], ["cast"], **whole),
        make_node("Cast", ["cast"], ["half"], **whole),
        make_node("Unsqueeze", ["half", "zero"], ["row"]),
        make_node("Mul", ["half", "half"], ["area"]),
        make_node("Unsqueeze", ["area", "zero"], ["column"]),
        make_node("Concat", ["x0", "row", "column", "5"], ["target"], axis=0),
        make_node("Reshape", ["x", "target"], ["y"]),
    ]
    graph = load_and_compare(tmp_path, nodes, INDICES, ("N", 4, 2, 5))
    assert graph.types["y"].shape == (Batch(), 2, 4, 5)


def test_a_resize_to_spelled_out_sizes_leaves_the_batch_alone(tmp_path: Path) -> None:
    nodes = [
        *spell("x0", "x1", "6", "9"),
        make_node("Resize", ["x", "", "", "sizes"], ["y"], mode="linear"),
    ]
    graph = load_and_compare(tmp_path, nodes, INDICES)
    (resize,) = graph.nodes
    assert resize.attributes["axes"] == (1, 2, 3)
    assert graph.types["y"].shape == (Batch(), 4, 6, 9)


def test_an_expand_that_keeps_the_batch_is_constant(tmp_path: Path) -> None:
    nodes = [
        *spell("x0", "x1", "x2", "5"),
        make_node("ReduceMean", ["x", "3"], ["mean"]),
        make_node("Expand", ["mean", "sizes"], ["y"]),
    ]
    graph = load_and_compare(tmp_path, nodes, INDICES)
    assert [node.op for node in graph.nodes] == ["ReduceMean", "Expand"]


def test_an_array_as_long_as_the_batch_is_made_when_run(tmp_path: Path) -> None:
    value = numpy_helper.from_array(np.array([0.5], "float32"))
    nodes = [
        *spell("x0", "2"),
        make_node("ConstantOfShape", ["sizes"], ["state"], value=value),
        make_node("Flatten", ["x"], ["flat"]),
        make_node("Concat", ["flat", "state"], ["y"], axis=1),
    ]
    graph = load_and_compare(tmp_path, nodes, INDICES)
    assert graph.types["y"].shape == (Batch(), 62)


def test_weights_that_are_only_reshaped_keep_their_names(tmp_path: Path) -> None:
    nodes = [
        make_node("Reshape", ["conv.bias", "along"], ["along.bias"]),
        make_node("Transpose", ["conv.weight"], ["turned"], perm=[1, 0, 2, 3]),
        make_node("Conv", ["x", "turned"], ["raw"], name="/features/features.0/Conv"),
        make_node("Add", ["raw", "along.bias"], ["y"]),
    ]
    constants = {
        "conv.bias": draw(6),
        "conv.weight": draw(4, 6, 1, 1),
        "along": np.array([1, -1, 1, 1]),
    }
    graph = load_and_compare(tmp_path, nodes, constants)
    assert [node.op for node in graph.nodes] == ["Conv", "Add"]
    shapes = {name: array.shape for name, array in graph.constants.items()}
    assert shapes == {"conv.bias": (1, 6, 1, 1), "conv.weight": (6, 4, 1, 1)}
    assert graph.parameters == {"conv.bias", "conv.weight"}
    assert graph.nodes[0].scope == "conv"


def test_a_weight_that_is_read_twice_stays_what_it_is(tmp_path: Path) -> None:
    nodes = [
        make_node("Reshape", ["w", "along"], ["w4"]),
        make_node("Add", ["x", "w4"], ["sum"]),
        make_node("Mul", ["sum", "w"], ["y"]),
    ]
    constants = {"w": draw(5), "along": np.array([1, 1, 1, 5])}
    graph = load_and_compare(tmp_path, nodes, constants)
    assert {n: a.shape for n, a in graph.constants.items()} == {
        "w": (5,),
        "w4": (1, 1, 1, 5),
    }


def test_identities_vanish_and_results_keep_their_names(tmp_path: Path) -> None:
    nodes = [
        make_node("Identity", ["x"], ["a"]),
        make_node("Relu", ["a"], ["b"]),
        make_node("Cast", ["b"], ["c"], to=TensorProto.FLOAT),
        make_node("Identity", ["c"], ["y"]),
    ]
    graph = load_and_compare(tmp_path, nodes, {})
    assert str(graph).splitlines()[1:] == ["  y: float32[N,4,3,5] = Relu(x)"]


def test_an_input_that_is_a_result_keeps_both_names(tmp_path: Path) -> None:
    graph = load_and_compare(tmp_path, [make_node("Identity", ["x"], ["y"])], {})
    assert [node.op for node in graph.nodes] == ["Identity"]


def test_a_filled_array_takes_no_memory(tmp_path: Path) -> None:
    value = numpy_helper.from_array(np.array([2], "float32"))
    nodes = [
        make_node("ConstantOfShape", ["sizes"], ["w"], value=value),
        make_node("MatMul", ["x", "w"], ["y"]),
    ]
    constants = {"sizes": np.array([4, 2**28])}
    path = write_model(tmp_path / "a.onnx", nodes, {"x": ["N", 4]}, constants)
    graph = load_onnx(path)
    assert graph.constants["w"].strides == (0, 0)
    assert graph.types["y"].shape == (Batch(), 2**28)
    with pytest.raises(FormatError, match="at most 2147483647 bytes"):
        save_onnx(graph, tmp_path / "b.onnx")


def test_half_and_double_become_single(tmp_path: Path) -> None:
    weights = np.array([1 / 3, 2.0**-20, 65504], "float16")
    nodes = [
        make_node("Cast", ["x"], ["half"], to=TensorProto.FLOAT16),
        make_node("Mul", ["half", "w"], ["product"]),
        make_node("Cast", ["product"], ["y"], to=TensorProto.DOUBLE),
    ]
    path = write_model(
        tmp_path / "a.onnx",
        nodes,
        {"x": ["N", 3]},
        {"w": weights},
        types={"x": TensorProto.DOUBLE, "y": TensorProto.DOUBLE},
    )
    graph = load_onnx(path)
    assert [node.op for node in graph.nodes] == ["Mul"]
    assert {kind.dtype for kind in graph.types.values()} == {"float32"}
    assert graph.constants["w"].tolist() == weights.astype(float).tolist()


def test_nodes_that_nobody_reads_are_left_out(tmp_path: Path) -> None:
    nodes = [make_node("Relu", ["x"], ["y"]), make_node("Sigmoid", ["x"], ["unread"])]
    graph = load_and_compare(tmp_path, nodes, {"unused": draw(3)})
    assert len(graph.nodes) == 1
    assert not graph.constants


def test_equal_node_names_are_told_apart(tmp_path: Path) -> None:
    nodes = [
        make_node("Relu", ["x"], ["a"], name="act"),
        make_node("Relu", ["a"], ["b"], name="act"),
        make_node("Relu", ["b"], ["y"]),
    ]
    graph = load_onnx(write_model(tmp_path / "a.onnx", nodes, {"x": ["N", 4]}))
    assert [node.name for node in graph.nodes] == ["act", "act_1", "y"]


@pytest.mark.parametrize(
    "nodes",
    [
        [make_node("Relu", ["b"], ["a"]), make_node("Relu", ["a"], ["b"])],
        [make_node("Relu", ["a"], ["y"]), make_node("Relu", ["x"], ["a"])],
        [make_node("Relu", ["nowhere"], ["y"])],
        [make_node("Relu", ["x"], ["y"]), make_node("Relu", ["x"], ["y"])],
        [make_node("Relu", ["x"], ["x"])],
        [make_node("Identity", ["x"], ["y"]), make_node("Relu", ["x"], ["y"])],
        [make_node("Relu", ["x"], ["other"])],
    ],
    ids=[
        "cycle",
        "order",
        "nowhere",
        "twice",
        "input again",
        "alias again",
        "no output",
    ],
)
def test_a_broken_order_is_named(nodes: list[onnx.NodeProto], tmp_path: Path) -> None:
    path = write_model(tmp_path / "a.onnx", nodes, {"x": ["N", 4]})
    with pytest.raises(GraphError, match=r"defined|exist"):
        load_onnx(path)
