"""A graph as an ONNX model."""

from __future__ import annotations

import json
from pathlib import Path

from depthwise.errors import FormatError
from depthwise.files import write_with
from depthwise.formats.attributes import exact_entries, write_attribute
from depthwise.formats.limits import MAX_FILE_BYTES
from depthwise.formats.messages import (
    ArrayTypeMessage,
    DimMessage,
    Entry,
    GraphMessage,
    ModelMessage,
    NodeMessage,
    OpsetMessage,
    ShapeMessage,
    TypeMessage,
    ValueMessage,
)
from depthwise.formats.tensors import CODES, to_message
from depthwise.formats.wire import Chunk, encode
from depthwise.graph import OPSET, Batch, Dim, Graph, Node, TensorType, verify

IR_VERSION = 10
"""The first version that allows opset 22; read by ONNX Runtime from 1.20 on."""

PARAMETERS_KEY = "depthwise.parameters"
"""Model metadata: names of the constants that training changes, as JSON."""

SCOPE_PREFIX = "scope: "
"""A node's documentation begins with it. Documentation survives ONNX's version
converter and ONNX Runtime's fused nodes; the metadata of nodes survives neither."""


def save_onnx(graph: Graph, path: Path | str) -> Path:
    """Write a graph as an ONNX file, whole or not at all.

    Constants become initialisers under their names, nodes keep their names and
    scopes, the batch is the symbol N. Equal graphs give equal bytes.

    Args:
        graph: Any graph that verifies.
        path: The file; its folder is made, and what it held is replaced.

    Returns:
        The path.

    Raises:
        GraphError: If the graph breaks its rules.
        FormatError: If ONNX cannot hold it.

    Example:
        >>> from tempfile import mkdtemp
        >>> from depthwise.graph import Input
        >>> x = Input("x", TensorType("float32", (Batch(), 4)))
        >>> graph = Graph("tiny", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> save_onnx(graph, Path(mkdtemp()) / "tiny.onnx").name
        'tiny.onnx'
    """
    chunks = encode_graph(verify(graph))

    def write(place: Path) -> None:
        with place.open("wb") as stream:
            stream.writelines(chunks)

    return write_with(Path(path), write)


def encode_graph(graph: Graph) -> list[Chunk]:
    """Encode a graph as the bytes of an ONNX file.

    Args:
        graph: A graph that verifies.

    Returns:
        Pieces to write one after the other; weights are not copied.

    Raises:
        FormatError: If the file would be larger than the format allows.
    """
    message = ModelMessage(
        ir_version=IR_VERSION,
        producer="depthwise",
        graph=_graph(graph),
        opsets=(OpsetMessage("", OPSET),),
        metadata=(Entry(PARAMETERS_KEY, json.dumps(sorted(graph.parameters))),),
    )
    chunks, size = encode(message)
    if size > MAX_FILE_BYTES:
        msg = f"an ONNX file has at most {MAX_FILE_BYTES} bytes; got {size}"
        raise FormatError(msg)
    return chunks


def _graph(graph: Graph) -> GraphMessage:
    constants = graph.constants.items()
    return GraphMessage(
        nodes=[_node(node) for node in graph.nodes],
        name=graph.name,
        initializers=[to_message(name, array) for name, array in constants],
        inputs=[_value(i.name, i.type) for i in graph.inputs],
        outputs=[_value(name, graph.types[name]) for name in graph.outputs],
    )


def _node(node: Node) -> NodeMessage:
    return NodeMessage(
        inputs=node.inputs,
        outputs=node.outputs,
        name=node.name,
        op=node.op,
        attributes=[write_attribute(*item) for item in node.attributes.items()],
        doc=SCOPE_PREFIX + node.scope if node.scope else None,
        metadata=exact_entries(node.attributes),
    )


def _value(name: str, kind: TensorType) -> ValueMessage:
    if kind.dtype not in CODES:
        msg = f"an element type must be one that ONNX has; got {kind.dtype}, {name!r}"
        raise FormatError(msg)
    shape = ShapeMessage([_dim(dim) for dim in kind.shape])
    return ValueMessage(name, TypeMessage(ArrayTypeMessage(CODES[kind.dtype], shape)))


def _dim(dim: Dim) -> DimMessage:
    return DimMessage(symbol=str(dim)) if isinstance(dim, Batch) else DimMessage(dim)
