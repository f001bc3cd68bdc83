"""Sizes as torch.export writes them, as sizes of a Graph: plain, or multiples of N."""

from __future__ import annotations

from typing import Any

import torch

from depthwise.errors import GraphError
from depthwise.graph import Batch, Dim, Shape

ONNX_TYPES = {
    "float32": 1,
    "uint8": 2,
    "int8": 3,
    "int16": 5,
    "int32": 6,
    "int64": 7,
    "bool": 9,
    "float16": 10,
    "float64": 11,
}
"""ONNX's numbers of element types."""


def dim_of(size: int | torch.SymInt) -> Dim:
    """Turn one size into a dimension.

    Args:
        size: A plain integer, or torch's symbolic one, in which the only symbol is
            the batch.

    Returns:
        The integer, or a multiple of N.

    Raises:
        GraphError: If the size is no plain multiple of the batch, such as N // 2.

    Example:
        >>> dim_of(8)
        8
    """
    if not isinstance(size, torch.SymInt):
        return int(size)
    expression: Any = size.node.expr
    if expression.is_Integer:
        return int(expression)
    times, rest = expression.as_coeff_Mul()
    if rest.is_Symbol and times.is_Integer and times > 0:
        return Batch(int(times))
    msg = f"a size must be a number or a multiple of the batch; got {expression}"
    raise GraphError(msg)


def shape_of(value: torch.Tensor) -> Shape:
    """Turn a traced tensor's size into a shape.

    Args:
        value: A fake or a real tensor.

    Returns:
        One dimension an axis.

    Example:
        >>> shape_of(torch.zeros(2, 3))
        (2, 3)
    """
    return tuple(dim_of(size) for size in value.shape)


def dtype_of(dtype: torch.dtype) -> str:
    """Give torch's element type NumPy's name.

    Args:
        dtype: Any element type that NumPy has too.

    Returns:
        Such as "float32".

    Raises:
        GraphError: If NumPy lacks it.

    Example:
        >>> dtype_of(torch.float32)
        'float32'
    """
    if dtype == torch.bfloat16 or dtype.is_complex:
        msg = f"elements must be of a type that NumPy and ONNX share; got {dtype}"
        hint = "convert the model with model.float()"
        if dtype.is_complex:
            hint = "take abs(), .real, .imag or torch.view_as_real of it"
        raise GraphError(msg, hint)
    return str(dtype).removeprefix("torch.")
