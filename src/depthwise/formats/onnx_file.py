"""Reading an ONNX file, in the order in which it happens."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from depthwise.errors import DepthwiseError, FormatError, UnsupportedOperatorError
from depthwise.formats.binding import bind_inputs
from depthwise.formats.declared import check_declared, known_sizes
from depthwise.formats.draft import (
    ONNX_DOMAINS,
    drafts_of,
    input_values,
    opset_of,
    to_node,
)
from depthwise.formats.external import ExternalData
from depthwise.formats.importing import import_graph, narrowed
from depthwise.formats.limits import MAX_FILE_BYTES
from depthwise.formats.messages import GraphMessage, ModelMessage
from depthwise.formats.tensors import Array, to_array
from depthwise.formats.unknown import (
    UnknownNode,
    cut_out,
    refuse_unknown,
    unknown_nodes,
)
from depthwise.formats.wire import Reader
from depthwise.formats.write import PARAMETERS_KEY
from depthwise.graph import OPSET, Graph, verify
from depthwise.graph.inference import type_of

UNEXPECTED = "a file must keep the rules of its operators"
"""How the sentence begins that stands in for a rule that nobody has written down."""

_BROKEN_RULE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)


def load_onnx(
    path: Path | str,
    *,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
) -> Graph:
    """Read an ONNX file.

    Args:
        path: The file.
        input_shapes: Sizes for inputs that the file leaves open, by input name, the
            batch first; the empty name is the first input.

    Returns:
        A graph that verifies.

    Raises:
        FormatError: If the file is damaged, too large or not ONNX, or declares another
            type of an output than its nodes give; open sizes fit any number.
        UnsupportedOperatorError: If it holds an operator outside the table.
        UsageError: If a size is open and not given.
        GraphError: If it breaks the rules of a graph.
        GeometryError: If shapes do not fit.

    Example:
        >>> from tempfile import mkdtemp
        >>> from depthwise.formats import save_onnx
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 4)))
        >>> graph = Graph("tiny", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> print(load_onnx(save_onnx(graph, Path(mkdtemp()) / "tiny.onnx")))
        graph tiny(x: float32[N,4]) -> y
          y: float32[N,4] = Relu(x)
    """
    return _load(Path(path), input_shapes or {}, allowed=False)[0]


def load_known(
    path: Path | str,
    *,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
) -> tuple[Graph, tuple[UnknownNode, ...]]:
    """Read what is known of an ONNX file that holds operators outside the table.

    Args:
        path: The file.
        input_shapes: As for ``load_onnx``.

    Returns:
        The network around those operators, which takes their results as inputs and
        has as results what they read; and the operators.

    Raises:
        DepthwiseError: As ``load_onnx`` does, and if the file does not say how large
            a result of such an operator is.

    Example:
        >>> from tempfile import mkdtemp
        >>> from depthwise.formats import save_onnx
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 4)))
        >>> graph = Graph("tiny", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> load_known(save_onnx(graph, Path(mkdtemp()) / "tiny.onnx"))[1]
        ()
    """
    return _load(Path(path), input_shapes or {}, allowed=True)


def _load(
    path: Path, shapes: Mapping[str, Sequence[int]], *, allowed: bool
) -> tuple[Graph, tuple[UnknownNode, ...]]:
    try:
        model = read_model(path)
        unknown: tuple[UnknownNode, ...] = ()
        if allowed and model.graph is not None:
            unknown = unknown_nodes(model.graph)
            model = replace(model, graph=cut_out(model.graph, unknown))
        return _to_graph(model, shapes, path.parent), unknown
    except DepthwiseError as error:
        raise type(error)(f"{path}: {error.message}", error.hint) from error
    except _BROKEN_RULE as error:
        raise FormatError(f"{path}: {UNEXPECTED}; got {error!r:.200}") from error


def read_model(path: Path) -> ModelMessage:
    """Read the messages of a file.

    Args:
        path: The file.

    Returns:
        The whole file; weights are views of its bytes.

    Raises:
        FormatError: If it is not a file, empty, too large or damaged.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise FormatError("an ONNX model must be a file; got something else")
        if not 0 < status.st_size <= MAX_FILE_BYTES:
            msg = f"an ONNX file has 1 to {MAX_FILE_BYTES} bytes"
            raise FormatError(f"{msg}; got {status.st_size}")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise FormatError(f"the file must be readable; got {error}") from error
    return Reader(data).message(ModelMessage, 0, len(data))


def _to_graph(
    model: ModelMessage,
    shapes: Mapping[str, Sequence[int]],
    folder: Path,
) -> Graph:
    if model.graph is None:
        raise FormatError("an ONNX file holds a graph; got none")
    for function in model.functions:
        if function.domain in ONNX_DOMAINS:
            msg = f"a file must not redefine ONNX's operators; got {function.name}"
            raise UnsupportedOperatorError(msg)
    graph, opset = model.graph, opset_of(model)
    constants = _initialisers(graph, ExternalData(folder))
    arrays = {name: type_of(array) for name, array in constants.items()}
    check_declared("an initialiser", graph.inputs, arrays)
    drafts = drafts_of(graph)
    refuse_unknown(unknown_nodes(graph))
    given = input_values(graph)
    inputs = bind_inputs(given, shapes)
    outputs = tuple(value.name for value in graph.outputs)
    trained = _parameters(model)
    if trained is None or opset != OPSET:
        found = import_graph(graph.name, opset, inputs, outputs, constants, drafts)
        if trained is not None:
            kept = trained & frozenset(found.constants)
            found = replace(found, parameters=kept)
    else:
        nodes = tuple(to_node(narrowed(draft)) for draft in drafts)
        found = Graph(graph.name, inputs, outputs, nodes, constants, trained)
    types = verify(found).types
    check_declared("an output", graph.outputs, types, sizes=known_sizes(given))
    return found


def _initialisers(graph: GraphMessage, external: ExternalData) -> dict[str, Array]:
    if graph.sparse:
        raise FormatError("weights must be dense; got a sparse initialiser")
    arrays: dict[str, Array] = {}
    for tensor in graph.initializers:
        if tensor.name in arrays or not tensor.name:
            msg = f"initialisers have names of their own; got {tensor.name!r} again"
            raise FormatError(msg)
        arrays[tensor.name] = to_array(tensor, external.read(tensor))
    return arrays


def _parameters(model: ModelMessage) -> frozenset[str] | None:
    """Read which constants training changes; None if depthwise did not write it."""
    text = {entry.key: entry.value for entry in model.metadata}.get(PARAMETERS_KEY)
    if text is None:
        return None
    try:
        names = json.loads(text)
    except (ValueError, RecursionError) as error:
        msg = f"metadata {PARAMETERS_KEY} must be a list of names; got {error}"
        raise FormatError(msg) from error
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise FormatError(f"metadata {PARAMETERS_KEY} must be a list of names")
    return frozenset(names)
