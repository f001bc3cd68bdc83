"""The onnx wheel's own vectors: all that the table can hold come out right."""

from __future__ import annotations

import numpy as np
import pytest
from tests.parity.operators_page import PAGE, page
from tests.parity.vectors import Case, RefusalError, cases, load

from depthwise.execute import run
from depthwise.graph import OPERATORS, Graph

FLOATS = {"float16", "float32", "float64"}


def execute(graph: Graph, given: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Run a graph; in the declared types where these are not all the same."""
    types = {kind.dtype for kind in graph.types.values()} & FLOATS
    if len(types) == 1 and types <= {"float32", "float64"}:
        (dtype,) = types
        if graph.name.startswith("light/"):
            # Scores of 1e10 that differ in their last bit only are softmax's worst.
            dtype = "float64"
        (results,) = run(graph, [given], dtype=dtype)
        return [results[name].astype(graph.types[name].dtype) for name in graph.outputs]
    values = {**graph.constants, **given, "": None}
    for node in graph.nodes:
        call = graph.call(node)
        arrays = tuple(values[name] for name in node.inputs)
        values.update(
            zip(node.outputs, call.operator.reference(call, arrays), strict=False)
        )
    return [values[name] for name in graph.outputs]


def check_vector(case: Case) -> None:
    """Results have the case's shape, type and values, and the inferred types."""
    graph, given = load(case)
    results = execute(graph, given)
    for name, got, expected in zip(graph.outputs, results, case.outputs, strict=True):
        wanted = np.asarray(expected)
        inferred = graph.types[name]
        assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
        assert (inferred.shape, inferred.dtype) == (wanted.shape, wanted.dtype.name)
        np.testing.assert_allclose(
            got.astype(np.float64),
            wanted.astype(np.float64),
            rtol=case.rtol,
            atol=case.atol,
        )


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
    assert len(passed) > 1000
    # The wheel has no case for a global LP pooling.
    assert set(OPERATORS) - set().union(*passed.values()) == {"GlobalLpPool"}


def test_the_page_of_operators_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
