"""The one function a network is: steps in order, a barrier and a time stamp after each.

for s in steps:
    for n in samples: kernel[s](operands + n * strides, my share of its units)
    wait for all threads; stamps[s] = time
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from depthwise.engine.emit import Body, Int, Module
from depthwise.engine.kernels.kernel import emit_once
from depthwise.engine.memory import Arena
from depthwise.engine.program import Program, Ref, Space, Step
from depthwise.engine.target import Target

ENTRY = "run"
ARENA, WEIGHTS, INPUTS, OUTPUTS, SCRATCH, SYNC, STAMPS, THREADS, BASE = range(9)
"""Slots of the table that the entry takes: addresses, and the last two are numbers."""

SPINS = 400
"""Pauses before a waiting thread gives its core away: about 10 microseconds."""
PATIENCE = 2
"""Word of the shared block: how many of these pauses are worth while just now."""
HASTE = 4
"""Pauses once a wait was too long: threads that share a core get on by turns."""


@dataclass(frozen=True)
class _Bases:
    arena: str
    weights: str
    inputs: str
    outputs: str
    scratch: str


def write(program: Program, arena: Arena, target: Target) -> str:
    """Write a whole network as one module.

    Args:
        program: Steps and operands.
        arena: Where buffers are.
        target: The CPU.

    Returns:
        The text; its one public function takes a table of addresses and the number
        of the thread.
    """
    module = Module(target)
    for step in program.steps:
        emit_once(step.kernel, module)
    if len(program.steps) > 0:
        _barrier(module)
    body = Body(module, ENTRY, ["table"], ["thread"], public=True)
    threads = body.load_int("%table", THREADS)
    bases = _bases(body, program.scratch)
    sync = body.load_pointer("%table", SYNC)
    stamps = body.load_pointer("%table", STAMPS)
    base = body.load_int("%table", BASE)
    _stamp(body, stamps, 0)
    waits = 0
    offsets = (arena.offsets, program.weight_offsets())
    for index, step in enumerate(program.steps):
        _call(body, step, bases, offsets, threads)
        if not step.joined:
            waits += 1
            goal = body.add(base, body.mul(threads, waits))
            body.call("barrier", [sync], [threads, goal])
        _stamp(body, stamps, index + 1)
    body.close()
    return module.text()


def _stamp(body: Body, stamps: str, index: int) -> None:
    with body.when("eq", "%thread", 0):
        body.store_int(body.ticks(), stamps, 8 * index)


def _bases(body: Body, scratch: int) -> _Bases:
    own = body.mul("%thread", scratch)
    return _Bases(
        body.load_pointer("%table", ARENA),
        body.load_pointer("%table", WEIGHTS),
        body.load_pointer("%table", INPUTS),
        body.load_pointer("%table", OUTPUTS),
        body.offset(body.load_pointer("%table", SCRATCH), own),
    )


def _call(
    body: Body,
    step: Step,
    bases: _Bases,
    offsets: tuple[Sequence[int], Sequence[int]],
    threads: str,
) -> None:
    units = step.kernel.units
    low = body.div(body.mul("%thread", units), threads)
    high = body.div(body.mul(body.add("%thread", 1), units), threads)
    pointers = [_address(body, ref, bases, offsets) for ref in step.operands]
    with body.loop(0, step.images) as image:
        moved = [
            body.offset(pointer, body.mul(image, ref.stride))
            for pointer, ref in zip(pointers, step.operands, strict=True)
        ]
        body.call(step.kernel.name, moved, [low, high])


def _address(
    body: Body,
    ref: Ref,
    bases: _Bases,
    offsets: tuple[Sequence[int], Sequence[int]],
) -> str:
    if ref.space is Space.ARENA:
        return body.offset(bases.arena, offsets[0][ref.index] + ref.offset)
    if ref.space is Space.WEIGHTS:
        return body.offset(bases.weights, offsets[1][ref.index] + ref.offset)
    if ref.space is Space.SCRATCH:
        return body.offset(bases.scratch, ref.offset)
    table = bases.inputs if ref.space is Space.INPUT else bases.outputs
    return body.offset(body.load_pointer(table, ref.index), ref.offset)


def _barrier(module: Module) -> None:
    """Write barrier(sync, threads, goal): arrive, then wait until goal have arrived."""
    module.named.add("barrier")
    body = Body(module, "barrier", ["sync"], ["threads", "goal"])
    with body.when("sgt", "%threads", 1):
        body.add_shared(1, "%sync")
        wait(body, "%sync", "%goal")
    body.close()


def wait(body: Body, pointer: str, goal: Int) -> None:
    """Spin until the number at ``pointer`` is ``goal``; give the core away at times.

    Args:
        body: Where to write; its first parameter is the shared block.
        pointer: The number.
        goal: What it must reach.
    """
    patience = body.load_shared("%sync", 8 * PATIENCE)
    with body.waiting(pointer, goal) as turns, body.when("sgt", turns, patience):
        body.store_shared(HASTE, "%sync", 8 * PATIENCE)
        body.call_pointer(body.load_pointer("%sync", 1), [], 0)
