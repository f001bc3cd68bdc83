"""CompiledNetwork: arrays in, arrays out, on generated code."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthwise.engine.arguments import (
    Array,
    Batches,
    Buffers,
    check_inputs,
    check_outputs,
)
from depthwise.engine.cache import Cache, default_cache
from depthwise.engine.compiler import Compiled
from depthwise.engine.instance import Instance
from depthwise.engine.profile import StepTime, profile
from depthwise.engine.samples import is_samplewise
from depthwise.engine.schedule import Policy
from depthwise.engine.sharing import worthwhile_threads
from depthwise.engine.target import default_threads
from depthwise.engine.team import MAX_THREADS
from depthwise.errors import UsageError
from depthwise.graph import Graph, verify

_DEFAULT_CACHE = default_cache()


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
        first = Instance.of(graph, self.batch, threads, policy, store)
        self._instances = {self.batch: first}
        self._lock = threading.Lock()
        _LIVING.add(self)

    def __call__(self, *inputs: Any) -> Any:
        """Run on ``inputs``, in the graph's order; one result comes without a tuple."""
        names = [given.name for given in self.graph.inputs]
        if len(inputs) != len(names):
            msg = f"a network is called with {len(names)} arrays; got {len(inputs)}"
            raise UsageError(msg)
        results = self.run(dict(zip(names, inputs, strict=True)))
        values = tuple(results[name] for name in self.graph.outputs)
        return values[0] if len(values) == 1 else values

    def run(self, inputs: Batches, outputs: Buffers = None) -> dict[str, Array]:
        """Run on ``inputs`` and write to ``outputs``.

        ``inputs`` is an array for a network with one input, or arrays by name: NumPy,
        or anything with DLPack. ``outputs`` is an array for a network with one output,
        or arrays by name: writable, contiguous, float32, apart from the inputs; new
        ones are made where there is none. Any batch is served: in runs of the
        compiled batch, the last one filled up, where samples do not depend on each
        other, and by a compilation for that batch where they do.
        """
        given, count = check_inputs(self.graph, inputs)
        made = check_outputs(self.graph, count, outputs, given)
        with self._lock:
            if self._samplewise:
                self._instances[self.batch].run_samples(given, made, count)
            else:
                self._instance(self.graph.batch or count).run(given, made)
        return made

    def prepare(
        self, inputs: Batches, outputs: Buffers = None
    ) -> Callable[[], dict[str, Array]]:
        """Make a call that checks nothing more: 10 microseconds less than ``run``.

        It reads ``inputs`` and writes ``outputs``, as ``run`` has them, each time. An
        input that is not contiguous is copied now and not looked at again.
        """
        given, count = check_inputs(self.graph, inputs)
        made = check_outputs(self.graph, count, outputs, given)
        if (self.graph.batch or count) != self.batch:
            return partial(self.run, inputs, made)
        enter = self._instances[self.batch].bound(given, list(made.values()))

        def call() -> dict[str, Array]:
            with self._lock:
                enter()
            return made

        return call

    def renew(self) -> None:
        """Take a new lock, in a process where nobody can hold the old one."""
        self._lock = threading.Lock()

    def clone(self) -> CompiledNetwork:
        """Make another network on the same weights that can run at the same time."""
        other = object.__new__(CompiledNetwork)
        with self._lock:
            other.__dict__.update(self.__dict__)
            other._instances = {n: i.clone() for n, i in self._instances.items()}
        other.renew()
        _LIVING.add(other)
        return other

    def profile(self, runs: int = 20) -> tuple[StepTime, ...]:
        """Time every step, as the median of ``runs`` on zeros, beside the peak."""
        if runs < 1:
            raise UsageError(f"runs must be 1 or more; got {runs}")
        with self._lock:
            return profile(self._instances[self.batch], runs)

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

    def __repr__(self) -> str:
        """Name the network, its batch and its threads."""
        return f"<CompiledNetwork {self.graph.name} N={self.batch} T={self.threads}>"

    def _instance(self, size: int) -> Instance:
        if size not in self._instances:
            self._instances[size] = Instance.of(
                self.graph, size, self.threads, self._policy, self._store
            )
        return self._instances[size]


_LIVING: weakref.WeakSet[CompiledNetwork] = weakref.WeakSet()


def _renew() -> None:
    """Take new locks in a forked child: one held at the fork would never open."""
    for network in tuple(_LIVING):
        network.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


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
        threads: Threads that share the work, at least 1; by default as many of the
            process's cores as are worth while. The number changes no bit of the result.
        cache: Where machine code is kept between processes, or None for nowhere.
        fusion: Which stages run as one kernel: those for which it pays, all that can,
            or none. It changes no bit of the result either.

    Returns:
        The network, ready to run.

    Raises:
        GraphError: If the graph breaks a rule.
        CompileError: If the engine has no kernel for an operator; nothing has been
            compiled then.
        UsageError: If ``batch`` is below 1, or ``threads`` is not 1 to 256.

    Example:
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 2)))
        >>> graph = Graph("tiny", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> compile_graph(graph, cache=None)(np.array([[-1, 2]], "float32"))
        array([[0., 2.]], dtype=float32)
    """
    if batch < 1:
        raise UsageError(f"batch must be 1 or more; got {batch}")
    if threads is not None and not 1 <= threads <= MAX_THREADS:
        raise UsageError(f"threads must be 1 to {MAX_THREADS}; got {threads}")
    verify(graph)
    count = threads or worthwhile_threads(graph, default_threads(), batch)
    return CompiledNetwork(graph, batch, count, cache, fusion)
