"""From a graph to loaded machine code, for one batch size."""

from __future__ import annotations

from dataclasses import dataclass, replace

from depthwise.engine import driver, jit
from depthwise.engine.cache import Cache
from depthwise.engine.kernels.halo import ClearHalo
from depthwise.engine.layout import NO_HALO, Blocked
from depthwise.engine.lowering.table import lower_graph
from depthwise.engine.memory import Arena, Lifetime, place
from depthwise.engine.program import Program, Ref, Space, Step
from depthwise.engine.schedule import Policy
from depthwise.engine.target import Target
from depthwise.graph import Graph


@dataclass(frozen=True)
class Compiled:
    """Machine code of a graph at one batch size.

    Args:
        program: Its steps.
        arena: Where activations are.
        text: The module that was compiled.
        native: The loaded code.
    """

    program: Program
    arena: Arena
    text: str
    native: jit.Native


def plan(
    graph: Graph, target: Target, threads: int, policy: Policy = Policy.AUTO
) -> tuple[Program, Arena]:
    """Lower a graph and place its buffers.

    Args:
        graph: Without the symbol N.
        target: The CPU.
        threads: Threads that will share the work.
        policy: Which stages may run as one kernel.

    Returns:
        The program, with steps that clear halos where memory is shared, and the arena.
    """
    program = lower_graph(graph, target, threads, policy)
    lives, writers = _lifetimes(program)
    arena = place(lives)
    firsts: dict[int, list[int]] = {}
    for index, layout in enumerate(program.buffers):
        haloed = isinstance(layout, Blocked) and layout.halo != NO_HALO
        if haloed and arena.shared[index] and index in writers:
            firsts.setdefault(writers[index], []).append(index)
    steps: list[Step] = []
    for number, step in enumerate(program.steps):
        steps += [_clear(program, index, step) for index in firsts.get(number, [])]
        steps.append(step)
    return replace(program, steps=tuple(steps)), arena


def compile_program(
    graph: Graph, target: Target, threads: int, policy: Policy, store: Cache | None
) -> Compiled:
    """Compile a graph and load the code.

    Args:
        graph: Without the symbol N.
        target: The CPU at hand.
        threads: Threads that will share the work.
        policy: Which stages may run as one kernel.
        store: Where objects are kept, or None.

    Returns:
        The loaded code.
    """
    program, arena = plan(graph, target, threads, policy)
    text = driver.write(program, arena, target)
    native = jit.load(text, [driver.ENTRY], target, store)
    return Compiled(program, arena, text, native)


def _lifetimes(program: Program) -> tuple[list[Lifetime], dict[int, int]]:
    """Find when each buffer is alive, and which step writes it first.

    Time advances at barriers: steps without one between them run together.
    """
    lives: dict[int, Lifetime] = {}
    writers: dict[int, int] = {}
    moment = 0
    for number, step in enumerate(program.steps):
        for ref in step.operands:
            if ref.space is Space.ARENA:
                size = program.buffers[ref.index].nbytes
                known = lives.get(ref.index, Lifetime(size, moment, moment))
                lives[ref.index] = replace(known, last=moment)
                writers.setdefault(ref.index, number)
        moment += not step.joined
    unused = Lifetime(0, 0, 0)
    return [lives.get(i, unused) for i in range(len(program.buffers))], writers


def _clear(program: Program, index: int, step: Step) -> Step:
    layout = program.buffers[index]
    if not isinstance(layout, Blocked):
        msg = f"only images have halos; got {layout}"
        raise TypeError(msg)
    ref = Ref(Space.ARENA, index, 0, layout.image)
    kernel = ClearHalo(layout)
    return Step(kernel, (ref,), layout.batch, step.nodes, joined=True)
