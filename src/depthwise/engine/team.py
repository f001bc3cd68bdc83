"""The process's small team of threads: they wait in native code, then in the system.

A worker spins for about 50 microseconds after its last job and parks then; whoever
posts a job wakes those that are parked. A waiting worker holds no GIL.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthwise.engine import jit
from depthwise.engine.cache import Cache
from depthwise.engine.driver import PATIENCE, SPINS, wait
from depthwise.engine.emit import Body, Module
from depthwise.engine.memory import allocate
from depthwise.engine.target import Target, host

COUNTER, YIELD, GENERATION, JOB, TABLE, THREADS, DONE = 0, 1, 8, 16, 17, 18, 24
_PARKED, _SEEN, _STEP = 32, 33, 8
"""Words of the shared block; each worker has a line of its own from _PARKED on."""

MAX_THREADS = 256
_POINTER = ctypes.c_void_p


def write(target: Target) -> str:
    """Write post, lead and serve as one module.

    Args:
        target: The CPU.

    Returns:
        The text.

    Example:
        >>> "@serve" in write(host())
        True
    """
    module = Module(target)
    post = Body(module, "post", ["sync"], ["job", "table", "threads"], public=True)
    post.store_int("%job", "%sync", 8 * JOB)
    post.store_int("%table", "%sync", 8 * TABLE)
    post.store_int("%threads", "%sync", 8 * THREADS)
    known = post.load_shared("%sync", 8 * PATIENCE)
    more = post.add(post.add(known, post.div(known, 8)), 1)
    post.store_shared(post.least(more, SPINS), "%sync", 8 * PATIENCE)
    post.add_shared(1, "%sync", 8 * GENERATION)
    post.close()
    _lead(module)
    _serve(module)
    return module.text()


def _lead(module: Module) -> None:
    """Write lead(sync, goal): do the posted job, then wait until workers have left it.

    Without the wait the code could be unloaded under a worker that is still leaving
    the last barrier.
    """
    body = Body(module, "lead", ["sync"], ["goal"], public=True)
    job = body.load_pointer("%sync", JOB)
    body.call_pointer(job, [body.load_pointer("%sync", TABLE)], 0)
    done = body.offset("%sync", 8 * DONE)
    wait(body, done, "%goal")
    body.close()


def _serve(module: Module) -> None:
    """Write serve: do jobs until none has come for a while, then return parked."""
    body = Body(module, "serve", ["sync"], ["thread"], public=True)
    mine = body.offset("%sync", body.mul("%thread", 8 * _STEP))
    body.jump("again")
    body.label("again")
    seen = body.load_int(mine, _SEEN)
    goal = body.add(seen, 1)
    generation = body.offset("%sync", 8 * GENERATION)
    patience = body.load_shared("%sync", 8 * PATIENCE)
    with body.waiting(generation, goal) as turns:
        with body.when("slt", patience, SPINS // 2):  # the core is shared: take turns
            body.call_pointer(body.load_pointer("%sync", YIELD), [], 0)
        with body.when("sgt", turns, body.mul(body.most(patience, 16), 4)):
            body.store_shared(1, mine, 8 * _PARKED)
            body.branch("sge", body.load_shared(generation), goal, "late", "parked")
            body.label("late")
            body.store_shared(0, mine, 8 * _PARKED)
    body.store_int(body.load_shared(generation), mine, 8 * _SEEN)
    body.branch("slt", "%thread", body.load_int("%sync", THREADS), "work", "idle")
    body.label("work")
    job = body.load_pointer("%sync", JOB)
    body.call_pointer(job, [body.load_pointer("%sync", TABLE)], "%thread")
    body.add_shared(1, "%sync", 8 * DONE)
    body.jump("again")
    body.label("idle")
    body.branch("eq", body.load_int("%sync", THREADS), 0, "parked", "again")
    body.label("parked")
    body.close()


@dataclass
class Team:
    """Workers and the block that they share.

    Args:
        native: The loaded functions.
        sync: The shared block.
        pid: The process that they live in.
        lock: Held while a job runs.
        workers: What wakes each worker.
    """

    native: jit.Native
    sync: NDArray[np.int64]
    pid: int
    lock: Any = field(default_factory=threading.Lock)
    workers: list[threading.Semaphore] = field(default_factory=list)

    def __post_init__(self) -> None:
        numbers = [ctypes.c_int64] * 3
        self.post = self.native.function("post", [_POINTER, *numbers])
        self.lead = self.native.function("lead", [_POINTER, ctypes.c_int64])

    def run(self, job: int, table: NDArray[np.int64], threads: int, base: int) -> None:
        """Run the function at ``job`` on ``threads`` threads with ``table``.

        Slot ``base`` of the table receives where the barrier's counter stands.
        """
        with self.lock:
            self._grow(threads - 1)
            table[base] = self.sync[COUNTER]
            goal = int(self.sync[DONE]) + threads - 1
            shared = self.sync.ctypes.data
            self.post(shared, job, table.ctypes.data, threads)
            for index in range(1, threads):
                place = _PARKED + _STEP * index
                if self.sync[place]:
                    self.sync[place] = 0
                    self.workers[index - 1].release()
            self.lead(shared, goal)

    def close(self) -> None:
        """Let every worker return; the team starts anew if it is needed again."""
        if self.pid != os.getpid():  # a forked child ends: the workers are not its own
            return
        with self.lock:
            self.post(self.sync.ctypes.data, 0, 0, 0)
            for worker in self.workers:
                worker.release()
            self.workers.clear()

    def _grow(self, count: int) -> None:
        while len(self.workers) < count:
            wake = threading.Semaphore(0)
            self.workers.append(wake)
            number = len(self.workers)
            self.sync[_SEEN + _STEP * number] = self.sync[GENERATION]
            arguments = (self.native, self.sync, number, wake)
            threading.Thread(target=_work, args=arguments, daemon=True).start()


def _work(
    native: jit.Native, sync: NDArray[np.int64], number: int, wake: threading.Semaphore
) -> None:
    serve = native.function("serve", [_POINTER, ctypes.c_int64])
    while True:
        serve(sync.ctypes.data, number)
        if not sync[THREADS] and sync[GENERATION]:
            return
        wake.acquire()


def new_block() -> NDArray[np.int64]:
    """Make a shared block whose waiting threads can give their core away.

    Returns:
        Zeros, but for the address of sched_yield.
    """
    words = _PARKED + _STEP * MAX_THREADS
    block = allocate(8 * words).view(np.int64)
    function = ctypes.CDLL(None).sched_yield
    block[PATIENCE] = SPINS
    block[YIELD] = ctypes.cast(function, _POINTER).value or 0
    return block


_team: Team | None = None
_making = threading.Lock()


def _forget() -> None:
    """Begin anew in a forked child: its threads are gone, its locks may be held."""
    global _team, _making
    _team, _making = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def team(store: Cache | None) -> Team:
    """Find this process's team; a forked child gets one of its own.

    Args:
        store: Where objects are kept, or None.

    Returns:
        The team.
    """
    global _team  # noqa: PLW0603 (one team a process is the point)
    with _making:
        if _team is None or _team.pid != os.getpid():
            native = jit.load(write(host()), ["post", "lead", "serve"], host(), store)
            _team = Team(native, new_block(), os.getpid())
            atexit.register(_team.close)
        return _team
