"""One runtime in a process of its own: verified first, then timed turn by turn.

The process reads a line for each turn and answers with seconds a call. Between its
turns it is stopped, so that a runtime whose threads spin takes no core from others.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from depthwise.errors import DepthwiseError, FormatError
from depthwise.formats import load_onnx
from depthwise.graph import Graph
from depthwise.graph.rewrite import simplify
from depthwise.jobs.rooms import torch_room
from depthwise.measure.peers import peer

OURS = "engine"
TORCH = ("torch", "torch_compiled")
CLOSE = 1e-4
"""Largest error of a runtime's result, relative to the largest one of float64."""

_TURN = 2e-3
_MOST = 50
_WARM = 10


def prepare(runtime: str, path: Path, array: Any, threads: int) -> Callable[[], Any]:
    """Make one runtime's quickest call on an input that is in place.

    Args:
        runtime: "engine", "torch", "torch_compiled" or the name of a peer.
        path: The network, as an ONNX file with a batch of one.
        array: Its input.
        threads: How many threads may work; torch takes OMP_NUM_THREADS.

    Returns:
        A function without arguments that returns the first result.
    """
    if runtime == OURS:
        from depthwise.jobs import compiling

        network = compiling.compile(path, array.shape, threads)
        (results,) = [network.prepare(array)]
        return lambda: next(iter(results().values()))
    if runtime in TORCH:
        bridge = torch_room("bridge")
        module = bridge.module(simplify(load_onnx(path)))
        images, compiled = array.ndim == 4, runtime == "torch_compiled"
        made: Callable[[], Any] = bridge.prepare(
            module, array, channels_last=images, compiled=compiled
        )
        return made
    other = peer(runtime)
    session = other.open_session(path, threads)
    call = other.prepare(session, {_input_of(load_onnx(path)): array})
    return lambda: call()[0]


def _input_of(graph: Graph) -> str:
    return graph.inputs[0].name


def check_close(found: Any, wanted: Any, runtime: str) -> float:
    """Refuse to time what is wrong.

    Args:
        found: A runtime's result.
        wanted: That of float64.
        runtime: Its name.

    Returns:
        The error, relative to the largest result.

    Raises:
        FormatError: If it is above ``CLOSE``.

    Example:
        >>> check_close(np.ones(2), np.ones(2), "nothing")
        0.0
    """
    values = np.asarray(found, np.float64).ravel()
    flat = np.asarray(wanted).ravel()
    off = float(np.abs(values - flat).max() / np.abs(flat).max())
    if not off <= CLOSE:
        msg = f"{runtime} must be right before it is timed; its error is {off:.2g}"
        raise FormatError(msg)
    return off


def time_turn(call: Callable[[], Any], count: int) -> float:
    """Time one turn: a call that is not counted, then the median of some.

    Args:
        call: What to time.
        count: How many calls count.

    Returns:
        Seconds a call.
    """
    call()
    spent = []
    for _ in range(count):
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    return float(np.median(spent))


def main(words: list[str]) -> int:
    """Serve turns until the input ends.

    Args:
        words: Runtime, ONNX file, ``.npz`` with input and wanted, threads.

    Returns:
        0, or 1 after an error that was reported.
    """
    runtime, path, arrays, threads = words
    with np.load(arrays) as held:
        array, wanted = held["input"], held["wanted"]
    try:
        call = prepare(runtime, Path(path), array, int(threads))
        error = check_close(call(), wanted, runtime)
    except DepthwiseError as failure:
        _say({"failed": str(failure)})
        return 1
    for _ in range(_WARM):
        call()
    count = int(min(max(_TURN / time_turn(call, 3), 1), _MOST))
    _say({"ready": runtime, "error": error})
    for _ in sys.stdin:
        _say({"seconds": time_turn(call, count)})
    return 0


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
