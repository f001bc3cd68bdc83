"""The engine against other runtimes, each in its own process, in turn."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from depthwise.costing import count
from depthwise.engine import Probe, host, probe
from depthwise.errors import FormatError, UsageError
from depthwise.execute import run
from depthwise.formats import save_onnx
from depthwise.graph import Graph, concrete
from depthwise.jobs.bench_worker import OURS, TORCH
from depthwise.measure.peers import PEERS, peer
from depthwise.measure.rounds import best_of, hopeless, ratio_of, steady_rounds
from depthwise.version import __version__

ALL_PEERS = (*PEERS, *TORCH)
DEFAULT_PEERS = (*PEERS, TORCH[0])
"""Compiled torch is left to those who ask: it takes minutes to compile."""

_MANY = 150
"""From so many rounds on, processes start anew for each third of them."""
_PATIENCE = 3
"""How many times the wanted rounds are made at most, where too few are undisturbed."""
_RARELY = 10
"""Runtimes that cannot be the best have a turn in one of so many rounds."""


@dataclass(frozen=True)
class Plan:
    """How to measure.

    Args:
        threads: Numbers of threads, one after the other.
        peers: Runtimes to compare with.
        rounds: Undisturbed rounds to wait for, over all processes.
        processes: How many times all processes start anew.

    Example:
        >>> Plan().threads
        (1,)
    """

    threads: tuple[int, ...] = (1,)
    peers: tuple[str, ...] = DEFAULT_PEERS
    rounds: int = 210
    processes: int = 3

    def __post_init__(self) -> None:
        unknown = sorted({*self.peers} - {*ALL_PEERS})
        if unknown or not self.peers:
            msg = f"peers are some of {', '.join(ALL_PEERS)}; got {unknown or 'none'}"
            raise UsageError(msg)
        for word in ("rounds", "processes"):
            if getattr(self, word) < 1:
                raise UsageError(f"{word} must be 1 or more; got {getattr(self, word)}")
        if not self.threads or min(self.threads) < 1:
            raise UsageError(f"threads must be 1 or more; got {list(self.threads)}")


def parse_plan(threads: str, peers: str | None, rounds: int) -> Plan:
    """Read what a user wrote.

    Args:
        threads: Numbers with commas.
        peers: Names with commas, or None for all that are compared by default.
        rounds: Undisturbed rounds to wait for.

    Returns:
        The plan; few rounds are taken from one start of the processes.

    Raises:
        UsageError: If a number or a name is none.

    Example:
        >>> parse_plan("1,2", "litert,ncnn", 30).peers
        ('litert', 'ncnn')
    """
    try:
        counts = tuple(int(word) for word in threads.split(","))
    except ValueError as error:
        msg = f"threads are whole numbers with commas; got {threads!r}"
        raise UsageError(msg, "--threads 1,2") from error
    names = DEFAULT_PEERS if peers is None else tuple(filter(None, peers.split(",")))
    return Plan(counts, names, rounds, 3 if rounds >= _MANY else 1)


def bench(
    graph: Graph,
    name: str,
    plan: Plan | None = None,
    *,
    say: Callable[[str], object] | None = None,
) -> list[dict[str, Any]]:
    """Time a network in the engine and in its peers, on one sample at a time.

    Every runtime is a process of its own, that must agree with float64 before it is
    timed, and is stopped while others have their turn. The FMA peak is measured
    before and after each turn; the lowest is that of the round. Rounds below 97 % of
    the usual one, the upper quartile, are counted and left out, and more are made for
    them, up to three times as many.
    Runtimes whose fastest turn takes 1.5 times as long as the best one's median have
    a turn in one round of ten.

    Args:
        graph: The network; one input, and a batch of one is timed.
        name: What to call it.
        plan: How to measure.
        say: Called with a line about what is going on.

    Returns:
        A row a number of threads: medians and minima in microseconds by runtime, the
        best peer, how many times as fast the engine is, its percent of the FMA peak.

    Raises:
        UsageError: If the network has several inputs.
        FormatError: If a runtime does not take it, or computes something else.
    """
    if len(graph.inputs) != 1:
        raise UsageError(f"networks with one input are timed; got {len(graph.inputs)}")
    wanted = plan or Plan()
    with TemporaryDirectory() as folder:
        files = _write_case(graph, Path(folder))
        return [
            _compare(graph, name, wanted, threads, files, say or str)
            for threads in wanted.threads
        ]


def versions(peers: Sequence[str]) -> dict[str, str]:
    """Look up what is compared.

    Args:
        peers: Names of runtimes.

    Returns:
        Versions by name, and the engine's instruction set.

    Example:
        >>> sorted(versions(["onnxruntime"]))
        ['depthwise', 'isa', 'onnxruntime']
    """
    from importlib.metadata import version

    found = {"depthwise": __version__, "isa": host().isa}
    for name in peers:
        found[name] = version("torch") if name in TORCH else peer(name).version()
    return found


def _write_case(graph: Graph, folder: Path) -> tuple[str, str]:
    """Write the network, an input and what float64 makes of it."""
    path = save_onnx(graph, folder / "model.onnx")
    shape = concrete(graph.bind(1).inputs[0].type.shape)
    array = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    (values,) = run(graph, [array], dtype="float64")
    arrays = folder / "arrays.npz"
    np.savez(arrays, input=array, wanted=values[graph.outputs[0]])
    return str(path), str(arrays)


def _compare(
    graph: Graph,
    name: str,
    plan: Plan,
    threads: int,
    files: tuple[str, str],
    say: Callable[[str], object],
) -> dict[str, Any]:
    found = _Found({runtime: [] for runtime in (OURS, *plan.peers)})
    share = -(-plan.rounds // plan.processes)
    for process in range(plan.processes):
        say(f"{name}, {threads} threads, processes {process + 1} of {plan.processes}")
        with ExitStack() as stack:
            started = [_start(r, files, threads) for r in found.seconds]
            workers = _verified(stack, started, found)
            _take_turns(workers, share, probe(threads), found)
    return _row(graph, name, threads, found)


@dataclass
class _Found:
    """Seconds by runtime, peaks, one a round; and why runtimes were left out."""

    seconds: dict[str, list[float]]
    peaks: list[float] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def _verified(
    stack: ExitStack, started: list[tuple[str, subprocess.Popen[str]]], found: _Found
) -> list[_Worker]:
    """Wait until every process has agreed with float64; leave out those that cannot."""
    workers = []
    for runtime, process in started:
        worker = stack.enter_context(_held(runtime, process))
        try:
            worker.ask()
        except FormatError as error:
            if runtime == OURS:
                raise
            found.left_out[runtime] = str(error)
            found.seconds.pop(runtime)
            continue
        os.kill(process.pid, signal.SIGSTOP)
        workers.append(worker)
    if len(workers) < 2:
        msg = f"one peer at least must run the network; got {found.left_out}"
        raise FormatError(msg, "pip install 'depthwise[peers]'")
    return workers


def _take_turns(
    workers: list[_Worker], share: int, meter: Probe, found: _Found
) -> None:
    """Make rounds until ``share`` were undisturbed, at most three times as many."""
    start = len(found.peaks)
    for turn in range(_PATIENCE * share):
        rivals = {r: row[start:] for r, row in found.seconds.items() if r != OURS}
        resting = set() if turn % _RARELY == 0 else hopeless(rivals)
        first = turn % len(workers)
        peaks = [_peak(meter)]
        for worker in (*workers[first:], *workers[:first]):
            if worker.name in resting:
                found.seconds[worker.name].append(float("nan"))
                continue
            found.seconds[worker.name].append(worker.turn())
            peaks.append(_peak(meter))
        found.peaks.append(min(peaks))
        if steady_rounds(found.peaks)[start:].sum() >= share:
            return


def _peak(meter: Probe) -> float:
    """Measure the peak; what interrupts one try of three does not count."""
    return max(meter.peak_gflops(1e-3 * meter.threads) for _ in range(3))


def _row(graph: Graph, name: str, threads: int, found: _Found) -> dict[str, Any]:
    peaks, kept = found.peaks, steady_rounds(found.peaks)
    steady = {runtime: np.array(row)[kept] for runtime, row in found.seconds.items()}
    best = best_of({r: list(row) for r, row in steady.items() if r != OURS})
    ratio = ratio_of(list(steady[best]), list(steady[OURS]))
    macs = count(graph).macs
    peak = float(np.median(np.array(peaks)[kept]))
    gflops = 2e-9 * macs / float(np.median(steady[OURS]))
    return {
        "case": name,
        "input": list(concrete(graph.bind(1).inputs[0].type.shape)),
        "threads": threads,
        "macs": macs,
        "rounds": len(peaks),
        "rounds_kept": int(kept.sum()),
        "median_us": {r: 1e6 * float(np.nanmedian(t)) for r, t in steady.items()},
        "min_us": {r: 1e6 * float(np.nanmin(row)) for r, row in steady.items()},
        "left_out": found.left_out,
        "best_peer": best,
        "ratio": ratio.median,
        "ratio_low": ratio.low,
        "ratio_high": ratio.high,
        "gflops": gflops,
        "peak_gflops": peak,
        "percent_of_peak": 100 * gflops / peak,
    }


@dataclass(frozen=True)
class _Worker:
    """A process that is stopped but during its turns."""

    name: str
    process: subprocess.Popen[str]

    def turn(self) -> float:
        os.kill(self.process.pid, signal.SIGCONT)
        message = self.ask("turn\n")
        os.kill(self.process.pid, signal.SIGSTOP)
        return float(message["seconds"])

    def ask(self, words: str = "") -> dict[str, Any]:
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise FormatError(f"{self.name} must have pipes; got none")
        stdin.write(words)
        stdin.flush()
        line = stdout.readline()
        while line and not line.startswith("{"):  # what a runtime says of itself
            line = stdout.readline()
        message: dict[str, Any] = json.loads(line or '{"failed": "no answer"}')
        if "failed" in message:
            raise FormatError(f"{self.name} must run the network; {message['failed']}")
        return message


def _start(
    runtime: str, files: tuple[str, str], threads: int
) -> tuple[str, subprocess.Popen[str]]:
    command = [sys.executable, "-m", "depthwise.jobs.bench_worker", runtime]
    process = subprocess.Popen(  # noqa: S603 (this very program)
        [*command, *files, str(threads)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
    )
    return runtime, process


@contextmanager
def _held(runtime: str, process: subprocess.Popen[str]) -> Iterator[_Worker]:
    try:
        yield _Worker(runtime, process)
    finally:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.wait()
