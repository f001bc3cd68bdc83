"""Which rule lowers which operator, and the whole way from a graph to a program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    resize,
    statistics,
    transposed,
)
from depthwise.engine.lowering.fusion import fuse, lower_inverted, lower_separable
from depthwise.engine.lowering.geometry import halo_of, three
from depthwise.engine.lowering.support import check_operators
from depthwise.engine.prepare import prepare
from depthwise.engine.program import PlainOperand, Program, Ref, Space
from depthwise.engine.schedule import Fusion, Policy
from depthwise.engine.stages import ALIASES, Stage, stages_of
from depthwise.engine.target import Target
from depthwise.graph import Graph
from depthwise.graph.operators.convolution import conv_windows

Rule: TypeAlias = Callable[[Lowering, Stage], None]

_ELEMENTWISE = sorted({*UNARY, *BINARY} - {"Silu"})

_REDUCTIONS = ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin")
_RENAMES = ("Flatten", "Reshape", "Squeeze", "Unsqueeze", *ALIASES)

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
        **dict.fromkeys(_RENAMES, movement.lower_rename),
        "Transpose": movement.lower_transpose,
        "Concat": movement.lower_concat,
        "Split": movement.lower_split,
        "Slice": movement.lower_slice,
        "Expand": movement.lower_expand,
        "Pad": movement.lower_pad,
        "DepthToSpace": movement.lower_depth_to_space,
        "SpaceToDepth": movement.lower_space_to_depth,
        "ConvTranspose": transposed.lower_transposed,
        "Resize": resize.lower_resize,
        **dict.fromkeys(_REDUCTIONS, statistics.lower_reduction),
        **dict.fromkeys(("Softmax", "LogSoftmax"), statistics.lower_softmax),
        "LayerNormalization": statistics.lower_layer_norm,
        "InstanceNormalization": statistics.lower_instance_norm,
        "GroupNormalization": statistics.lower_instance_norm,
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
    graph = prepare(graph)
    check_operators(graph, RULES)
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


def _halos(stages: tuple[Stage, ...]) -> dict[str, Edges]:
    """Find the widest halo that readers of each value want."""
    halos: dict[str, Edges] = {}
    for stage in stages:
        name = stage.node.inputs[0]
        if stage.op == "Conv":
            wanted = halo_of(three(conv_windows(stage.call)))
        elif stage.op == "ConvTranspose":
            wanted = transposed.transposed_halo(stage.call)
        else:
            continue
        halos[name] = widest(halos.get(name, NO_HALO), wanted)
    return {name: halo for name, halo in halos.items() if halo != NO_HALO}
