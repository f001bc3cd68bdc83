"""Machine code of one batch size with memory of its own: pointers in, numbers out."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthwise.engine import driver, team
from depthwise.engine.arguments import Array
from depthwise.engine.cache import Cache
from depthwise.engine.compiler import Compiled, compile_program
from depthwise.engine.memory import allocate
from depthwise.engine.schedule import Policy
from depthwise.engine.target import host
from depthwise.graph import Graph

_ENTRY = (ctypes.c_void_p, ctypes.c_int64)


@dataclass
class Instance:
    """A compiled program with an arena; several may share the packed weights.

    Args:
        compiled: The program and its code.
        weights: The packed weights.
        threads: Threads that share the work.
        store: Where objects are kept, or None.
    """

    compiled: Compiled
    weights: NDArray[np.uint8]
    threads: int
    store: Cache | None

    def __post_init__(self) -> None:
        program = self.compiled.program
        sync = team.new_block() if self.threads == 1 else team.team(self.store).sync
        pointers = len(program.input_shapes), len(program.output_shapes)
        self.inputs = np.zeros(pointers[0], np.int64)
        self.outputs = np.zeros(pointers[1], np.int64)
        self.stamps = np.zeros(1 + len(program.steps), np.int64)
        self.memory = allocate(self.compiled.arena.nbytes)
        self.scratch = allocate(program.scratch * self.threads)
        held = (self.memory, self.weights, self.inputs, self.outputs, self.scratch)
        places = [array.ctypes.data for array in (*held, sync, self.stamps)]
        self.table = np.array([*places, self.threads, 0], np.int64)
        self.sync = sync
        self.entry = self.compiled.native.function(driver.ENTRY, _ENTRY)
        self.address = self.compiled.native.addresses[driver.ENTRY]
        self.filled: list[Array] = []

    @staticmethod
    def of(
        graph: Graph, batch: int, threads: int, policy: Policy, store: Cache | None
    ) -> Instance:
        """Compile a graph and take memory for it.

        Args:
            graph: The graph, with the symbol N or a batch of its own.
            batch: Samples a run computes.
            threads: Threads that share the work.
            policy: Which stages may run as one kernel.
            store: Where objects are kept, or None.

        Returns:
            The instance.
        """
        bound = graph.bind(batch)
        compiled = compile_program(bound, host(), threads, policy, store)
        packed = compiled.program.packed().view(np.uint8)
        weights = allocate(packed.nbytes)
        weights[: packed.nbytes] = packed
        return Instance(compiled, weights, threads, store)

    def clone(self) -> Instance:
        """Make another instance of the same code on the same weights."""
        return Instance(self.compiled, self.weights, self.threads, self.store)

    def run(self, inputs: Sequence[Array], outputs: Mapping[str, Array]) -> None:
        """Run once, on as many samples as were compiled for.

        Args:
            inputs: Arrays in the graph's order, contiguous and of the right shape.
            outputs: Buffers in the graph's order, by name.
        """
        self.launch(inputs, list(outputs.values()))

    def run_samples(
        self, inputs: Sequence[Array], outputs: Mapping[str, Array], count: int
    ) -> None:
        """Run as often as ``count`` samples take, the last time filled up.

        Args:
            inputs: Arrays in the graph's order, contiguous and of the right shape.
            outputs: Buffers in the graph's order, by name.
            count: Samples in each.
        """
        results = list(outputs.values())
        size = self.compiled.program.input_shapes[0][0]
        whole = count // size * size
        for start in range(0, whole, size):
            self.launch(
                [array[start : start + size] for array in inputs],
                [array[start : start + size] for array in results],
            )
        if whole < count:
            self._run_rest(
                [array[whole:] for array in inputs],
                [array[whole:] for array in results],
                count - whole,
            )

    def _run_rest(
        self, inputs: Sequence[Array], results: Sequence[Array], count: int
    ) -> None:
        """Run fewer samples than a batch, in arrays that are made once and kept."""
        if not self.filled:
            program = self.compiled.program
            shapes = (*program.input_shapes, *program.output_shapes)
            self.filled = [np.zeros(shape, np.float32) for shape in shapes]
        given, made = self.filled[: len(inputs)], self.filled[len(inputs) :]
        for mine, array in zip(given, inputs, strict=True):
            mine[:count] = array
            mine[count:] = 0
        self.launch(given, made)
        for array, mine in zip(results, made, strict=True):
            array[:] = mine[:count]

    def launch(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        """Run once; nothing is checked any more.

        Args:
            inputs: Arrays in the graph's order, contiguous and of the right shape.
            outputs: Buffers in the graph's order.
        """
        for index, array in enumerate(inputs):
            self.inputs[index] = array.ctypes.data
        for index, array in enumerate(outputs):
            self.outputs[index] = array.ctypes.data
        if self.threads == 1:
            self.entry(self.table.ctypes.data, 0)
            return
        crew = team.team(self.store)
        self.table[driver.SYNC] = crew.sync.ctypes.data
        crew.run(self.address, self.table, self.threads, driver.BASE)

    def bound(
        self, inputs: Sequence[Array], outputs: Sequence[Array]
    ) -> Callable[[], None]:
        """Make a call on arrays, which it keeps.

        Args:
            inputs: Arrays in the graph's order, contiguous and of the right shape.
            outputs: Buffers in the graph's order.

        Returns:
            The call.
        """
        kept = [*inputs, *outputs]
        places = np.array([array.ctypes.data for array in kept], np.int64)
        table = self.table.copy()
        table[driver.INPUTS] = places.ctypes.data
        table[driver.OUTPUTS] = places.ctypes.data + places.itemsize * len(inputs)
        address, entry = table.ctypes.data, self.entry

        def call(_held: object = (kept, places, table)) -> None:
            if self.threads == 1:
                entry(address, 0)
                return
            crew = team.team(self.store)
            table[driver.SYNC] = crew.sync.ctypes.data
            crew.run(self.address, table, self.threads, driver.BASE)

        return call
