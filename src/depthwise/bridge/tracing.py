"""From a torch module to a Graph."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import fx, nn
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, OutputKind
from torch.utils import _pytree as pytree

from depthwise.bridge.conversion import Converter
from depthwise.bridge.examples import Arguments, Example, arguments_of
from depthwise.bridge.exporting import (
    as_eval,
    export_any_batch,
    export_fixed_batch,
    silence,
)
from depthwise.bridge.merging import merge_pads
from depthwise.bridge.scopes import scopes_of
from depthwise.bridge.settling import Weights
from depthwise.bridge.symbols import dtype_of, shape_of
from depthwise.bridge.tape import Array, Tape
from depthwise.errors import DepthwiseError, GeometryError, GraphError
from depthwise.graph import Batch, Graph, Input, Node, TensorType, verify

Progress = Callable[[int, int], None]

_log = logging.getLogger("depthwise.bridge")


def trace(
    module: nn.Module,
    example_or_shape: Example,
    *,
    name: str | None = None,
    progress: Progress | None = None,
) -> Graph:
    """Trace a module into a Graph, as it behaves in eval mode.

    The batch stays open. A module that fixes its batch is accepted: the Graph's
    ``batch`` says which, and a warning is logged to "depthwise.bridge".

    Args:
        module: Any module; its parameters, buffers and train or eval modes are left
            as they are.
        example_or_shape: A tensor or a shape, batch first, such as (1, 3, 224, 224);
            a sequence of these by position, or a mapping by name.
        name: The network's name; the class's unless it is said.
        progress: Called with steps done and steps in all.

    Returns:
        The Graph; constants bear the qualified names of parameters and buffers, nodes
        the module paths they were called in.

    Raises:
        GraphError: If the module cannot be traced.
        UnsupportedOperatorError: If it calls an operator outside the table.

    Example:
        >>> print(trace(nn.Sequential(nn.ReLU()), (1, 4)))
        graph Sequential(input: float32[N,4]) -> 0
          0: float32[N,4] = Relu(input)
    """
    arguments = arguments_of(module, example_or_shape)
    count = _Counter(sum(1 for _ in module.modules()), progress)
    title = name or type(module).__name__
    # Weights are read before the module goes back: its own train() may change them.
    with as_eval(module):
        return _trace(module, arguments, title, count)


def _trace(
    module: nn.Module, arguments: Arguments, title: str, count: _Counter
) -> Graph:
    """Trace with an open batch where that works, else with a fixed one."""
    reason: DepthwiseError
    if arguments.batch:
        try:
            program = export_any_batch(module, arguments, count.step)
            graph = graph_of(program, module, name=title, step=count.half)
        except (GraphError, GeometryError) as error:
            reason = error
        else:
            if graph.batch is None:
                return graph
            reason = GraphError("the batch takes part in arithmetic")
    program = export_fixed_batch(module, arguments, count.step)
    graph = graph_of(program, module, name=title, step=count.half)
    if arguments.batch:
        _log.warning("%s fixes its batch to %d: %s", title, arguments.batch, reason)
    return graph


def graph_of(
    program: ExportedProgram,
    module: nn.Module | None = None,
    *,
    name: str,
    step: Callable[[float], None] = lambda _part: None,
) -> Graph:
    """Turn torch's exported program into a Graph.

    Args:
        program: From torch.export.
        module: The module that it was exported from, for parameters with two names.
        name: The network's name.
        step: Called with the part that is done, from 0 to 1.

    Returns:
        The Graph, verified.

    Raises:
        UnsupportedOperatorError: If it calls an operator outside the table.
    """
    held = _held(program, module)
    inputs = _inputs(program)
    arrays = {one.name: one.array for one in held.values()}
    parameters = {one.name for one in held.values() if one.is_parameter}
    open_inputs = (i for i in inputs.values() if i.type.shape[:1] == (Batch(),))
    source = next((i.name for i in open_inputs), "")
    tape = Tape([*arrays, *(i.name for i in inputs.values())], source)
    names = {node: one.name for node, one in held.items()}
    names |= {node: one.name for node, one in inputs.items()}
    nodes = list(program.graph.nodes)
    known = {node: one.tensor for node, one in held.items() if one.is_literal}
    scope_of = scopes_of(module)
    weights = Weights(
        {node: one.tensor for node, one in held.items()},
        [node for node, one in held.items() if one.is_parameter],
    )
    converter = Converter(
        nodes, tape, names, scope_of=scope_of, known=known, weights=weights
    )
    ticks = iter(range(1, len(nodes) + 1))
    with silence():
        converter.run(lambda: step(next(ticks) / len(nodes)))
    for node, one in held.items():
        if converter.changes(node):
            _log.warning(
                "%s changes %s, which each run begins with anew", name, one.name
            )
    for node, tensor in converter.settled.items():
        arrays[held[node].name] = np.array(tensor.cpu().numpy())
        _log.warning("%s sets %s; the Graph holds its new value", name, held[node].name)
    outputs = _outputs(program, converter, tape)
    every = {**arrays, **tape.constants}
    body = merge_pads(_needed(tape.nodes, outputs), every, outputs)
    used = {n for node in body for n in node.inputs}
    constants = {n: a for n, a in every.items() if n in used}
    return verify(
        Graph(
            name,
            tuple(inputs.values()),
            outputs,
            body,
            constants,
            frozenset(parameters & set(constants)),
        ),
    )


@dataclass(frozen=True)
class _Held:
    name: str
    tensor: torch.Tensor
    is_parameter: bool
    is_literal: bool

    @property
    def array(self) -> Array:
        """A copy of the elements."""
        return np.array(self.tensor.cpu().numpy())


def _held(program: ExportedProgram, module: nn.Module | None) -> dict[fx.Node, _Held]:
    """Name the placeholders that hold parameters, buffers and constants."""
    specs = {s.arg.name: s for s in program.graph_signature.input_specs}
    first_names = _first_names(module)
    found: dict[fx.Node, _Held] = {}
    for node in program.graph.find_nodes(op="placeholder"):
        spec = specs[node.name]
        if spec.kind == InputKind.USER_INPUT or spec.target is None:
            continue
        store: Any = program.state_dict
        if spec.target not in store:
            store = program.constants
        tensor = store[spec.target]
        dtype_of(tensor.dtype)
        title = first_names.get(id(tensor), spec.target)
        kind = spec.kind
        found[node] = _Held(
            title,
            tensor.detach(),
            is_parameter=kind == InputKind.PARAMETER,
            is_literal=kind == InputKind.CONSTANT_TENSOR,
        )
    return found


def _first_names(module: nn.Module | None) -> dict[int, str]:
    if module is None:
        return {}
    pairs = [*module.named_parameters(), *module.named_buffers()]
    return {id(tensor): name for name, tensor in pairs}


def _inputs(program: ExportedProgram) -> dict[fx.Node, Input]:
    wanted = set(program.graph_signature.user_inputs)
    found: dict[fx.Node, Input] = {}
    for node in program.graph.find_nodes(op="placeholder"):
        value = node.meta.get("val")
        if node.name in wanted and isinstance(value, torch.Tensor):
            kind = TensorType(dtype_of(value.dtype), shape_of(value))
            found[node] = Input(node.name, kind)
    return found


def _outputs(
    program: ExportedProgram,
    converter: Converter,
    tape: Tape,
) -> tuple[str, ...]:
    """Name the results; what is no node's first-hand result gets an Identity."""
    (end,) = program.graph.find_nodes(op="output")
    specs = program.graph_signature.output_specs
    results = [
        node
        for node, spec in zip(end.args[0], specs, strict=True)
        if spec.kind == OutputKind.USER_OUTPUT
    ]
    keys = _keys(program, len(results))
    own = {n for node in tape.nodes for n in node.outputs}
    names: list[str] = []
    for node, key in zip(results, keys, strict=True):
        if not isinstance(node, fx.Node):
            continue
        dtype_of(node.meta["val"].dtype)
        value = str(converter.value(node))
        if value not in own or value in names:
            value = tape.emit("Identity", [value], scope=f"{key or 'output'}!")
        elif key:
            value = tape.rename(value, key)
        names.append(value)
    return tuple(names)


def _keys(program: ExportedProgram, count: int) -> list[str]:
    """Read names of results from dictionaries; sequences have none."""
    spec = program.call_spec.out_spec
    if spec is None:
        return [""] * count
    tree = pytree.tree_unflatten(range(count), spec)
    paths = [path for path, _ in pytree.tree_flatten_with_path(tree)[0]]
    words = [[str(getattr(k, "key", getattr(k, "idx", k))) for k in p] for p in paths]
    named = [any(isinstance(k, pytree.MappingKey) for k in p) for p in paths]
    return ["_".join(w) if n else "" for w, n in zip(words, named, strict=True)]


def _needed(nodes: Iterable[Node], outputs: tuple[str, ...]) -> tuple[Node, ...]:
    """Drop nodes that no output depends on."""
    wanted = set(outputs)
    kept: list[Node] = []
    for node in reversed(list(nodes)):
        if wanted.intersection(node.outputs):
            kept.append(node)
            wanted.update(node.inputs)
    return tuple(reversed(kept))


class _Counter:
    """Steps done: a half for running the module, a half for its operations."""

    def __init__(self, modules: int, progress: Progress | None) -> None:
        self._modules = modules
        self._progress = progress
        self._done = 0

    def step(self) -> None:
        self._tell(min(self._done + 1, self._modules))

    def half(self, part: float) -> None:
        self._tell(self._modules + int(part * self._modules))

    def _tell(self, done: int) -> None:
        if self._progress is not None and done > self._done:
            self._progress(done, 2 * self._modules)
        self._done = max(done, self._done)
