"""The onnx wheel's own vectors: all that the table can hold come out right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from tests.parity.operators_page import PAGE, page
from tests.parity.vectors import (
    Case,
    RefusalError,
    cases,
    load,
    refusals,
    version_of,
)

from depthwise.errors import DepthwiseError
from depthwise.execute import run
from depthwise.formats import load_onnx, save_onnx
from depthwise.graph import OPERATORS, OPSET, Graph

FLOATS = {"float16", "float32", "float64"}


def execute(graph: Graph, given: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Run a graph; in the declared types where these are not all the same."""
    types = {kind.dtype for kind in graph.types.values()} & FLOATS
    if len(types) == 1:
        # Half precision is for storage. Scores of 1e10 that differ in their last bit
        # only are softmax's worst: the made-up networks run in double precision.
        made_up = graph.name.startswith("light/")
        dtype = "float64" if made_up else {"float16": "float32"}.get(*types, *types)
        (results,) = run(graph, [given], dtype=dtype)
        return [results[name].astype(graph.types[name].dtype) for name in graph.outputs]
    values = {**graph.constants, **given, "": None}
    for node in graph.nodes:
        call = graph.call(node)
        arrays = tuple(values[name] for name in node.inputs)
        with np.errstate(all="ignore"):
            results = call.operator.reference(call, arrays)
        values.update(zip(node.outputs, results, strict=False))
    return [values[name] for name in graph.outputs]


def check_results(case: Case, results: list[np.ndarray]) -> None:
    """Results have the case's shapes, types and values."""
    for got, expected in zip(results, case.outputs, strict=True):
        wanted = np.asarray(expected)
        assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
        np.testing.assert_allclose(
            got.astype(np.float64),
            wanted.astype(np.float64),
            rtol=case.rtol,
            atol=case.atol,
        )


def check_vector(case: Case) -> None:
    """The results of a case are right, and so are the inferred types."""
    graph, given = load(case)
    results = execute(graph, given)
    check_results(case, results)
    for name, got in zip(graph.outputs, results, strict=True):
        inferred = graph.types[name]
        assert (inferred.shape, inferred.dtype) == (got.shape, got.dtype.name)


def test_check_results_can_fail() -> None:
    good = next(case for case in cases() if case.name == "test_relu")
    with pytest.raises(AssertionError):
        check_results(good, [np.asarray(good.outputs[0]) + 1])


def test_check_vector_can_fail() -> None:
    good = next(case for case in cases() if case.name == "test_relu")
    wrong = Case(good.name, good.model, good.inputs, good.inputs, good.rtol, good.atol)
    with pytest.raises(AssertionError):
        check_vector(wrong)


def test_every_case_within_the_table_comes_out_right() -> None:
    passed: dict[str, set[str]] = {}
    failed: dict[str, str] = {}
    for case in cases():
        try:
            check_vector(case)
            passed[case.name] = case.operators
        except RefusalError:
            continue
        except AssertionError as error:
            failed[case.name] = str(error)
    assert failed == {}
    assert len(passed) > 1200
    # The wheel has no case for a global LP pooling.
    assert set(OPERATORS) - set().union(*passed.values()) == {"GlobalLpPool"}


def test_the_page_of_operators_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def through_files(case: Case, folder: Path) -> Iterator[Graph]:
    """The case's graph written and read, and its model read as others write it."""
    graph, given = load(case)
    yield load_onnx(save_onnx(graph, folder / "ours.onnx"))
    if not 11 <= version_of(case.model) <= OPSET:
        return
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    for value in list(model.graph.input):
        if value.name in given:
            continue
        model.graph.input.remove(value)
        array = numpy_helper.from_array(graph.constants[value.name], value.name)
        model.graph.initializer.append(array)
    path = folder / "theirs.onnx"
    path.write_bytes(model.SerializeToString())
    yield load_onnx(path)


def test_cases_come_out_right_after_a_file(tmp_path: Path) -> None:
    count = 0
    failed: dict[str, str] = {}
    for case in cases():
        if case.name in refusals() or case.name.startswith("light/"):
            continue
        graph, given = load(case)
        types = graph.types.values()
        narrow = not {kind.dtype for kind in types} & {"float16", "float64"}
        # Files of other types are read as float32; an input has no empty axis.
        if not narrow or any(array.size == 0 for array in given.values()):
            continue
        try:
            for again in through_files(case, tmp_path):
                check_results(case, execute(again, given))
                count += 1
        except (AssertionError, DepthwiseError) as error:
            failed[case.name] = str(error)
    assert failed == {}
    assert count > 1400
