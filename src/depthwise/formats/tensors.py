"""Arrays in an ONNX file: every size is checked before anything is allocated."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.errors import FormatError
from depthwise.formats.limits import MAX_ELEMENTS, MAX_RANK
from depthwise.formats.messages import TensorMessage
from depthwise.formats.wire import unpack_fixed, unpack_varints

Array: TypeAlias = NDArray[Any]

_BFLOAT16 = 16

DTYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    _BFLOAT16: "float32",
}
"""NumPy's names of ONNX's element types; bfloat16 has none and is widened."""

CODES = {"float32": 1} | {name: code for code, name in DTYPES.items() if code != 16}


def dtype_of(code: int | None) -> str:
    """Name an element type.

    Args:
        code: ONNX's number for it.

    Returns:
        NumPy's name.

    Raises:
        FormatError: If it is text, complex, 8-bit or 4-bit real, or unknown.

    Example:
        >>> dtype_of(1)
        'float32'
    """
    name = DTYPES.get(code or 0)
    if name is None:
        known = ", ".join(sorted(set(DTYPES.values())))
        raise FormatError(f"an element type must be one of {known}; got type {code}")
    return name


def stored_bytes(code: int | None) -> int:
    """Tell how many bytes an element takes in a file.

    Args:
        code: ONNX's number of the element type.

    Returns:
        Bytes an element.

    Raises:
        FormatError: If depthwise does not know the type.

    Example:
        >>> stored_bytes(10)
        2
    """
    return np.dtype(_stored(code, dtype_of(code))).itemsize


def kept_dtype(name: str) -> str:
    """Choose the element type that a graph computes in.

    Real numbers of every width become float32: exact for the narrower ones, rounded
    once for float64.

    Args:
        name: NumPy's name of the type in the file.

    Returns:
        NumPy's name of the type in the graph.

    Example:
        >>> kept_dtype("float16"), kept_dtype("int64")
        ('float32', 'int64')
    """
    return "float32" if name in {"float16", "float64"} else name


def check_shape(name: str, dims: tuple[int, ...]) -> int:
    """Check that a shape could be real.

    Args:
        name: Whose shape it is.
        dims: Its axes.

    Returns:
        The number of elements.

    Raises:
        FormatError: If an axis is negative, or there are too many axes or elements.

    Example:
        >>> check_shape("w", (8, 3, 3))
        72
    """
    if len(dims) > MAX_RANK:
        msg = f"an array has at most {MAX_RANK} axes; got {len(dims)} for {name!r}"
        raise FormatError(msg)
    if any(dim < 0 for dim in dims):
        raise FormatError(f"an axis must have 0 or more elements; got {dims}, {name!r}")
    largest = math.prod(dim or 1 for dim in dims)
    if largest > MAX_ELEMENTS:
        msg = f"an array has at most {MAX_ELEMENTS} elements; got {largest}"
        raise FormatError(f"{msg} for {name!r}")
    return math.prod(dims)


def to_array(tensor: TensorMessage, external: memoryview | None = None) -> Array:
    """Read an array.

    Args:
        tensor: The message.
        external: The bytes, if they are in another file.

    Returns:
        A copy in the machine's byte order; real numbers as float32.

    Raises:
        FormatError: If the bytes are not what the shape and the type ask for.

    Example:
        >>> to_array(to_message("w", np.array([1.0, 2.0], "float32")))
        array([1., 2.], dtype=float32)
    """
    dims = tuple(tensor.dims)
    elements = check_shape(tensor.name, dims)
    name = dtype_of(tensor.data_type)
    raw = external if external is not None else tensor.raw
    if tensor.location and external is None:
        msg = f"a constant of a node holds its own bytes; got {tensor.name!r}"
        raise FormatError(f"{msg} in another file")
    if raw is None:
        flat = _listed(tensor, name)
    else:
        flat = unpack_fixed([raw], _stored(tensor.data_type, name))
    if flat.size != elements:
        msg = f"{tensor.name!r} of shape {dims} must have {elements} elements"
        raise FormatError(f"{msg}; got {flat.size}", "the file is damaged or cut off")
    if tensor.data_type == _BFLOAT16:
        flat = (flat.astype("u4") << np.uint32(16)).view("f4")
    with np.errstate(over="ignore"):
        return flat.astype(kept_dtype(name)).reshape(dims)


def _stored(code: int | None, name: str) -> str:
    if code == _BFLOAT16:
        return "<u2"
    return "u1" if name == "bool" else np.dtype(name).newbyteorder("<").str


def _listed(tensor: TensorMessage, name: str) -> Array:
    """Read the lists of numbers that stand in for bytes."""
    if name == "float32" and tensor.data_type != _BFLOAT16:
        return unpack_fixed(tensor.floats, "<f4")
    if name == "float64":
        return unpack_fixed(tensor.doubles, "<f8")
    if name in {"uint32", "uint64"}:
        return unpack_varints(tensor.uint64s).view("u8")
    if name == "int64":
        return unpack_varints(tensor.int64s)
    values = unpack_varints(tensor.int32s)
    if name == "float16":
        return values.astype("u2").view("f2")
    return values.astype("u2") if tensor.data_type == _BFLOAT16 else values


def to_message(name: str, array: Array) -> TensorMessage:
    """Write an array.

    Args:
        name: Its name.
        array: Numbers of a type that ONNX knows.

    Returns:
        The message; its bytes are the array's own where those are in order.

    Raises:
        FormatError: If ONNX has no such element type.

    Example:
        >>> to_message("w", np.zeros((2, 3), "float32")).dims
        (2, 3)
    """
    code = CODES.get(array.dtype.name)
    if code is None:
        msg = f"an element type must be one that ONNX has; got {array.dtype}, {name!r}"
        raise FormatError(msg)
    ordered = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    raw = memoryview(np.atleast_1d(ordered).reshape(-1).view("u1").data)
    return TensorMessage(dims=array.shape, data_type=code, name=name, raw=raw)
