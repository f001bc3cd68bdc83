"""The messages of an ONNX file: each a dataclass with the numbers of its fields.

Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (IR version 10).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from depthwise.formats.wire import Field, Kind

Fields = Mapping[int, Field]


def _integer(name: str, *, repeated: bool = False) -> Field:
    return Field(name, Kind.INTEGER, repeated)


def _text(name: str, *, repeated: bool = False) -> Field:
    return Field(name, Kind.TEXT, repeated)


def _packed(name: str) -> Field:
    return Field(name, Kind.PACKED, repeated=True)


def _one(name: str, message: type) -> Field:
    return Field(name, Kind.MESSAGE, message=message)


def _many(name: str, message: type) -> Field:
    return Field(name, Kind.MESSAGE, repeated=True, message=message)


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and a value: StringStringEntryProto."""

    key: str = ""
    value: str = ""

    FIELDS: ClassVar[Fields] = {1: _text("key"), 2: _text("value")}


@dataclass(frozen=True, slots=True)
class TensorMessage:
    """An array: TensorProto.

    Args:
        dims: Elements an axis.
        data_type: ONNX's number of the element type.
        floats: Elements as a list of float32, packed.
        int32s: Elements of narrow types as a list, packed.
        int64s: Elements as a list of int64, packed.
        name: The value it is.
        raw: Elements as bytes, little endian: the usual form.
        doubles: Elements as a list of float64, packed.
        uint64s: Elements of uint32 and uint64 as a list, packed.
        external: Which file holds the bytes, and where in it.
        location: 1 where another file holds the bytes.
    """

    dims: Sequence[int] = ()
    data_type: int | None = None
    floats: Sequence[memoryview] = ()
    int32s: Sequence[memoryview] = ()
    int64s: Sequence[memoryview] = ()
    name: str = ""
    raw: memoryview | None = None
    doubles: Sequence[memoryview] = ()
    uint64s: Sequence[memoryview] = ()
    external: Sequence[Entry] = ()
    location: int | None = None

    FIELDS: ClassVar[Fields] = {
        1: _integer("dims", repeated=True),
        2: _integer("data_type"),
        4: _packed("floats"),
        5: _packed("int32s"),
        7: _packed("int64s"),
        8: _text("name"),
        9: Field("raw", Kind.OPAQUE),
        10: _packed("doubles"),
        11: _packed("uint64s"),
        13: _many("external", Entry),
        14: _integer("location"),
    }


@dataclass(frozen=True, slots=True)
class AttributeMessage:
    """An attribute of a node: AttributeProto.

    Args:
        name: Its name.
        real: One real number.
        integer: One integer.
        text: One text, in UTF-8.
        tensor: One array.
        graph: A subgraph, not decoded.
        reals: Several real numbers.
        integers: Several integers.
        texts: Several texts.
        graphs: Several subgraphs, not decoded.
        type: Which of these it is.
        reference: The attribute of a function that it stands for.
    """

    name: str = ""
    real: float | None = None
    integer: int | None = None
    text: memoryview | bytes | None = None
    tensor: TensorMessage | None = None
    graph: memoryview | None = None
    reals: Sequence[float] = ()
    integers: Sequence[int] = ()
    texts: Sequence[memoryview | bytes] = ()
    graphs: Sequence[memoryview] = ()
    type: int | None = None
    reference: str = ""

    FIELDS: ClassVar[Fields] = {
        1: _text("name"),
        2: Field("real", Kind.REAL),
        3: _integer("integer"),
        4: Field("text", Kind.OPAQUE),
        5: _one("tensor", TensorMessage),
        6: Field("graph", Kind.OPAQUE),
        7: Field("reals", Kind.REAL, repeated=True),
        8: _integer("integers", repeated=True),
        9: Field("texts", Kind.OPAQUE, repeated=True),
        11: Field("graphs", Kind.OPAQUE, repeated=True),
        20: _integer("type"),
        21: _text("reference"),
    }


@dataclass(frozen=True, slots=True)
class NodeMessage:
    """An operation: NodeProto.

    Args:
        inputs: Names of what it reads; empty where an optional input is left out.
        outputs: Names of what it defines.
        name: What the file calls it.
        op: The operator.
        attributes: Its attributes.
        doc: Any text; tools keep it.
        domain: Whose operator it is; ONNX's own is empty.
        metadata: Any keys and values; some tools drop them.
    """

    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    name: str = ""
    op: str = ""
    attributes: Sequence[AttributeMessage] = ()
    doc: str | None = None
    domain: str | None = None
    metadata: Sequence[Entry] = ()

    FIELDS: ClassVar[Fields] = {
        1: _text("inputs", repeated=True),
        2: _text("outputs", repeated=True),
        3: _text("name"),
        4: _text("op"),
        5: _many("attributes", AttributeMessage),
        6: _text("doc"),
        7: _text("domain"),
        9: _many("metadata", Entry),
    }


@dataclass(frozen=True, slots=True)
class DimMessage:
    """One axis: TensorShapeProto.Dimension.

    Args:
        value: Its size, where that is fixed.
        symbol: The name of its size, where that is open.
    """

    value: int | None = None
    symbol: str | None = None

    FIELDS: ClassVar[Fields] = {1: _integer("value"), 2: _text("symbol")}


@dataclass(frozen=True, slots=True)
class ShapeMessage:
    """Axes: TensorShapeProto.

    Args:
        dims: One entry an axis.
    """

    dims: Sequence[DimMessage] = ()

    FIELDS: ClassVar[Fields] = {1: _many("dims", DimMessage)}


@dataclass(frozen=True, slots=True)
class ArrayTypeMessage:
    """Element type and shape: TypeProto.Tensor.

    Args:
        element: ONNX's number of the element type.
        shape: Axes; None where the rank is unknown.
    """

    element: int | None = None
    shape: ShapeMessage | None = None

    FIELDS: ClassVar[Fields] = {
        1: _integer("element"),
        2: _one("shape", ShapeMessage),
    }


@dataclass(frozen=True, slots=True)
class TypeMessage:
    """The type of a value: TypeProto; sequences and maps have no array type."""

    array: ArrayTypeMessage | None = None

    FIELDS: ClassVar[Fields] = {1: _one("array", ArrayTypeMessage)}


@dataclass(frozen=True, slots=True)
class ValueMessage:
    """A named, typed value: ValueInfoProto.

    Args:
        name: The value.
        type: Its type.
    """

    name: str = ""
    type: TypeMessage | None = None

    FIELDS: ClassVar[Fields] = {1: _text("name"), 2: _one("type", TypeMessage)}


@dataclass(frozen=True, slots=True)
class GraphMessage:
    """A network: GraphProto.

    Args:
        nodes: Operations, in an order in which they can run.
        name: What the file calls the network.
        initializers: Weights.
        inputs: What the caller supplies; in old files, weights as well.
        outputs: Results.
        sparse: Sparse weights, not decoded.
        values: Types of what passes between nodes, where the file has them.
    """

    nodes: Sequence[NodeMessage] = ()
    name: str = ""
    initializers: Sequence[TensorMessage] = ()
    inputs: Sequence[ValueMessage] = ()
    outputs: Sequence[ValueMessage] = ()
    sparse: Sequence[memoryview] = ()
    values: Sequence[ValueMessage] = ()

    FIELDS: ClassVar[Fields] = {
        1: _many("nodes", NodeMessage),
        2: _text("name"),
        5: _many("initializers", TensorMessage),
        11: _many("inputs", ValueMessage),
        12: _many("outputs", ValueMessage),
        13: _many("values", ValueMessage),
        15: Field("sparse", Kind.OPAQUE, repeated=True),
    }


@dataclass(frozen=True, slots=True)
class OpsetMessage:
    """A set of operators in use: OperatorSetIdProto.

    Args:
        domain: Whose operators; ONNX's own is empty.
        version: The version of the set.
    """

    domain: str = ""
    version: int | None = None

    FIELDS: ClassVar[Fields] = {1: _text("domain"), 2: _integer("version")}


@dataclass(frozen=True, slots=True)
class FunctionMessage:
    """An operator that the file spells itself: FunctionProto.

    Args:
        name: The operator.
        domain: Who defines it; empty for ONNX.
    """

    name: str | None = None
    domain: str | None = None

    FIELDS: ClassVar[Fields] = {1: _text("name"), 10: _text("domain")}


@dataclass(frozen=True, slots=True)
class ModelMessage:
    """A whole file: ModelProto.

    Args:
        ir_version: The version of the format itself.
        producer: The program that wrote the file.
        graph: The network.
        opsets: The versions of the operators in it.
        metadata: Any keys and values.
        functions: Operators that it spells itself.
    """

    ir_version: int | None = None
    producer: str | None = None
    graph: GraphMessage | None = None
    opsets: Sequence[OpsetMessage] = ()
    metadata: Sequence[Entry] = ()
    functions: Sequence[FunctionMessage] = ()

    FIELDS: ClassVar[Fields] = {
        1: _integer("ir_version"),
        2: _text("producer"),
        7: _one("graph", GraphMessage),
        8: _many("opsets", OpsetMessage),
        14: _many("metadata", Entry),
        25: _many("functions", FunctionMessage),
    }
