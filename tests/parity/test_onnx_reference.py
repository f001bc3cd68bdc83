"""The operator table = onnx's own reference evaluator, row after row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator
from tests.parity.one_node import call, compute
from tests.parity.table_cases import TableCase, table_cases

from depthwise.errors import DepthwiseError
from depthwise.graph import OPERATORS, OPSET, Batch, TensorType, bind

CASES = tuple(table_cases())
# Where onnx's evaluator errs, its runtime is the judge.
EVALUATOR_ERRS = {
    "ConvTranspose": "groups need as many filters as channels",
    "LRN": "sums the wrong channels at the edges",
    "LpNormalization": "takes another axis for p=1",
    "Mean": "does not broadcast",
    "MaxPool": "indices ignore the channel in one axis",
    "Pad": "refuses to crop a named axis",
}
NOWHERE_ELSE = {"GlobalLpPool"}


def model_of(case: TableCase) -> onnx.ModelProto:
    """A model of one node; types of results are those of our own rules."""
    names = [f"v{i}" if a is not None else "" for i, a in enumerate(case.arrays)]
    results = [f"y{i}" for i in range(case.outputs)]
    node = helper.make_node(case.op, names, results, **case.attributes)
    inputs = [
        _value(name, array.dtype, array.shape)
        for name, array in zip(names, case.arrays, strict=True)
        if array is not None
    ]
    prepared = call(case.op, case.arrays, case.attributes, outputs=case.outputs)
    types = prepared.operator.infer(prepared)
    outputs = [
        _value(name, np.dtype(kind.dtype), None)
        for name, kind in zip(results, types, strict=False)
    ]
    graph = helper.make_graph([node], "one", inputs, outputs)
    imports = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def _value(
    name: str, dtype: np.dtype, shape: tuple[int, ...] | None
) -> onnx.ValueInfoProto:
    number = helper.np_dtype_to_tensor_dtype(dtype)
    return helper.make_tensor_value_info(name, number, shape)


def theirs(case: TableCase) -> list[np.ndarray]:
    """What onnx computes for one node."""
    given = {f"v{i}": a for i, a in enumerate(case.arrays) if a is not None}
    model = model_of(case)
    if case.op not in EVALUATOR_ERRS:
        return list(ReferenceEvaluator(model).run(None, given))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return list(session.run(None, given))


def check_like_onnx(case: TableCase, expected: list[np.ndarray]) -> None:
    """All results, within float32's rounding of a few operations."""
    got = compute(case.op, case.arrays, case.attributes, outputs=case.outputs)
    for ours, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(ours, other, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("op", [op for op in OPERATORS if op not in NOWHERE_ELSE])
def test_a_row_is_like_onnx(op: str) -> None:
    cases = [case for case in CASES if case.op == op]
    assert cases, f"table_cases has no case for {op}"
    for case in cases:
        check_like_onnx(case, theirs(case))


def test_check_like_onnx_can_fail() -> None:
    wrong = np.array([-1, 1], np.float32)
    with pytest.raises(AssertionError):
        check_like_onnx(TableCase("Relu", (wrong,)), [wrong])


def test_global_power_pooling() -> None:
    x = np.array([[[3.0, -4.0]], [[1.0, 0.0]]])
    (got,) = compute("GlobalLpPool", [x])
    assert got.tolist() == [[[5.0]], [[1.0]]]


@pytest.mark.parametrize("op", OPERATORS)
def test_a_row_keeps_the_precision_of_its_operands(op: str) -> None:
    for case in (case for case in CASES if case.op == op):
        wide = [_widened(array) for array in case.arrays]
        narrow = compute(op, case.arrays, case.attributes, outputs=case.outputs)
        results = compute(op, wide, case.attributes, outputs=case.outputs)
        for few, many in zip(narrow, results, strict=True):
            assert many.dtype == ("float64" if few.dtype == "float32" else few.dtype)
            np.testing.assert_allclose(few, many, rtol=1e-4, atol=1e-5)


def _widened(array: np.ndarray | None) -> np.ndarray | None:
    if array is None or array.dtype != np.float32:
        return array
    return array.astype(np.float64)


@pytest.mark.parametrize("op", OPERATORS)
def test_a_row_infers_a_batch_that_is_not_known(op: str) -> None:
    """With N in front the shape rule says the same, or refuses; it never lies."""
    for case in (case for case in CASES if case.op == op):
        fixed = call(op, case.arrays, case.attributes, outputs=case.outputs)
        first = case.arrays[0]
        if first is None or first.ndim < 2 or first.dtype != np.float32:
            continue
        batch = TensorType("float32", (Batch(len(first)), *first.shape[1:]))
        opened = replace(
            fixed,
            inputs=(batch, *fixed.inputs[1:]),
            constants=(None, *fixed.constants[1:]),
        )
        try:
            found = opened.operator.infer(opened)
        except DepthwiseError:
            continue
        expected = fixed.operator.infer(fixed)
        shapes = [bind(kind.shape, 1) for kind in found]
        assert shapes == [kind.shape for kind in expected]
