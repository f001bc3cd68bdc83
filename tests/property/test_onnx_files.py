"""Laws of files: what is saved is loaded, and ONNX Runtime computes the same."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests import reference
from tests.strategies import Geometry, geometries
from tests.unit.formats.files import run_theirs
from tests.unit.formats.samples import facts

from depthwise.formats import (
    ModelFolder,
    load_folder,
    load_onnx,
    save_folder,
    save_onnx,
)
from depthwise.formats.wire import signed, unpack_varints
from depthwise.graph import Batch, Graph, Input, Node, TensorType, verify

FILES = settings(max_examples=60)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
REALS = st.floats(-1e3, 1e3) | st.sampled_from([1 / 6, 1e-5, 0.1, 1.0, 3.4e38])
SIZES = st.integers(1, 9)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(-1e9, 1e9)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=4)


def within(make: Callable[[Path], Any]) -> Any:
    """Call with a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        return make(Path(folder))


@st.composite
def chains(draw: st.DrawFn) -> Graph:
    """Nodes in a row with any names, scopes and numbers, and constants of any kind."""
    count = draw(st.integers(1, 5))
    values = draw(
        st.lists(NAMES, min_size=2 * count + 4, max_size=2 * count + 4, unique=True)
    )
    links, spare = values[: count + 1], values[count + 1 :]
    nodes, constants = [], {}
    for index in range(count):
        op = draw(
            st.sampled_from(["Relu", "LeakyRelu", "HardSigmoid", "Clip", "Softmax"])
        )
        inputs = [links[index]]
        attributes: dict[str, Any] = {}
        if op == "Clip":
            low = spare[index]
            constants[low] = np.array(draw(REALS), "float32")
            inputs.append(low)
        elif op == "Softmax":
            attributes["axis"] = draw(st.integers(-3, 2))
        elif op != "Relu":
            attributes["alpha"] = draw(REALS)
        name = draw(st.just("") | st.just(f"node {index}"))
        scope = draw(st.just("") | NAMES)
        outputs = (links[index + 1],)
        nodes.append(Node(op, tuple(inputs), outputs, attributes, name, scope))
    for name in spare[count:]:
        kinds = st.sampled_from(["float32", "int64", "int32", "uint8", "bool", "int8"])
        shapes = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)
        constants[name] = draw(arrays.arrays(draw(kinds), shapes))
    parameters = draw(st.sets(st.sampled_from(sorted(constants)))) if constants else ()
    batch = draw(st.just(Batch()) | SIZES | st.builds(Batch, SIZES))
    x = Input(links[0], TensorType("float32", (batch, draw(SIZES), draw(SIZES))))
    graph_name = draw(st.just("") | NAMES)
    outputs = (links[-1],)
    names = frozenset(parameters)
    return verify(Graph(graph_name, (x,), outputs, tuple(nodes), constants, names))


@FILES
@given(chains())
def test_a_loaded_graph_is_the_saved_one(graph: Graph) -> None:
    loaded = within(lambda f: load_onnx(save_onnx(graph, f / "a.onnx")))
    assert facts(loaded) == facts(graph)


@FILES
@given(chains())
def test_saving_what_was_loaded_gives_the_same_bytes(graph: Graph) -> None:
    def twice(folder: Path) -> tuple[bytes, bytes]:
        first = save_onnx(graph, folder / "a.onnx")
        again = save_onnx(load_onnx(first), folder / "b.onnx")
        return first.read_bytes(), again.read_bytes()

    first, again = within(twice)
    assert first == again


@FILES
@given(chains(), OBJECTS, OBJECTS, OBJECTS, st.none() | OBJECTS)
def test_a_loaded_folder_is_the_saved_one(
    graph: Graph, preprocess: Any, classes: Any, training: Any, config: Any
) -> None:
    registry = None if config is None else {"name": "net", "config": config}
    folder = ModelFolder(graph, preprocess, classes, training, registry)
    loaded = within(lambda place: load_folder(save_folder(place / "m", folder)))
    assert facts(loaded.graph) == facts(graph)
    parts = ("preprocess", "classes", "training", "registry", "notes")
    assert [getattr(loaded, p) for p in parts] == [getattr(folder, p) for p in parts]


def convolution(geometry: Geometry, values: list[np.ndarray]) -> Graph:
    """The geometry as a graph whose batch is open."""
    names = ("x", "conv.weight", "conv.bias")[: len(values)]
    node = Node("Conv", names, ("y",), geometry.attributes(), "conv", "conv")
    shape = (Batch(), *values[0].shape[1:])
    x = Input("x", TensorType("float32", shape))
    constants = dict(zip(names[1:], values[1:], strict=True))
    trained = frozenset(constants)
    return Graph("conv", (x,), ("y",), (node,), constants, trained)


def saved_and_run(geometry: Geometry, values: list[np.ndarray]) -> np.ndarray:
    """What ONNX Runtime computes from the saved file."""
    graph = convolution(geometry, values)
    feeds = {"x": values[0]}
    (found,) = within(lambda f: run_theirs(save_onnx(graph, f / "a.onnx"), feeds))
    return found


def expected(geometry: Geometry, values: list[np.ndarray]) -> reference.Result:
    """Plain loops."""
    bias = values[2] if geometry.bias else None
    return reference.convolution(
        values[0], values[1], bias, geometry.sliding, geometry.group
    )


@FILES
@given(geometries())
def test_onnx_runtime_is_exact_on_small_integers(geometry: Geometry) -> None:
    assume(min(geometry.sliding.pads) >= 0)
    values = geometry.arrays(whole=True)
    found = saved_and_run(geometry, values)
    np.testing.assert_array_equal(found, expected(geometry, values).values)


@FILES
@given(geometries())
def test_onnx_runtime_is_within_the_derived_bound(geometry: Geometry) -> None:
    assume(min(geometry.sliding.pads) >= 0)
    values = geometry.arrays()
    exact = expected(geometry, values).values
    sizes = expected(geometry, [np.abs(value) for value in values]).values
    error = np.abs(saved_and_run(geometry, values) - exact)
    assert (error <= reference.error_bound(sizes, geometry.terms)).all()


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_numbers_of_any_width_are_read(numbers: list[int]) -> None:
    data = bytearray()
    for number in numbers:
        rest = number % 2**64
        while rest > 127:
            data.append(rest & 127 | 128)
            rest >>= 7
        data.append(rest)
    assert unpack_varints([memoryview(bytes(data))]).tolist() == numbers


@pytest.mark.parametrize("number", [0, 1, -1, 2**63 - 1, -(2**63)])
def test_signs_survive(number: int) -> None:
    assert signed(number % 2**64) == number
