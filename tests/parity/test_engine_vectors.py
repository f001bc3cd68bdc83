"""The onnx wheel's vectors for every operator that the engine compiles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.parity.vectors import Case, RefusalError, cases, load

from depthwise.engine import compile_graph
from depthwise.engine.lowering.table import RULES
from depthwise.errors import CompileError
from depthwise.graph import OPERATORS, Graph

NAMES = set(RULES) | {"Constant"}
FLOAT = {"float32"}


def compilable() -> list[tuple[Case, Graph, dict[str, np.ndarray]]]:
    """Cases whose operators have rules and whose inputs are float32."""
    found = []
    for case in cases():
        if case.operators <= NAMES and not case.name.startswith("light/"):
            try:
                graph, given = load(case)
            except RefusalError:
                continue
            if {array.dtype.name for array in given.values()} <= FLOAT:
                found.append((case, graph, given))
    return found


def check_compiled(case: Case, graph: Graph, given: dict[str, np.ndarray]) -> None:
    """Generated code gives the case's results."""
    found = compile_graph(graph, threads=1, cache=None).run(given)
    for name, wanted in zip(graph.outputs, case.outputs, strict=True):
        close = (max(case.rtol, 1e-5), max(case.atol, 1e-6))
        np.testing.assert_allclose(found[name], wanted, *close, err_msg=case.name)


def with_constants(
    graph: Graph, given: dict[str, np.ndarray]
) -> tuple[Graph, dict[str, np.ndarray]]:
    """The same case with its weights where the engine wants them."""
    loose = {name for node in graph.nodes for name in node.inputs[1:] if name in given}
    constants = {**graph.constants, **{name: given[name] for name in loose}}
    inputs = tuple(i for i in graph.inputs if i.name not in loose)
    made = replace(graph, inputs=inputs, constants=constants)
    return made, {n: a for n, a in given.items() if n not in loose}


def test_every_vector_comes_out_right_or_is_refused_by_name() -> None:
    done, refused = 0, {}
    for case, graph, given in compilable():
        try:
            check_compiled(case, graph, given)
        except CompileError as error:
            if "is not a constant" not in str(error):
                refused[case.name] = str(error)
                continue
            check_compiled(case, *with_constants(graph, given))
        done += 1
    assert done >= 280
    assert all("operators must have a native kernel" in r for r in refused.values())
    assert len(refused) < done / 4, refused


def test_check_compiled_can_fail() -> None:
    case, graph, given = next(c for c in compilable() if c[0].name == "test_relu")
    wrong = {name: array + 1 for name, array in given.items()}
    with pytest.raises(AssertionError):
        check_compiled(case, graph, wrong)


def test_every_rule_has_its_row_in_the_table() -> None:
    assert set(RULES) <= set(OPERATORS)
