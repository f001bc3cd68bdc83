"""From a Graph to a torch module that can be read and trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from depthwise.bridge.layers import Layer, layer_of
from depthwise.bridge.linear_layers import Chain, linear_chains
from depthwise.bridge.operators import FUNCTIONS
from depthwise.bridge.placing import is_own, is_path, parent_of, path_of
from depthwise.bridge.recording import Recorder
from depthwise.errors import GraphError
from depthwise.graph import Batch, Call, Graph, Node, TensorType


def module(graph: Graph) -> nn.Module:
    """Build a module that computes what a Graph says, and can be trained.

    Convolutions, linear layers, norms and dropout become layers of torch.nn in the
    place where the Graph's constants say; everything else is functional code, which
    ``print(module.code)`` shows. Batch norm and dropout follow train and eval mode.

    Args:
        graph: Any graph that verifies.

    Returns:
        The module, in train mode; it returns a tensor, or a tuple for several
        outputs. Keys of its state dictionary are the names of the Graph's constants
        wherever these are attribute paths. Dropout of whole channels, which ONNX
        cannot tell, becomes dropout of elements.

    Raises:
        GraphError: If a size is only known while the graph runs.

    Example:
        >>> from depthwise.bridge import trace
        >>> net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU())
        >>> rebuilt = module(trace(net, (1, 3, 8, 8)))
        >>> list(rebuilt.state_dict())
        ['0.weight', '0.bias']
    """
    return _Builder(graph).build()


@dataclass(frozen=True)
class _Placed:
    """A layer at its place, and the constants it holds by their names within it."""

    path: str
    layer: Layer
    constants: Mapping[str, str]


class _Builder:
    """Builds one module: first the layers, then the code that calls them."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._recorder = Recorder()
        self._root = self._recorder.root
        self._paths: dict[str, str] = {}
        self._values: dict[str, Any] = {"": None}
        self._placed: dict[str, _Placed] = {}
        self._batch: Any = None
        self._source: Any = None
        self._chains = linear_chains(graph)
        self._called: dict[str, bool] = {}
        self._inner = frozenset[str]().union(*(c.inner for c in self._chains.values()))

    def build(self) -> nn.Module:
        calls = [self._graph.call(node) for node in self._graph.nodes]
        layers = [self._place(call) for call in calls]
        for one in sorted(self._placed.values(), key=lambda one: one.path.count(".")):
            self._make(one)
        for given in self._graph.inputs:
            proxy = self._recorder.input(path_of(given.name).replace(".", "_"))
            self._values[given.name] = proxy
            if self._batch is None and given.type.shape[:1] == (Batch(),):
                self._batch, self._source = proxy.size(0), proxy
        for call, placed in zip(calls, layers, strict=True):
            self._emit(call, placed)
        results = tuple(self._read(name) for name in self._graph.outputs)
        output = results[0] if len(results) == 1 else results
        return self._recorder.finish(output, path_of(self._graph.name))

    def _place(self, call: Call) -> _Placed | None:
        """Decide which layer stands for a node, and where it goes."""
        chain = self._chains.get(call.node.name)
        if chain is not None:
            placed = self._settle(call.node, _linear(chain), chain.tensors)
            self._called[call.node.name] = placed is not None
            return placed
        layer = None if call.node.name in self._inner else layer_of(call)
        if layer is None:
            return None
        names = {a: call.node.inputs[i] for a, i in layer.tensors.items()}
        return self._settle(call.node, *self._without_affine(layer, names))

    def _settle(
        self, node: Node, layer: Layer, names: dict[str, str]
    ) -> _Placed | None:
        """Give a layer its place, unless its tensors belong elsewhere."""
        trained = {n for a, n in names.items() if not a.startswith("running_")}
        if not trained <= self._graph.parameters:
            return None
        path = _shared_path(names)
        if path is None:
            tidy = all(map(is_path, names.values()))
            if names and tidy and node.op != "BatchNormalization":
                return None
            path = self._free_path(node)
        placed = _Placed(path, layer, names)
        return placed if self._placed.setdefault(path, placed) == placed else None

    def _without_affine(
        self, layer: Layer, names: dict[str, str]
    ) -> tuple[Layer, dict[str, str]]:
        """Leave out scales of 1 and shifts of 0 that are no parameters."""
        neutral = {"weight": 1, "bias": 0}
        is_norm = "running_mean" in names or "eps" in layer.settings
        arrays = self._graph.constants
        plain = is_norm and all(
            names[a] not in self._graph.parameters and np.all(arrays[names[a]] == v)
            for a, v in neutral.items()
        )
        if not plain:
            return layer, names
        word = "elementwise_affine" if layer.kind is nn.LayerNorm else "affine"
        kept = {a: i for a, i in layer.tensors.items() if a not in neutral}
        layer = replace(layer, settings={**layer.settings, word: False}, tensors=kept)
        return layer, {a: n for a, n in names.items() if a not in neutral}

    def _free_path(self, node: Node) -> str:
        wanted = path_of(node.name or node.op.lower())
        path, count = wanted, 1
        while path in self._placed:
            count += 1
            path = f"{wanted}_{count}"
        return path

    def _make(self, one: _Placed) -> None:
        arrays = {a: self._graph.constants[n] for a, n in one.constants.items()}
        dtype = torch.float32
        if arrays:
            dtype = torch.tensor(next(iter(arrays.values())).flat[:1]).dtype
        layer = one.layer.build(dtype)
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):  # noqa: SLF001 - their base
            layer.reset_running_stats()
        with torch.no_grad():
            for attribute, array in arrays.items():
                getattr(layer, attribute).copy_(torch.tensor(array))
        owner, name = parent_of(self._root, one.path)
        owner.add_module(name, layer)
        for attribute, constant in one.constants.items():
            self._paths.setdefault(constant, f"{one.path}.{attribute}")

    def _emit(self, call: Call, placed: _Placed | None) -> None:
        node, chain = call.node, self._chains.get(call.node.name)
        kinds = [self._graph.types[name] for name in node.outputs if name]
        if kinds and all(map(_is_known, kinds)):
            return
        if placed is not None:
            x = self._read(node.inputs[0])
            x = nn.functional.pad(x, placed.layer.pads) if placed.layer.pads else x
            result = chain.result if chain else node.outputs[0]
            self._values[result] = self._recorder.call(placed.path, x)
        elif node.name not in self._inner or not self._is_called(node):
            operands = tuple(self._operand(call, i) for i in range(len(node.inputs)))
            if node.op in _MAKES_NUMBERS and isinstance(operands[0], tuple):
                operands = (self._as_tensor(operands[0]), *operands[1:])
            results = FUNCTIONS[node.op](call, operands)
            self._values.update(zip(node.outputs, results, strict=False))

    def _is_called(self, node: Node) -> bool:
        """Tell whether a layer stands for a node inside a chain."""
        owners = (c for c in self._chains.values() if node.name in c.inner)
        return any(self._called.get(chain.product) for chain in owners)

    def _operand(self, call: Call, index: int) -> Any:
        """Read an operand; a number alone is written as a number."""
        array = call.constant(index)
        name = call.node.inputs[index]
        takes_number = call.node.op in _TAKES_NUMBERS and index == 1
        if array is None or not takes_number or name in self._graph.parameters:
            return self._read(name)
        is_number = array.ndim == 0 and array.dtype.kind == "f"
        return array.item() if is_number else self._read(name)

    def _read(self, name: str) -> Any:
        if name not in self._values:
            self._values[name] = self._held(name)
        return self._values[name]

    def _held(self, name: str) -> Any:
        """Make a constant, or sizes that are known, available to the code."""
        array = self._graph.constants.get(name)
        if array is not None:
            return self._constant(name, np.array(array))
        kind = self._graph.types[name]
        content = kind.content or ()
        if any(isinstance(dim, Batch) for dim in content):
            if len(kind.shape) != 1:
                msg = f"a size of the batch must stay in a vector; got {name!r}"
                raise GraphError(msg)
            return tuple(self._size(dim) for dim in content)
        known = np.array(content, kind.dtype).reshape(kind.shape)  # type: ignore[arg-type]
        return self._recorder.buffer(path_of(name), torch.tensor(known), keep=False)

    def _as_tensor(self, sizes: tuple[Any, ...]) -> Any:
        """Write sizes down as numbers to compute with."""
        rows = [self._source.new_full((1,), size, dtype=torch.int64) for size in sizes]
        return rows[0] if len(rows) == 1 else torch.cat(rows)

    def _size(self, dim: Any) -> Any:
        if not isinstance(dim, Batch):
            return dim
        return self._batch if dim.times == 1 else self._batch * dim.times

    def _constant(self, name: str, array: Any) -> Any:
        if name in self._paths:
            return self._recorder.attribute(self._paths[name])
        path, tensor = path_of(name), torch.tensor(array)
        if name in self._graph.parameters and tensor.is_floating_point():
            return self._recorder.parameter(path, tensor)
        return self._recorder.buffer(path, tensor, keep=not is_own(name))


_MAKES_NUMBERS = ("Cast", "CastLike")
_TAKES_NUMBERS = ("Add", "Sub", "Mul", "Div", "Pow")


def _is_known(kind: TensorType) -> bool:
    """Tell whether a value is sizes that are known, or known but for the batch."""
    return kind.content is not None and np.dtype(kind.dtype).kind in "iu"


def _linear(chain: Chain) -> Layer:
    inputs, outputs = chain.features
    has_bias = "bias" in chain.tensors
    settings = {"in_features": inputs, "out_features": outputs, "bias": has_bias}
    return Layer(nn.Linear, settings, dict.fromkeys(chain.tensors, 0))


def _shared_path(names: Mapping[str, str]) -> str | None:
    """Find the path of a layer whose tensors bear its own names."""
    owners = {
        name.removesuffix(f".{attribute}") if name.endswith(f".{attribute}") else None
        for attribute, name in names.items()
    }
    if len(owners) != 1:
        return None
    (owner,) = owners
    return owner if owner is not None and is_path(owner) else None
