"""How near to the roofs the engine comes, from a handful of kernels timed alone.

The kernels are those below and no others: none is a layer of a network by which
predictions are judged.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthwise.costing import count
from depthwise.costing.roofline import (
    Machine,
    Pace,
    Unit,
    Work,
    attained_share,
    units_of,
)
from depthwise.engine import CompiledNetwork, Policy, compile_graph
from depthwise.graph import Attribute, Batch, Graph, Input, Node, TensorType, verify

_LAYER = "layer"
_PASSES = 5
_REPEATS = 3
_RUNS = 15


@dataclass(frozen=True, slots=True)
class _Sample:
    """One small kernel: a node between two pointwise convolutions, or by itself."""

    work: Work
    op: str
    channels: int
    size: int
    outputs: int = 0
    kernel: int = 1
    stride: int = 1
    group: int = 1


_SAMPLES = (
    _Sample(Work.DENSE, "Conv", 48, 28, 48, 3),
    _Sample(Work.SHORT_2, "Conv", 160, 2, 160, 3),
    _Sample(Work.SHORT_3, "Conv", 160, 3, 160, 3),
    _Sample(Work.SHORT_4, "Conv", 160, 4, 160, 3),
    _Sample(Work.STEM, "Conv", 3, 96, 24, 3, 2),
    _Sample(Work.GROUPED, "Conv", 64, 28, 64, 3, 1, 4),
    _Sample(Work.DEPTHWISE, "Conv", 128, 20, 128, 3, 1, 128),
    _Sample(Work.STRIDED, "Conv", 128, 28, 128, 3, 2, 128),
    _Sample(Work.POINTWISE, "Conv", 96, 20, 96),
    _Sample(Work.POINTWISE, "Conv", 320, 8, 320),
    _Sample(Work.LINEAR, "Gemm", 600, 1, 400),
    _Sample(Work.LINEAR, "Conv", 160, 1, 160),
    _Sample(Work.AVERAGING, "GlobalAveragePool", 128, 20),
    _Sample(Work.AVERAGING, "GlobalAveragePool", 256, 7),
    _Sample(Work.MOVING, "Mul", 128, 20),
    _Sample(Work.POOLING, "MaxPool", 64, 20, 0, 3),
    _Sample(Work.ARRANGING, "Concat", 64, 20),
)
_MANY = 64
"""Convolutions of next to nothing, one after the other, for the time of a unit."""


KERNELS = zlib.crc32(repr((_SAMPLES, _MANY)).encode())
"""What the pace was measured on; kept figures of other kernels are measured again."""


def measure_pace(machine: Machine) -> Pace:
    """Time the kernels, and hold them against the roofs.

    Args:
        machine: The roofs; its threads work.

    Returns:
        The engine's pace: of several kernels of one sort, the geometric mean.
    """
    steps = _compiled(_steps(), machine.threads)
    kernels = [_compiled(_graph(sample), machine.threads) for sample in _SAMPLES]
    spent = [math.inf] * len(kernels)
    whole = math.inf
    for _ in range(_PASSES):  # a slow second slows one pass of each kernel
        whole = min(whole, _least_us(steps))
        spent = [
            min(least, _least_us(each))
            for least, each in zip(spent, kernels, strict=True)
        ]
    arithmetic = machine.compute_us(count(steps.graph).macs)
    overhead = max(whole - arithmetic, 0.0) / _MANY
    shares: dict[Work, list[float]] = {}
    for sample, each, least in zip(_SAMPLES, kernels, spent, strict=True):
        share = attained_share(_unit(each.graph), machine, overhead, least)
        shares.setdefault(sample.work, []).append(share)
    means = {
        work: math.prod(several) ** (1 / len(several))
        for work, several in shares.items()
    }
    return Pace("engine", means, overhead)


def _steps() -> Graph:
    """Write units that compute next to nothing: what is left is the step itself."""
    image = Input("v0", TensorType("float32", (1, 8, 1, 1)))
    weights = {"w": _numbers(8, 8, 1, 1)}
    nodes = tuple(
        Node("Conv", (f"v{i}", "w"), (f"v{i + 1}",), {}, f"{_LAYER}{i}")
        for i in range(_MANY)
    )
    return Graph("steps", (image,), (f"v{_MANY}",), nodes, weights, frozenset(weights))


def _compiled(graph: Graph, threads: int) -> CompiledNetwork:
    return compile_graph(graph, threads=threads, fusion=Policy.NEVER)


def _least_us(network: CompiledNetwork) -> float:
    """Time the steps of the kernels that are looked at: the least of some medians."""
    return min(
        sum(
            step.latency_us
            for step in network.profile(_RUNS)
            if any(name.startswith(_LAYER) for name in step.nodes)
        )
        for _ in range(_REPEATS)
    )


def _unit(graph: Graph) -> Unit:
    units = units_of(graph, count(graph))
    return next(one for one in units if _LAYER in {x.name for x in one.layers})


def _graph(sample: _Sample) -> Graph:
    """Write the kernel's graph; images come and go through pointwise convolutions."""
    channels, size = sample.channels, sample.size
    first = 3 if sample.work is not Work.STEM else channels
    image = Input("x", TensorType("float32", (Batch(), first, size, size)))
    nodes: list[Node] = []
    weights: dict[str, NDArray[np.float32]] = {}
    value = "x"
    if sample.work is not Work.STEM:
        weights["before"] = _numbers(channels, first, 1, 1)
        nodes.append(Node("Conv", ("x", "before"), ("b",), {}, "first"))
        value = "b"
    nodes += _node(sample, value, weights)
    if sample.op != "Gemm":
        made = sample.outputs or channels * (1 + (sample.op == "Concat"))
        weights["after"] = _numbers(8, made, 1, 1)
        nodes.append(Node("Conv", ("y", "after"), ("z",), {}, "last"))
    last = nodes[-1].outputs
    names = frozenset(weights)
    graph = Graph(sample.op, (image,), last, tuple(nodes), weights, names)
    return verify(graph).bind(1)


def _node(
    sample: _Sample, value: str, weights: dict[str, NDArray[np.float32]]
) -> list[Node]:
    pad = (sample.kernel - 1) // 2
    window: dict[str, Attribute] = {
        "kernel_shape": (sample.kernel,) * 2,
        "strides": (sample.stride,) * 2,
        "pads": (pad,) * 4,
    }
    per_group = sample.channels // sample.group
    match sample.op:
        case "Conv":
            side = (sample.kernel,) * 2
            weights["w"] = _numbers(sample.outputs, per_group, *side)
            attributes = {**window, "group": sample.group}
            return [Node("Conv", (value, "w"), ("y",), attributes, _LAYER)]
        case "Gemm":
            weights["w"] = _numbers(sample.channels, sample.outputs)
            flat = Node("Flatten", (value,), ("f",), {}, "flat")
            return [flat, Node("Gemm", ("f", "w"), ("y",), {}, _LAYER)]
        case "MaxPool":
            return [Node("MaxPool", (value,), ("y",), window, _LAYER)]
        case "Mul":
            pool = Node("GlobalAveragePool", (value,), ("p",), {}, "pool")
            return [pool, Node("Mul", (value, "p"), ("y",), {}, _LAYER)]
        case "Concat":
            pool = Node("MaxPool", (value,), ("p",), {"kernel_shape": (1, 1)}, "pool")
            joined = Node("Concat", (value, "p"), ("y",), {"axis": 1}, _LAYER)
            return [pool, joined]
        case _:
            return [Node(sample.op, (value,), ("y",), {}, _LAYER)]


def _numbers(*shape: int) -> NDArray[np.float32]:
    random = np.random.default_rng(0)
    return random.standard_normal(shape).astype(np.float32)
