"""Which rule lowers which operator, and the whole way from a graph to a program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

from depthwise.engine.kernels.chain import BINARY, UNARY
from depthwise.engine.layout import NO_HALO, Edges, Plain, widest
from depthwise.engine.lower import Lowering
from depthwise.engine.lowering import (
    convolution,
    elementwise,
    linear,
    movement,
    pooling,
)
from depthwise.engine.lowering.fusion import fuse, lower_inverted, lower_separable
from depthwise.engine.lowering.geometry import halo_of, three
from depthwise.engine.program import PlainOperand, Program, Ref, Space
from depthwise.engine.schedule import Fusion, Policy
from depthwise.engine.stages import ALIASES, Stage, stages_of
from depthwise.engine.target import Target
from depthwise.errors import CompileError
from depthwise.graph import Graph, Node
from depthwise.graph.operators.convolution import conv_windows
from depthwise.graph.rewrite import fold_batch_norm

Rule: TypeAlias = Callable[[Lowering, Stage], None]

_ELEMENTWISE = sorted({*UNARY, *BINARY} - {"Silu"})

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "Conv": convolution.lower_convolution,
        "BatchNormalization": elementwise.lower_batch_norm,
        **dict.fromkeys(_ELEMENTWISE, elementwise.lower_elementwise),
        "Gemm": linear.lower_gemm,
        "MatMul": linear.lower_matmul,
        "GlobalAveragePool": pooling.lower_global,
        "GlobalMaxPool": pooling.lower_global,
        "MaxPool": pooling.lower_window,
        "AveragePool": pooling.lower_window,
        **dict.fromkeys(("Flatten", "Reshape", *ALIASES), movement.lower_rename),
        "Transpose": movement.lower_transpose,
        "Concat": movement.lower_concat,
    }
)
"""Operators that the engine compiles."""


def lower_graph(graph: Graph, target: Target, threads: int, policy: Policy) -> Program:
    """Turn a graph into a program.

    Args:
        graph: Without the symbol N.
        target: The CPU.
        threads: Threads that will share the work.
        policy: Which stages may run as one kernel.

    Returns:
        The program.

    Raises:
        CompileError: If the engine cannot compile an operator; it names the node.
    """
    check_operators(graph)
    graph = fold_batch_norm(_without_aliases(graph))
    stages = stages_of(graph)
    low = Lowering(graph, target, threads, policy, _halos(stages))
    for index, given in enumerate(graph.inputs):
        operand = PlainOperand(Plain(low.shape(given.name)), Ref(Space.INPUT, index))
        low.alias(given.name, operand)
    for group in fuse(low, stages):
        low.nodes = tuple(name for stage in group.stages for name in stage.nodes)
        if group.fusion is Fusion.INVERTED:
            lower_inverted(low, group)
        elif group.fusion is Fusion.SEPARABLE:
            lower_separable(low, group)
        else:
            RULES[group.stages[0].op](low, group.stages[0])
    low.nodes = ("outputs",)
    return low.finish()


def check_operators(graph: Graph) -> None:
    """Refuse what the engine cannot compile, before anything is compiled.

    Args:
        graph: Any graph that verifies.

    Raises:
        CompileError: If there is an operator without a rule, an element type other
            than float32, or weights that are no constants.
    """
    for node in graph.nodes:
        where = node.name or node.outputs[0]
        if node.op not in RULES:
            msg = f"operators must have a native kernel; got {node.op} at {where}"
            raise CompileError(msg, "run it with depthwise.execute instead")
        floats = [name for name in node.outputs if name]
        for name in floats:
            if graph.types[name].dtype != "float32":
                kind = graph.types[name].dtype
                msg = f"values must be float32; got {kind} at {where}"
                raise CompileError(msg)
        if node.op in {"Conv", "ConvTranspose"}:
            loose = [n for n in node.inputs[1:] if n and n not in graph.constants]
            if loose:
                msg = f"weights must be constants; got {loose[0]!r} at {where}"
                raise CompileError(msg)


def _halos(stages: tuple[Stage, ...]) -> dict[str, Edges]:
    """Find the widest halo that readers of each value want."""
    halos: dict[str, Edges] = {}
    for stage in stages:
        if stage.op == "Conv":
            name = stage.node.inputs[0]
            wanted = halo_of(three(conv_windows(stage.call)))
            halos[name] = widest(halos.get(name, NO_HALO), wanted)
    return {name: halo for name, halo in halos.items() if halo != NO_HALO}


def _without_aliases(graph: Graph) -> Graph:
    """Drop operators that pass a value on, unless the graph hands their value out."""
    names: dict[str, str] = {}
    kept: list[Node] = []
    for node in graph.nodes:
        inputs = tuple(names.get(name, name) for name in node.inputs)
        if node.op in ALIASES and node.outputs[0] not in graph.outputs:
            names[node.outputs[0]] = inputs[0]
        else:
            kept.append(replace(node, inputs=inputs))
    return replace(graph, nodes=tuple(kept))
