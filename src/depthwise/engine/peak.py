"""What this machine can do at most: fused multiply-adds, and bytes from each cache.

for i in turns, j in chains: sum[j] = a * b + sum[j]
for t in turns, i in bytes: sum[i mod chains] += in[i]

The first runs in registers alone and is the peak that kernels are held against; the
second reads a block again and again, from whatever cache holds a block of that size.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthwise.engine import jit, team
from depthwise.engine.cache import Cache, default_cache
from depthwise.engine.emit import Body, Module
from depthwise.engine.layout import FLOAT
from depthwise.engine.memory import allocate
from depthwise.engine.target import Target, host
from depthwise.errors import UsageError

PEAK, READ = "peak", "read"
_CHAINS = 10
"""Independent sums: two units of latency 4 need 8, and 16 registers hold no more
than 10 beside two factors without a spill."""

_LINE = 64
_FIRST, _TURNS, _EXTENT, _STRIDE, _BASE = range(5)
"""Slots of the table: address, turns, bytes, bytes between threads, the barrier's."""


def write(target: Target) -> str:
    """Write both loops as one module.

    Args:
        target: The CPU.

    Returns:
        The text; its two functions take a table and the number of the thread.

    Example:
        >>> "@peak" in write(host()) and "@read" in write(host())
        True
    """
    module = Module(target)
    _write_peak(module)
    _write_read(module)
    return module.text()


def _write_peak(module: Module) -> None:
    body = Body(module, PEAK, ["table"], ["thread"], public=True)
    block = _block(body)
    factors = [body.load(block, i * body.lanes * FLOAT) for i in range(2)]
    start = [body.number(0.0)] * _CHAINS
    turns = body.load_int("%table", _TURNS)
    with body.reduce(0, turns, start) as loop:
        loop.values = [body.fma(factors[0], factors[1], v) for v in loop.values]
    _keep(body, loop.values, block)


def _write_read(module: Module) -> None:
    body = Body(module, READ, ["table"], ["thread"], public=True)
    block = _block(body)
    start = [body.number(0.0)] * 8
    step = len(start) * body.lanes * FLOAT
    extent = body.load_int("%table", _EXTENT)
    with body.reduce(0, body.load_int("%table", _TURNS), start) as turns:
        with body.reduce(0, extent, turns.values, step) as loop:
            here = body.offset(block, loop.index)
            loop.values = [
                body.arithmetic("fadd", v, body.load(here, i * body.lanes * FLOAT))
                for i, v in enumerate(loop.values)
            ]
        turns.values = loop.values
    _keep(body, turns.values, block)


def _block(body: Body) -> str:
    own = body.mul("%thread", body.load_int("%table", _STRIDE))
    return body.offset(body.load_pointer("%table", _FIRST), own)


def _keep(body: Body, values: list[str], block: str) -> None:
    """Store the sum of everything, so that nothing can be left out."""
    total = values[0]
    for value in values[1:]:
        total = body.arithmetic("fadd", total, value)
    body.store(total, block)
    body.close()


@dataclass
class Probe:
    """The loops, ready to run on some threads at once.

    Args:
        native: The loaded code.
        threads: How many threads run, each on its own memory.
        store: Where objects are kept, or None.

    Example:
        >>> probe(threads=1).peak_gflops() > 1.0
        True
    """

    native: jit.Native
    threads: int
    store: Cache | None

    def peak_gflops(self, seconds: float = 5e-4) -> float:
        """Measure fused multiply-adds in registers.

        Args:
            seconds: About how long one thread works.

        Returns:
            Billions of floating-point operations a second, of all threads together.
        """
        turns = max(int(seconds * 2.5e9 / (_CHAINS / 2)), 1)
        memory = allocate(self.threads * 4096)
        spent = self._time(PEAK, memory, turns, 4096)
        work = 2.0 * host().lanes * _CHAINS * turns * self.threads
        return 1e-9 * work / spent

    def read_gbs(self, nbytes: int, seconds: float = 1e-3) -> float:
        """Measure reading a block of memory that each thread has to itself.

        Args:
            nbytes: Size of a thread's block, at least 4096; whole pages are read.
            seconds: About how long one thread works.

        Returns:
            Billions of bytes a second, of all threads together.

        Raises:
            UsageError: If ``nbytes`` is below 4096.
        """
        if nbytes < 4096:
            raise UsageError(f"a block to read has 4096 bytes or more; got {nbytes}")
        extent = nbytes // 4096 * 4096
        stride = extent + _LINE  # blocks of whole pages would meet in the same sets
        memory = allocate(self.threads * stride)
        self._time(READ, memory, 1, stride, extent)
        turns = max(int(seconds * 2e10 / extent), 1)
        spent = self._time(READ, memory, turns, stride, extent)
        return 1e-9 * extent * turns * self.threads / spent

    def _time(
        self,
        name: str,
        memory: NDArray[np.uint8],
        turns: int,
        stride: int,
        extent: int = 0,
    ) -> float:
        table = np.array([memory.ctypes.data, turns, extent, stride, 0], np.int64)
        call = self._call(name, table)
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    def _call(self, name: str, table: NDArray[np.int64]) -> Callable[[], Any]:
        if self.threads > 1:
            crew, job = team.team(self.store), self.native.addresses[name]
            return partial(crew.run, job, table, self.threads, _BASE)
        entry = self.native.function(name, (ctypes.c_void_p, ctypes.c_int64))
        return partial(entry, table.ctypes.data, 0)


@cache
def probe(threads: int = 1) -> Probe:
    """Compile the loops for this CPU.

    Args:
        threads: How many threads run at once, at least 1.

    Returns:
        The probe.

    Raises:
        UsageError: If ``threads`` is below 1.

    Example:
        >>> probe().read_gbs(16 << 10) > 0.1
        True
    """
    if threads < 1:
        raise UsageError(f"threads must be 1 or more; got {threads}")
    store = default_cache()
    native = jit.load(write(host()), [PEAK, READ], host(), store)
    return Probe(native, threads, store)
