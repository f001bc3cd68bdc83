"""A graph as a LiteRT file: its convolutions, channels last, as LiteRT's own tools do.

LiteRT's converters come with frameworks of gigabytes; the networks that are measured
need a dozen operators, so they are written here. Batch norm is folded, activations
are fused where one reader follows, and padding is SAME or VALID where it can be, a
node of its own where not: XNNPACK merges that into the convolution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.errors import MissingDependencyError, UnsupportedOperatorError
from depthwise.graph import Call, Graph, Node, call_of, concrete
from depthwise.graph.operators.convolution import conv_windows
from depthwise.graph.operators.pooling import pool_windows
from depthwise.graph.operators.window import Window
from depthwise.graph.rewrite import simplify

Array: TypeAlias = NDArray[Any]
_VERSION = 3
_AXES = np.array([1, 2], np.int32)


def write_litert(graph: Graph) -> bytes:
    """Write a graph for LiteRT, images and windows of channels last.

    Args:
        graph: Convolutions of one or two axes, dense or depthwise, additions, ReLU,
            ReLU6, max and global average pooling, one linear layer at the end; float32
            and a batch of one.

    Returns:
        The file.

    Raises:
        UnsupportedOperatorError: If there is another operator.
        MissingDependencyError: If LiteRT is not installed.
    """
    bound = simplify(graph.bind(1))
    writer = _Writer(bound, schema())
    inputs = [writer.input(given.name) for given in bound.inputs]
    for node in bound.nodes:
        if id(node) not in writer.fused:
            writer.node(node)
    outputs = [writer.tensors[name] for name in bound.outputs]
    return writer.pack(inputs, outputs)


def channels_last(array: Array) -> Array:
    """Turn an input as ONNX has it into LiteRT's.

    Args:
        array: ``[N, C, H, W]`` or ``[N, C, L]``; others stay.

    Returns:
        ``[N, H, W, C]``, contiguous; a series has one row.

    Example:
        >>> channels_last(np.zeros((1, 6, 128))).shape
        (1, 1, 128, 6)
    """
    if array.ndim < 3:
        return array
    image = array[:, :, None] if array.ndim == 3 else array
    return np.ascontiguousarray(image.transpose(0, 2, 3, 1))


def schema() -> Any:
    """Import the classes of LiteRT's file format.

    Returns:
        The module.

    Raises:
        MissingDependencyError: If LiteRT is not installed.
    """
    try:
        from ai_edge_litert import schema_py_generated
    except ModuleNotFoundError as error:
        if error.name != "ai_edge_litert":
            raise
        msg = "comparing with LiteRT needs it; got no package 'ai_edge_litert'"
        raise MissingDependencyError(msg, "pip install 'depthwise[peers]'") from error
    return schema_py_generated


@dataclass
class _Writer:
    """A file on its way: tensors, buffers and operators by number."""

    graph: Graph
    kinds: Any
    tensors: dict[str, int] = field(default_factory=dict)
    fused: set[int] = field(default_factory=set)
    _made: list[Any] = field(default_factory=list)
    _buffers: list[Any] = field(default_factory=list)
    _operators: list[Any] = field(default_factory=list)
    _codes: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._buffers.append(self.kinds.BufferT())  # the first is empty by definition

    def input(self, name: str) -> int:
        return self.value(name, _last(concrete(self.graph.types[name].shape)))

    def value(self, name: str, shape: Sequence[int]) -> int:
        """Number a tensor that an operator computes."""
        self.tensors[name] = self._tensor(name, shape, 0, np.dtype(np.float32))
        return self.tensors[name]

    def constant(self, array: Array) -> int:
        """Number a tensor whose numbers are in the file."""
        made = self.kinds.BufferT()
        made.data = np.frombuffer(np.ascontiguousarray(array).tobytes(), np.uint8)
        self._buffers.append(made)
        name = f"constant_{len(self._buffers)}"
        return self._tensor(name, array.shape, len(self._buffers) - 1, array.dtype)

    def shape(self, name: str) -> list[int]:
        return list(self._made[self.tensors[name]].shape)

    def operator(
        self, code: str, inputs: list[int], outputs: list[int], **options: Any
    ) -> None:
        """Append an operator; ``options`` are the fields of its table, by name."""
        number = getattr(self.kinds.BuiltinOperator, code)
        if number not in self._codes:
            self._codes.append(number)
        made = self.kinds.OperatorT()
        made.opcodeIndex = self._codes.index(number)
        made.inputs, made.outputs = inputs, outputs
        table = _OPTIONS[code]
        made.builtinOptionsType = getattr(self.kinds.BuiltinOptions, table)
        made.builtinOptions = getattr(self.kinds, f"{table}T")()
        for name, value in options.items():
            setattr(made.builtinOptions, name, value)
        self._operators.append(made)

    def node(self, node: Node) -> None:
        """Append what a node of the graph says."""
        call = call_of(node, self.graph.types, self.graph.constants)
        if node.op not in _WRITERS:
            msg = f"LiteRT's file can hold {', '.join(_WRITERS)}; got {node.op}"
            raise UnsupportedOperatorError(msg)
        _WRITERS[node.op](self, call)

    def result(self, call: Call, shape: Sequence[int]) -> tuple[int, int]:
        """Number a node's result, and that of an activation behind it; name which."""
        name, kinds = call.node.outputs[0], self.kinds.ActivationFunctionType
        readers = self.graph.consumers.get(name, ())
        activation = kinds.NONE
        if len(readers) == 1 and name not in self.graph.outputs:
            word = _activation(self.graph, readers[0])
            if word:
                self.fused.add(id(readers[0]))
                activation, name = getattr(kinds, word), readers[0].outputs[0]
        return self.value(name, shape), activation

    def padded(
        self, name: str, windows: Sequence[Window], number: float
    ) -> tuple[int, int]:
        """Pad an image, if LiteRT's two words do not say it; name the word."""
        kinds = self.kinds.Padding
        if all(w.begin == w.end == 0 for w in windows):
            return self.tensors[name], kinds.VALID
        if all(_is_same(w) for w in windows):
            return self.tensors[name], kinds.SAME
        edges = [(0, 0), *[(w.begin, w.end) for w in windows], (0, 0)]
        sizes = [a + s + b for s, (a, b) in zip(self.shape(name), edges, strict=True)]
        shape = self.constant(np.array(edges, np.int32))
        own = self._tensor(f"{name} padded", sizes, 0, np.dtype(np.float32))
        given = [self.tensors[name], shape]
        if number:
            given.append(self.constant(np.array(number, np.float32)))
        self.operator("PADV2" if number else "PAD", given, [own])
        return own, kinds.VALID

    def pack(self, inputs: list[int], outputs: list[int]) -> bytes:
        """Write everything."""
        import flatbuffers

        graph, model = self.kinds.SubGraphT(), self.kinds.ModelT()
        graph.tensors, graph.operators = self._made, self._operators
        graph.inputs, graph.outputs = inputs, outputs
        model.version, model.subgraphs, model.buffers = _VERSION, [graph], self._buffers
        model.operatorCodes = [self._code(number) for number in self._codes]
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _code(self, number: int) -> Any:
        made = self.kinds.OperatorCodeT()
        made.builtinCode = made.deprecatedBuiltinCode = number
        made.version = 1
        return made

    def _tensor(
        self, name: str, shape: Sequence[int], buffer: int, dtype: np.dtype[Any]
    ) -> int:
        made = self.kinds.TensorT()
        made.name, made.shape, made.buffer = name, list(shape), buffer
        made.type = getattr(self.kinds.TensorType, dtype.name.upper())
        made.hasRank = True
        self._made.append(made)
        return len(self._made) - 1


def _last(shape: Sequence[int]) -> list[int]:
    return list(channels_last(np.empty(tuple(shape), np.void)).shape)


def _is_same(window: Window) -> bool:
    outputs = -(-window.size // window.stride)
    total = max((outputs - 1) * window.stride + window.reach - window.size, 0)
    known = (total // 2, total - total // 2)
    return window.outputs == outputs and (window.begin, window.end) == known


def _activation(graph: Graph, node: Node) -> str:
    if node.op == "Relu":
        return "RELU"
    if node.op == "Clip":
        call = call_of(node, graph.types, graph.constants)
        bounds = [call.constant(index) for index in (1, 2)]
        if [None if b is None else float(np.ravel(b)[0]) for b in bounds] == [0.0, 6.0]:
            return "RELU6"
    return ""


def _two(windows: Sequence[Window]) -> tuple[Window, Window]:
    high, wide = (*[Window(1, 1)] * (2 - len(windows)), *windows)
    return high, wide


def _steps(high: Window, wide: Window) -> dict[str, int]:
    return {"strideH": high.stride, "strideW": wide.stride}


def _conv(writer: _Writer, call: Call) -> None:
    windows, group = _two(conv_windows(call)), call.integer("group")
    weight = np.asarray(call.constant(1), np.float32)
    channels = weight.shape[1] * group
    if group not in {1, channels}:
        msg = f"LiteRT's convolutions are dense or depthwise; got {group} groups"
        raise UnsupportedOperatorError(msg)
    image = weight[:, :, None] if weight.ndim == 3 else weight
    bias = call.constant(2) if call.has(2) else np.zeros(len(weight))
    source, padding = writer.padded(call.node.inputs[0], windows, 0.0)
    high, wide = windows
    sink, activation = writer.result(call, [1, high.outputs, wide.outputs, len(weight)])
    options = {
        "padding": padding,
        "fusedActivationFunction": activation,
        "dilationHFactor": high.dilation,
        "dilationWFactor": wide.dilation,
        **_steps(high, wide),
    }
    alone = group > 1 or (channels == 1 and len(weight) == 1)
    if alone:
        options["depthMultiplier"] = len(weight) // channels
    code = "DEPTHWISE_CONV_2D" if alone else "CONV_2D"
    order = (1, 2, 3, 0) if alone else (0, 2, 3, 1)
    packed = writer.constant(image.transpose(order))
    starts = writer.constant(np.asarray(bias, np.float32))
    writer.operator(code, [source, packed, starts], [sink], **options)


def _add(writer: _Writer, call: Call) -> None:
    names = call.node.inputs[:2]
    shape = writer.shape(names[0])
    sink, activation = writer.result(call, shape)
    given = [writer.tensors[name] for name in names]
    writer.operator("ADD", given, [sink], fusedActivationFunction=activation)


def _max_pool(writer: _Writer, call: Call) -> None:
    high, wide = windows = _two(pool_windows(call))
    name = call.node.inputs[0]
    source, padding = writer.padded(name, windows, -float(np.finfo(np.float32).max))
    shape = [1, high.outputs, wide.outputs, writer.shape(name)[-1]]
    sink, activation = writer.result(call, shape)
    writer.operator(
        "MAX_POOL_2D",
        [source],
        [sink],
        padding=padding,
        filterHeight=high.kernel,
        filterWidth=wide.kernel,
        fusedActivationFunction=activation,
        **_steps(high, wide),
    )


def _mean(writer: _Writer, call: Call) -> None:
    name = call.node.inputs[0]
    sink = writer.value(call.node.outputs[0], [1, writer.shape(name)[-1]])
    axes = writer.constant(_AXES)
    writer.operator("MEAN", [writer.tensors[name], axes], [sink], keepDims=False)


def _flatten(writer: _Writer, call: Call) -> None:
    """One pixel has the same order, channels first or last; the pool has none left."""
    name = call.node.inputs[0]
    if len(writer.shape(name)) != 2:
        msg = "LiteRT's file flattens what was pooled over the whole image; got another"
        raise UnsupportedOperatorError(msg)
    writer.tensors[call.node.outputs[0]] = writer.tensors[name]


def _gemm(writer: _Writer, call: Call) -> None:
    weight = np.asarray(call.constant(1), np.float32)
    weight = weight if call.integer("transB") else weight.T
    bias = call.constant(2) if call.has(2) else np.zeros(len(weight))
    sink, activation = writer.result(call, [1, len(weight)])
    packed = writer.constant(weight)
    starts = writer.constant(np.ravel(np.asarray(bias, np.float32)))
    given = [writer.tensors[call.node.inputs[0]], packed, starts]
    writer.operator(
        "FULLY_CONNECTED", given, [sink], fusedActivationFunction=activation
    )


_OPTIONS = {
    "ADD": "AddOptions",
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "PAD": "PadOptions",
    "PADV2": "PadV2Options",
}
_WRITERS: dict[str, Callable[[_Writer, Call], None]] = {
    "Conv": _conv,
    "Add": _add,
    "MaxPool": _max_pool,
    "GlobalAveragePool": _mean,
    "Flatten": _flatten,
    "Reshape": _flatten,
    "Gemm": _gemm,
}
