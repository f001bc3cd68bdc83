"""CompiledNetwork: arrays in, arrays out, on generated code."""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.engine import driver, team
from depthwise.engine.arguments import Batches, check_inputs, check_outputs
from depthwise.engine.cache import Cache, default_cache
from depthwise.engine.compiler import Compiled, compile_program
from depthwise.engine.memory import allocate
from depthwise.engine.samples import is_samplewise
from depthwise.engine.schedule import Policy
from depthwise.engine.target import default_threads, host
from depthwise.errors import UsageError
from depthwise.graph import Graph, verify

Array: TypeAlias = NDArray[np.float32]
_DEFAULT_CACHE = default_cache()
_ENTRY = (ctypes.c_void_p, ctypes.c_int64)


@dataclass(frozen=True)
class StepTime:
    """Where the time of one run went.

    Args:
        kernel: The kernel's name.
        nodes: Names of the graph's nodes that it computes.
        latency_us: Microseconds.
        macs: Multiply-accumulates.

    Example:
        >>> StepTime("relu", ("act",), 2.0, 0).gflops
        0.0
    """

    kernel: str
    nodes: tuple[str, ...]
    latency_us: float
    macs: int

    @property
    def gflops(self) -> float:
        """Billions of floating-point operations a second."""
        return 2e-3 * self.macs / self.latency_us if self.latency_us else 0.0


class CompiledNetwork:
    """A graph as machine code; build one with ``compile_graph``.

    Calls from several threads wait for each other. The GIL is free while code runs.

    Args:
        graph: The graph, with the symbol N.
        batch: Samples a run of the machine code computes.
        threads: Threads that share the work.
        store: Where objects are kept, or None.
        policy: Which stages may run as one kernel.

    Example:
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 2)))
        >>> graph = Graph("tiny", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> net = CompiledNetwork(graph, 1, 1, None)
        >>> net(np.array([[-1, 2], [3, -4]], "float32"))
        array([[0., 2.],
               [3., 0.]], dtype=float32)
    """

    def __init__(
        self,
        graph: Graph,
        batch: int,
        threads: int,
        store: Cache | None,
        policy: Policy = Policy.AUTO,
    ) -> None:
        self.graph = graph
        self.batch = graph.batch or batch
        self.threads = threads
        self._store = store
        self._samplewise = is_samplewise(graph)
        self._policy = policy
        first = _Instance.of(graph, self.batch, threads, policy, store)
        self._instances = {self.batch: first}
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def __call__(self, *inputs: Any) -> Any:
        """Run on ``inputs``, in the graph's order; one result comes without a tuple."""
        names = [given.name for given in self.graph.inputs]
        if len(inputs) != len(names):
            msg = f"a network is called with {len(names)} arrays; got {len(inputs)}"
            raise UsageError(msg)
        results = self.run(dict(zip(names, inputs, strict=True)))
        values = tuple(results[name] for name in self.graph.outputs)
        return values[0] if len(values) == 1 else values

    def run(
        self, inputs: Batches, outputs: Mapping[str, Array] | None = None
    ) -> dict[str, Array]:
        """Run on ``inputs`` and write to ``outputs``.

        ``inputs`` is an array for a network with one input, or arrays by name: NumPy,
        or anything with DLPack. ``outputs`` holds writable contiguous float32 arrays
        by name; new ones are made where there is none. Any batch is served: in runs
        of the compiled batch, the last one filled up, where samples do not depend on
        each other, and by a compilation for that batch where they do.
        """
        given, count = check_inputs(self.graph, inputs)
        fixed = self.graph.batch is not None
        instance = self._instance(self.batch if self._samplewise or fixed else count)
        made = check_outputs(self.graph, count, outputs or {})
        with self._guard():
            if self._samplewise:
                instance.run_samples(given, made, count)
            else:
                instance.run(given, made)
        return made

    def clone(self) -> CompiledNetwork:
        """Make another network on the same weights that can run at the same time."""
        other = object.__new__(CompiledNetwork)
        other.__dict__.update(self.__dict__)
        other._instances = {n: i.clone() for n, i in self._instances.items()}
        other._lock = threading.Lock()
        return other

    def profile(self, runs: int = 20) -> tuple[StepTime, ...]:
        """Time every step, as the median of ``runs`` on zeros."""
        with self._guard():
            return self._instances[self.batch].profile(runs)

    def benchmark(self, seconds: float = 1.0) -> NDArray[np.float64]:
        """Time whole runs on random numbers for some ``seconds``; microseconds each."""
        random = np.random.default_rng(0)
        instance = self._instances[self.batch]
        shapes = instance.compiled.program.input_shapes
        given = [random.standard_normal(s).astype(np.float32) for s in shapes]
        names = [i.name for i in self.graph.inputs]
        inputs = dict(zip(names, given, strict=True))
        outputs = self.run(inputs)
        times: list[float] = []
        end = time.perf_counter() + seconds
        while not times or time.perf_counter() < end:
            start = time.perf_counter()
            self.run(inputs, outputs)
            times.append(1e6 * (time.perf_counter() - start))
        return np.array(times)

    @property
    def activation_bytes(self) -> int:
        """Bytes of the arena and of all threads' scratch memory."""
        instance = self._instances[self.batch]
        scratch = instance.compiled.program.scratch * self.threads
        return instance.compiled.arena.nbytes + scratch

    @property
    def weight_bytes(self) -> int:
        """Bytes of the packed weights."""
        return int(self._instances[self.batch].weights.nbytes)

    @property
    def compiled(self) -> Compiled:
        """Program, text and machine code of the batch that was asked for."""
        return self._instances[self.batch].compiled

    def _instance(self, size: int) -> _Instance:
        if size not in self._instances:
            self._instances[size] = _Instance.of(
                self.graph, size, self.threads, self._policy, self._store
            )
        return self._instances[size]

    def _guard(self) -> Any:
        if self._pid != os.getpid():  # a lock held at the fork would never open
            self._lock = threading.Lock()
            self._pid = os.getpid()
        return self._lock


@dataclass
class _Instance:
    """Machine code of one batch size with memory of its own."""

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

    @staticmethod
    def of(
        graph: Graph, batch: int, threads: int, policy: Policy, store: Cache | None
    ) -> _Instance:
        bound = graph.bind(batch)
        compiled = compile_program(bound, host(), threads, policy, store)
        packed = compiled.program.packed().view(np.uint8)
        weights = allocate(packed.nbytes)
        weights[: packed.nbytes] = packed
        return _Instance(compiled, weights, threads, store)

    def clone(self) -> _Instance:
        return _Instance(self.compiled, self.weights, self.threads, self.store)

    def run(self, inputs: Sequence[Array], outputs: Mapping[str, Array]) -> None:
        self._launch(inputs, list(outputs.values()))

    def run_samples(
        self, inputs: Sequence[Array], outputs: Mapping[str, Array], count: int
    ) -> None:
        results = list(outputs.values())
        size = self.compiled.program.input_shapes[0][0]
        if size == count:
            self._launch(inputs, results)
            return
        for start in range(0, count, size):
            stop = min(count, start + size)
            parts = [_filled(array[start:stop], size) for array in inputs]
            made = [_filled(array[start:stop], size) for array in results]
            self._launch(parts, made)
            for part, whole in zip(made, results, strict=True):
                if len(part) > stop - start:
                    whole[start:stop] = part[: stop - start]

    def _launch(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
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

    def profile(self, runs: int) -> tuple[StepTime, ...]:
        program = self.compiled.program
        inputs = [np.zeros(shape, np.float32) for shape in program.input_shapes]
        outputs = [np.zeros(shape, np.float32) for shape in program.output_shapes]
        ticks, spans = [], []
        for _ in range(runs + 1):
            start = time.perf_counter()
            self._launch(inputs, outputs)
            spans.append(time.perf_counter() - start)
            ticks.append(np.diff(self.stamps))
        shares = np.median(np.array(ticks[1:], np.float64), axis=0)
        whole = 1e6 * float(np.median(spans[1:]))
        scale = whole / max(float(shares.sum()), 1.0)
        return tuple(
            StepTime(step.kernel.name, step.nodes, float(share * scale), step.macs)
            for step, share in zip(program.steps, shares, strict=True)
        )


def _filled(array: Array, size: int) -> Array:
    """Fill up samples with zeros; whole runs are used where they are."""
    if len(array) == size:
        return array
    made = np.zeros((size, *array.shape[1:]), np.float32)
    made[: len(array)] = array
    return made


def compile_graph(
    graph: Graph,
    *,
    batch: int = 1,
    threads: int | None = None,
    cache: Cache | None = _DEFAULT_CACHE,
    fusion: Policy = Policy.AUTO,
) -> CompiledNetwork:
    """Compile a graph to machine code for this CPU.

    Args:
        graph: Any graph of float32 values whose convolutions have constant weights.
        batch: Samples a run computes, at least 1; other numbers are served too.
        threads: Threads that share the work, at least 1; by default as many as the
            process has cores. The number changes no bit of the result.
        cache: Where machine code is kept between processes, or None for nowhere.
        fusion: Which stages run as one kernel: those for which it pays, all that can,
            or none. It changes no bit of the result either.

    Returns:
        The network, ready to run.

    Raises:
        GraphError: If the graph breaks a rule.
        CompileError: If the engine has no kernel for an operator; nothing has been
            compiled then.
        UsageError: If ``batch`` or ``threads`` is below 1.

    Example:
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 2)))
        >>> graph = Graph("tiny", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> compile_graph(graph, cache=None)(np.array([[-1, 2]], "float32"))
        array([[0., 2.]], dtype=float32)
    """
    for name, value in (("batch", batch), ("threads", threads)):
        if value is not None and value < 1:
            raise UsageError(f"{name} must be 1 or more; got {value}")
    verify(graph)
    count = threads or default_threads()
    return CompiledNetwork(graph, batch, count, cache, fusion)
