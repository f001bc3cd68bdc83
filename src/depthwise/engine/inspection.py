"""A look inside a compiled network: schedule, loops, IR and assembly of each step."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from depthwise.engine import jit
from depthwise.engine.compiler import plan
from depthwise.engine.emit import Module
from depthwise.engine.kernels.kernel import emit_once
from depthwise.engine.memory import Arena
from depthwise.engine.program import Program, Ref, Space, Step
from depthwise.engine.schedule import Policy
from depthwise.engine.target import Target, host
from depthwise.graph import Graph


@dataclass(frozen=True)
class StepView:
    """One call of a kernel; its code is made when it is asked for.

    Args:
        number: Its place in the program.
        step: The call.
        target: The CPU that its code is for.
        operands: Where its pointers lead, such as "arena+2048".
        weight_bytes: Packed weights that it reads.

    Example:
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 2)))
        >>> graph = Graph("tiny", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> inspect_graph(graph).steps[0].operands
        ('input 0+0', 'output 0+0')
    """

    number: int
    step: Step = field(repr=False)
    target: Target = field(repr=False)
    operands: tuple[str, ...]
    weight_bytes: int

    @property
    def kernel(self) -> str:
        """The kernel's name."""
        return self.step.kernel.name

    @property
    def loops(self) -> str:
        """The scalar loops that the kernel computes."""
        about = sys.modules[type(self.step.kernel).__module__].__doc__ or ""
        nests = [part for part in about.split("\n\n") if part.startswith("for ")]
        return "\n".join(part.strip("\n") for part in nests)

    @property
    def ir(self) -> str:
        """The kernel and what it calls, in LLVM's language."""
        module = Module(self.target)
        emit_once(self.step.kernel, module)
        return module.text()

    @property
    def assembly(self) -> str:
        """The same for the CPU."""
        return jit.assembly(self.ir, self.target)


@dataclass(frozen=True)
class Inspection:
    """A program and its memory.

    Args:
        target: The CPU that its code is for.
        batch: Samples a run computes.
        threads: Threads that share the work.
        steps: What runs, in order.
        arena_bytes: Activations, halos included.
        scratch_bytes: What all threads need for themselves.
        weight_bytes: Packed weights.

    Example:
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 2)))
        >>> graph = Graph("tiny", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> inspect_graph(graph).arena_bytes
        0
    """

    target: Target
    batch: int
    threads: int
    steps: tuple[StepView, ...]
    arena_bytes: int
    scratch_bytes: int
    weight_bytes: int


def inspect_graph(
    graph: Graph,
    *,
    batch: int = 1,
    threads: int = 1,
    target: Target | None = None,
    fusion: Policy = Policy.AUTO,
) -> Inspection:
    """Plan a graph as ``compile_graph`` does, and stop before the code is loaded.

    Args:
        graph: The graph.
        batch: Samples a run computes.
        threads: Threads that share the work.
        target: The CPU; it need not be the one at hand, which is the default.
        fusion: Which stages may run as one kernel.

    Returns:
        The steps.

    Raises:
        CompileError: If the engine has no kernel for an operator.

    Example:
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 2)))
        >>> graph = Graph("tiny", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> inspect_graph(graph).steps[0].loops
        'for i in extents: out[i] = chain(in[i])'
    """
    cpu = target or host()
    size = graph.batch or batch
    program, arena = plan(graph.bind(size), cpu, threads, fusion)
    return Inspection(
        cpu,
        size,
        threads,
        tuple(_views(program, arena, cpu)),
        arena.nbytes,
        program.scratch * threads,
        sum(array.nbytes for array in program.weights),
    )


def _views(program: Program, arena: Arena, target: Target) -> Iterator[StepView]:
    starts = program.weight_offsets()
    for number, step in enumerate(program.steps):
        weights = {r.index for r in step.operands if r.space is Space.WEIGHTS}
        yield StepView(
            number,
            step,
            target,
            tuple(_place(ref, arena, starts) for ref in step.operands),
            sum(program.weights[index].nbytes for index in weights),
        )


def _place(ref: Ref, arena: Arena, starts: list[int]) -> str:
    begin = 0
    if ref.space is Space.ARENA:
        begin = arena.offsets[ref.index]
    elif ref.space is Space.WEIGHTS:
        begin = starts[ref.index]
    elif ref.space is not Space.SCRATCH:
        return f"{ref.space.value} {ref.index}+{ref.offset}"
    return f"{ref.space.value}+{begin + ref.offset}"
