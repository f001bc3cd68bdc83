"""Networks run with every buffer between pages that no one may touch.

Run as a program, it names each network before it runs it, so that a touched page, which
ends the process, says which network touched it.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from tests.parity.test_engine_vectors import compilable, with_constants
from tests.property.test_engine_convolution import convolutions
from tests.property.test_engine_fusion import blocks
from tests.unit.engine.comparing import Sketch, integer_inputs, reference

from depthwise.engine import Policy, driver, host, jit, team
from depthwise.engine.compiler import plan
from depthwise.engine.memory import Arena
from depthwise.engine.program import Program
from depthwise.errors import CompileError
from depthwise.graph import Graph

PAGE = mmap.PAGESIZE
_NONE = 0
_libc = ctypes.CDLL(None, use_errno=True)
Result = Mapping[str, np.ndarray]


@dataclass
class Guarded:
    """Buffers in one block of memory, each between two forbidden pages.

    ``at_end`` puts a buffer's last byte right before a forbidden page, otherwise its
    first byte is right behind one.
    """

    sizes: Sequence[int]
    at_end: bool

    def __post_init__(self) -> None:
        place, self.offsets, guards = PAGE, [], [0]
        for size in self.sizes:
            room = -(-max(size, 1) // PAGE) * PAGE
            self.offsets.append(place + (room - -(-size // 4) * 4) * self.at_end)
            guards.append(place + room)
            place += room + PAGE
        self.block = mmap.mmap(-1, place)
        self.bytes = np.frombuffer(self.block, np.uint8)
        self.address = self.bytes.ctypes.data
        for guard in guards:
            where = ctypes.c_void_p(self.address + guard)
            assert _libc.mprotect(where, PAGE, _NONE) == 0

    def view(self, index: int, shape: Sequence[int] = ()) -> Any:
        start, size = self.offsets[index], self.sizes[index]
        part = self.bytes[start : start + size].view(np.float32)
        return part.reshape(shape) if shape else part


class Spread(Program):
    """A program whose weight arrays are where a test wants them."""

    places: Sequence[int] = ()

    def weight_offsets(self) -> list[int]:
        return list(self.places)


def run_guarded(
    graph: Graph, inputs: Result, policy: Policy = Policy.AUTO, *, at_end: bool = True
) -> Result:
    """Run a graph on one thread, between guards; return its results."""
    (batch,) = {len(array) for array in inputs.values()} or {1}
    bound = graph.bind(graph.batch or batch)
    program, arena = plan(bound, host(), 1, policy)
    buffers = Guarded([layout.nbytes for layout in program.buffers], at_end)
    weights = Guarded([array.nbytes for array in program.weights], at_end)
    for index, array in enumerate(program.weights):
        weights.view(index)[:] = array.ravel()
    shapes = (*program.input_shapes, *program.output_shapes)
    ends = Guarded([4 * int(np.prod(shape)) for shape in shapes], at_end)
    arrays = [ends.view(i, shape or (1,)) for i, shape in enumerate(shapes)]
    for array, given_input in zip(arrays, graph.inputs, strict=False):
        array[:] = inputs[given_input.name].reshape(array.shape)
    scratch = Guarded([program.scratch], at_end)
    spread = Spread(**{f.name: getattr(program, f.name) for f in fields(program)})
    object.__setattr__(spread, "places", weights.offsets)
    arena = replace(arena, offsets=tuple(buffers.offsets))
    held = (buffers.address, weights.address, arrays, scratch)
    _enter(spread, arena, held, len(program.input_shapes))
    outputs = arrays[len(program.input_shapes) :]
    made = zip(graph.outputs, outputs, program.output_shapes, strict=True)
    return {name: array.reshape(shape).copy() for name, array, shape in made}


def _enter(program: Program, arena: Arena, held: tuple[Any, ...], inputs: int) -> None:
    buffers, weights, arrays, scratch = held
    text = driver.write(program, arena, host())
    native = jit.load(text, [driver.ENTRY], host(), None)
    pointers = np.array([array.ctypes.data for array in arrays], np.int64)
    stamps = np.zeros(1 + len(program.steps), np.int64)
    sync = team.new_block()
    table = np.zeros(9, np.int64)
    table[driver.ARENA], table[driver.WEIGHTS] = buffers, weights
    table[driver.INPUTS] = pointers.ctypes.data
    table[driver.OUTPUTS] = pointers.ctypes.data + 8 * inputs
    table[driver.SCRATCH] = scratch.address + scratch.offsets[0]
    table[driver.SYNC], table[driver.STAMPS] = sync.ctypes.data, stamps.ctypes.data
    table[driver.THREADS] = 1
    native.function(driver.ENTRY, (ctypes.c_void_p, ctypes.c_int64))(
        table.ctypes.data, 0
    )


def say(text: object) -> None:
    """Name what runs next; the last name of a process that ended is to blame."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def check(graph: Graph, inputs: Result, policy: Policy) -> None:
    """Results between guards are exact, with guards right before and right behind."""
    wanted = reference(graph, inputs)
    for at_end in (True, False):
        say(f"{policy} at_end={at_end} {graph}")
        found = run_guarded(graph, inputs, policy, at_end=at_end)
        for name in graph.outputs:
            np.testing.assert_array_equal(found[name], wanted[name])


def over_convolutions(examples: int) -> None:
    """Any legal convolution, and any chain that may be fused, with and without."""

    @given(convolutions())
    @settings(max_examples=examples, database=None, deadline=None, derandomize=True)
    def convolve(made: tuple[Sketch, str]) -> None:
        graph = made[0].graph(made[1])
        check(graph, integer_inputs(graph, 2), Policy.AUTO)

    @given(blocks())
    @settings(max_examples=examples, database=None, deadline=None, derandomize=True)
    def fuse(graph: Graph) -> None:
        for policy in (Policy.ALWAYS, Policy.NEVER):
            check(graph, integer_inputs(graph, 1), policy)

    convolve()
    fuse()


def over_vectors(every: int, first: int) -> None:
    """The onnx wheel's vectors, each operator that there is."""
    done = 0
    for case, graph, given_inputs in compilable()[first::every]:
        made, arrays = with_constants(graph, given_inputs)
        if len({len(a) for a in arrays.values() if a.ndim}) != 1 or not made.inputs:
            continue
        say(case.name)
        try:
            found = [
                run_guarded(made, arrays, at_end=at_end) for at_end in (True, False)
            ]
        except CompileError:
            continue
        for name, wanted in zip(made.outputs, case.outputs, strict=True):
            for each in found:
                close = (max(case.rtol, 1e-5), max(case.atol, 1e-6))
                np.testing.assert_allclose(each[name], wanted, *close)
        done += 1
    say(f"{done} vectors")


def touch() -> None:
    """Read one element behind a buffer, which must end the process."""
    held = Guarded([64], at_end=True)
    say("one element too many")
    say(ctypes.c_float.from_address(held.address + held.offsets[0] + 64).value)


JOBS: dict[str, Callable[..., None]] = {
    "convolutions": over_convolutions,
    "vectors": over_vectors,
    "touch": touch,
}

if __name__ == "__main__":
    JOBS[sys.argv[1]](*map(int, sys.argv[2:]))
    say("done")
