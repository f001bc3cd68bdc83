"""A network under the roofs of this machine: bounds, predictions, measured times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from depthwise.costing import count
from depthwise.costing.roofline import Roofline, UnitTime, roofline_of
from depthwise.engine import CompiledNetwork, compile_graph, inspect_graph
from depthwise.errors import CompileError, DepthwiseError, MissingDependencyError
from depthwise.formats import save_onnx
from depthwise.graph import Graph, concrete
from depthwise.graph.rewrite import simplify
from depthwise.jobs.machine import Calibration, calibrate
from depthwise.jobs.rooms import torch_room
from depthwise.measure.clock import interleave
from depthwise.measure.peers import PEERS, peer

ENGINE, TORCH = "engine", "torch"
_REPEATS = 5
_RUNS = 9
_BURST = 5


def roofline(
    graph: Graph,
    *,
    batch: int = 1,
    threads: int = 1,
    calibration: Calibration | None = None,
) -> Roofline:
    """Hold a network under the roofs of this machine; the network is not run.

    Args:
        graph: The network; batch norms are folded, as an engine runs it.
        batch: Samples a run.
        threads: Threads that share the work.
        calibration: The machine; looked up, or measured the first time, if left out.

    Returns:
        Bound and predicted time of all that runs as one in the engine; layer by layer
        where the engine has no kernel for some operator.

    Raises:
        UsageError: If a number is below 1.
    """
    bound = simplify(graph).bind(batch)
    found = calibration or calibrate(threads=threads)
    try:
        views = inspect_graph(bound, batch=batch, threads=threads).steps
        groups = tuple(dict.fromkeys(view.step.nodes for view in views))
    except CompileError:
        groups = ()
    report = count(bound, batch=batch)
    machine, pace = found.machine, found.pace
    return roofline_of(bound, report, machine, pace=pace, groups=groups)


def measured(
    model: Roofline,
    graph: Graph,
    *,
    peers: Sequence[str] = tuple(PEERS),
    say: Callable[[str], object] = str,
) -> Roofline:
    """Measure a network on this machine: by unit here and in torch, whole elsewhere.

    Args:
        model: What ``roofline`` gave for the same graph.
        graph: The network.
        peers: Other runtimes; those that are not installed are passed over.
        say: Called with a line about what is left out.

    Returns:
        The same with measured times: of units for "engine" and "torch", of the whole
        network for all.
    """
    bound = simplify(graph).bind(model.batch)
    threads = model.machine.threads
    columns: dict[str, dict[str, float]] = {}
    calls: dict[str, Callable[[], object]] = {}
    for name, prepare in _runtimes(peers).items():
        try:
            columns[name], calls[name] = prepare(bound, threads)
        except DepthwiseError as error:
            say(f"{name} is left out: {error.message}")
    bursts = {name: _burst(call) for name, call in calls.items()}
    seconds = interleave(bursts, rounds=_RUNS, warmup=2) if calls else {}
    whole = {n: 1e6 * float(np.median(row)) / _BURST for n, row in seconds.items()}
    units = tuple(_with_times(time, columns) for time in model.units)
    return replace(model, units=units, whole_us=whole)


def _burst(call: Callable[[], object]) -> Callable[[], object]:
    """Run a few times in a row: what a network in use has in its caches stays there."""

    def calls() -> None:
        for _ in range(_BURST):
            call()

    return calls


_Prepared = tuple[dict[str, float], Callable[[], object]]


def _runtimes(peers: Sequence[str]) -> dict[str, Callable[[Graph, int], _Prepared]]:
    ours: dict[str, Callable[[Graph, int], _Prepared]] = {
        ENGINE: _engine,
        TORCH: _torch,
    }
    return ours | {name: _peer(name) for name in peers}


def _engine(graph: Graph, threads: int) -> _Prepared:
    """Time steps of the engine; each step's time goes to the first node it names."""
    network = compile_graph(graph, batch=graph.batch or 1, threads=threads)
    prepared = network.prepare(_zeros(graph))
    return engine_times(network), prepared


def engine_times(network: CompiledNetwork, repeats: int = _REPEATS) -> dict[str, float]:
    """Time what the engine runs as one.

    Args:
        network: A compiled network.
        repeats: How many medians the least is taken of.

    Returns:
        Microseconds by the name of the first node of each unit; packing and clearing
        belong to the unit that they are done for.
    """
    tries: list[dict[str, float]] = []
    for _ in range(repeats):
        spent: dict[str, float] = {}
        for step in network.profile(_RUNS):
            first = step.nodes[0]
            spent[first] = spent.get(first, 0.0) + step.latency_us
        tries.append(spent)
    return {name: min(one[name] for one in tries) for name in tries[0]}


def _torch(graph: Graph, threads: int) -> _Prepared:
    bridge = torch_room("bridge")
    (given,) = _zeros(graph).values()
    images = given.ndim == 4
    with bridge.threads(threads):
        times = bridge.profile(graph, batch=graph.batch or 1, channels_last=images)
    call = bridge.prepare(bridge.module(graph), given, channels_last=images)

    def limited() -> object:
        with bridge.threads(threads):
            return call()

    return times, limited


def _peer(name: str) -> Callable[[Graph, int], _Prepared]:
    def prepare(graph: Graph, threads: int) -> _Prepared:
        try:
            runtime = peer(name)
            with TemporaryDirectory() as folder:
                path = save_onnx(graph, Path(folder) / "model.onnx")
                session = runtime.open_session(path, threads)
        except ImportError as error:
            msg = f"{name} must be installed; got {error}"
            raise MissingDependencyError(
                msg, "pip install 'depthwise[peers]'"
            ) from error
        call = runtime.prepare(session, _zeros(graph))
        return {}, call

    return prepare


def _zeros(graph: Graph) -> dict[str, Any]:
    return {
        given.name: np.zeros(concrete(given.type.shape), given.type.dtype)
        for given in graph.inputs
    }


def _with_times(time: UnitTime, columns: dict[str, dict[str, float]]) -> UnitTime:
    names = [layer.name for layer in time.unit.layers]
    found = {
        engine: sum(times.get(name, 0.0) for name in names)
        for engine, times in columns.items()
    }
    kept = {engine: spent for engine, spent in found.items() if spent > 0}
    return replace(time, measured_us=kept)
