"""How long networks take on one thread: in torch, and compiled by the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from depthwise.engine import compile_graph
from depthwise.graph import Graph
from depthwise.jobs.rooms import torch_room
from depthwise.measure.clock import interleave


@dataclass(frozen=True)
class Latency:
    """Times of one network, one entry a round; rounds are those of its companions.

    Args:
        torch_us: Microseconds in torch.
        engine_us: Microseconds compiled by the engine.
    """

    torch_us: tuple[float, ...]
    engine_us: tuple[float, ...]


def measure_latency(
    networks: Mapping[str, tuple[Any, Graph]],
    shape: Sequence[int],
    *,
    rounds: int = 200,
) -> dict[str, Latency]:
    """Time networks in turn, each in torch and compiled, on one thread.

    Args:
        networks: Torch module in eval mode and its graph, by name.
        shape: Of the input, batch included.
        rounds: Timed calls of each.

    Returns:
        Times by name.

    Raises:
        CompileError: If the engine has no kernel for an operator.
    """
    bridge = torch_room("bridge")
    array = np.zeros(tuple(shape), np.float32)
    compiled = {
        name: compile_graph(graph, batch=shape[0], threads=1)
        for name, (_, graph) in networks.items()
    }
    with bridge.threads(1):
        calls: dict[str, Callable[[], object]] = {}
        for name, (module, _) in networks.items():
            calls[f"torch {name}"] = bridge.prepare(module, array)
            calls[f"engine {name}"] = partial(compiled[name], array)
        seconds = interleave(calls, rounds=rounds, warmup=20)
    times = {name: tuple(1e6 * s for s in row) for name, row in seconds.items()}
    return {
        name: Latency(times[f"torch {name}"], times[f"engine {name}"])
        for name in networks
    }
