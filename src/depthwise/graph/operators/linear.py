"""Matrix products: Gemm and MatMul."""

from __future__ import annotations

import numpy as np

from depthwise.errors import GeometryError
from depthwise.graph.operators.operator import Array, Call, Macs, Operator
from depthwise.graph.shapes import TensorType, broadcast, concrete, multiply


def _gemm_sizes(call: Call) -> tuple[TensorType, int]:
    a, b = call.shape(0), call.shape(1)
    if len(a) != 2 or len(b) != 2:
        raise GeometryError(f"Gemm takes matrices; got {len(a)} and {len(b)} axes")
    rows, inner = a[::-1] if call.integer("transA") else a
    inner_b, columns = b[::-1] if call.integer("transB") else b
    if inner != inner_b:
        msg = f"Gemm needs equal inner sizes; got {inner} and {inner_b}"
        raise GeometryError(msg)
    if call.has(2):
        broadcast((rows, columns), call.shape(2))
    (size,) = concrete((inner,))
    return TensorType(call.type(0).dtype, (rows, columns)), size


def _infer_gemm(call: Call) -> tuple[TensorType, ...]:
    return (_gemm_sizes(call)[0],)


def _gemm_macs(call: Call) -> Macs:
    """Rows x columns x inner; alpha and beta are not counted."""
    result, inner = _gemm_sizes(call)
    (rows, columns) = concrete(result.shape)
    count = rows * columns * inner
    return Macs(count, count, count, count)


def _gemm(call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    a, b = arrays[0], arrays[1]
    a = a.T if call.integer("transA") else a
    b = b.T if call.integer("transB") else b
    result = a @ b
    if (alpha := call.real("alpha")) != 1:
        result = result * np.asarray(alpha, result.dtype)
    if len(arrays) > 2 and arrays[2] is not None:
        beta = call.real("beta")
        bias = arrays[2] if beta == 1 else arrays[2] * np.asarray(beta, result.dtype)
        result = result + bias
    return (result,)


def _infer_matmul(call: Call) -> tuple[TensorType, ...]:
    a, b = call.shape(0), call.shape(1)
    if not a or not b:
        raise GeometryError("MatMul takes one axis or more; got a scalar")
    left = (1, *a) if len(a) == 1 else a
    right = (*b, 1) if len(b) == 1 else b
    if left[-1] != right[-2]:
        msg = f"MatMul needs equal inner sizes; got {left[-1]} and {right[-2]}"
        raise GeometryError(msg)
    rows = () if len(a) == 1 else left[-2:-1]
    columns = () if len(b) == 1 else right[-1:]
    batch = broadcast(left[:-2], right[:-2])
    return (TensorType(call.type(0).dtype, (*batch, *rows, *columns)),)


def _matmul_macs(call: Call) -> Macs:
    """Elements of the result x inner."""
    (result,) = _infer_matmul(call)
    (count,) = concrete((multiply((*result.shape, call.shape(0)[-1])),))
    return Macs(count, count, count, count)


def _matmul(_call: Call, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    return (np.asarray(arrays[0] @ arrays[1]),)


OPERATORS = (
    Operator(
        "Gemm",
        _infer_gemm,
        _gemm,
        {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 0},
        inputs=(2, 3),
        macs=_gemm_macs,
        kinds="fiu",
    ),
    Operator(
        "MatMul", _infer_matmul, _matmul, inputs=(2, 2), macs=_matmul_macs, kinds="fiu"
    ),
)
