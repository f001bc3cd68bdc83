"""What callers hand in, checked against the graph before any pointer is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.errors import GeometryError, UsageError
from depthwise.graph import Batch, Graph, Input, TensorType
from depthwise.graph.shapes import Shape, bind, format_shape

Array: TypeAlias = NDArray[np.float32]
Batches: TypeAlias = Any
"""An array, or arrays by input name."""
Buffers: TypeAlias = Array | Mapping[str, Array] | None
"""An array for one output, arrays by output name, or nothing."""


def check_inputs(graph: Graph, inputs: Batches) -> tuple[list[Array], int]:
    """Check inputs and see them as contiguous float32 arrays.

    Args:
        graph: The graph.
        inputs: An array for a graph with one input, or arrays by name; anything with
            DLPack is taken without a copy where it is contiguous.

    Returns:
        Arrays in the graph's order, and the number of samples.

    Raises:
        UsageError: If an input is missing or unknown.
        GeometryError: If a shape or an element type is not what the graph takes.
    """
    names = [given.name for given in graph.inputs]
    if not isinstance(inputs, Mapping):
        inputs = {names[0]: inputs}
    if set(inputs) != set(names):
        got = sorted(map(str, inputs))
        raise UsageError(f"every input is given once; got {got}, not {names}")
    arrays = [_as_array(given, inputs[given.name]) for given in graph.inputs]
    sizes = {
        _samples(given, array.shape)
        for given, array in zip(graph.inputs, arrays, strict=True)
    } - {None}
    if len(sizes) > 1:
        numbers = sorted(size for size in sizes if size is not None)
        msg = f"inputs must hold the same number of samples; got {numbers}"
        raise GeometryError(msg)
    return arrays, sizes.pop() or 1 if sizes else 1


def _as_array(given: Input, value: Any) -> Array:
    if not isinstance(value, np.ndarray):
        if not hasattr(value, "__dlpack__"):
            kind = type(value).__name__
            raise GeometryError(f"input {given.name} must be an array; got {kind}")
        try:
            value = np.from_dlpack(value)
        except (BufferError, RuntimeError, TypeError) as error:
            msg = f"input {given.name} must be readable through DLPack; got {error}"
            raise GeometryError(msg) from error
    if value.dtype != np.float32:
        msg = f"input {given.name} must be float32; got {value.dtype}"
        raise GeometryError(msg, 'convert it with .astype("float32")')
    if not value.flags.aligned:
        return np.array(value)
    return np.ascontiguousarray(value) if value.ndim else value


def _samples(given: Input, shape: tuple[int, ...]) -> int | None:
    """Compare a shape with what is declared; return the batch size that it shows."""
    wanted: Shape = given.type.shape
    size: int | None = None
    fits = len(shape) == len(wanted)
    for got, dim in zip(shape, wanted, strict=False):
        if isinstance(dim, Batch):
            fits = fits and got % dim.times == 0 and got > 0
            size = got // dim.times
        else:
            fits = fits and got == dim
    if not fits:
        msg = (
            f"input {given.name} must be {_text(given.type)}; got {format_shape(shape)}"
        )
        raise GeometryError(msg)
    return size


def _text(kind: TensorType) -> str:
    return f"{kind.dtype}{format_shape(kind.shape)}"


def check_outputs(
    graph: Graph, count: int, outputs: Buffers, inputs: Sequence[Array]
) -> dict[str, Array]:
    """Check the caller's buffers and make those that are missing.

    Args:
        graph: The graph.
        count: Samples.
        outputs: Buffers by output name, one buffer for one output, or None.
        inputs: What the network reads.

    Returns:
        A buffer for every output, in the graph's order.

    Raises:
        UsageError: If a name is no output.
        GeometryError: If a buffer cannot be written in place.
    """
    given = _by_name(graph, outputs)
    made: dict[str, Array] = {}
    for name in graph.outputs:
        shape = bind(graph.types[name].shape, count)
        buffer = given.get(name)
        if buffer is None:
            made[name] = np.empty(shape, np.float32)
            continue
        _check_buffer(name, buffer, shape)
        if any(
            np.may_share_memory(buffer, other) for other in (*inputs, *made.values())
        ):
            msg = f"buffer {name} must be apart from inputs and other buffers; "
            raise GeometryError(f"{msg}got shared memory")
        made[name] = buffer
    return made


def _by_name(graph: Graph, outputs: Buffers) -> Mapping[str, Array]:
    if outputs is None:
        return {}
    if not isinstance(outputs, Mapping):
        if len(graph.outputs) != 1:
            msg = f"buffers are given by name for outputs {list(graph.outputs)}; "
            raise UsageError(f"{msg}got {type(outputs).__name__}")
        return {graph.outputs[0]: outputs}
    unknown = [name for name in outputs if name not in graph.outputs]
    if unknown:
        msg = f"buffers are for outputs {list(graph.outputs)}; got {unknown[0]!r}"
        raise UsageError(msg)
    return outputs


def _check_buffer(name: str, buffer: Array, shape: tuple[int, ...]) -> None:
    if not isinstance(buffer, np.ndarray):
        msg = f"buffer {name} must be an array; got {type(buffer).__name__}"
        raise GeometryError(msg)
    if buffer.dtype != np.float32 or buffer.shape != shape:
        got = f"{buffer.dtype}{format_shape(buffer.shape)}"
        msg = f"buffer {name} must be float32{format_shape(shape)}; got {got}"
        raise GeometryError(msg)
    flags = buffer.flags
    if not (flags.c_contiguous and flags.writeable and flags.aligned):
        got = f"contiguous={flags.c_contiguous}, writeable={flags.writeable}"
        rule = f"buffer {name} must be contiguous, writeable and aligned"
        raise GeometryError(f"{rule}; got {got}, aligned={flags.aligned}")
