"""How long torch takes for each node of a graph."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from depthwise.bridge.operators import FUNCTIONS
from depthwise.execute import Step, plan_steps
from depthwise.graph import Graph, concrete


def profile(
    graph: Graph,
    *,
    batch: int = 1,
    runs: int = 10,
    channels_last: bool = True,
) -> dict[str, float]:
    """Time every node of a graph in torch, run after run, on zeros.

    Args:
        graph: Any graph that verifies.
        batch: Samples a run, at least 1.
        runs: Timed runs, at least 1, after one that is not timed.
        channels_last: Whether images and weights are laid out with channels last, in
            which torch is fastest on CPUs.

    Returns:
        Microseconds by node name, each the median of its runs.

    Example:
        >>> from depthwise.graph import Batch, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 2)))
        >>> relu = Node("Relu", ("x",), ("y",), {}, "relu")
        >>> list(profile(Graph("tiny", (x,), ("y",), (relu,)), runs=1))
        ['relu']
    """
    bound = graph.bind(batch)
    steps = plan_steps(bound, set(bound.outputs))
    constants = {name: _tensor(a) for name, a in bound.constants.items()}
    for given in bound.inputs:
        shape = concrete(given.type.shape)
        constants[given.name] = _tensor(np.zeros(shape, given.type.dtype))
    if channels_last:
        constants = {name: _last(tensor) for name, tensor in constants.items()}
    spent = [_run(steps, dict(constants)) for _ in range(runs + 1)][1:]
    medians = 1e6 * np.median(np.array(spent), axis=0)
    names = (call.node.name or call.node.outputs[0] for call, _ in steps)
    return dict(zip(names, map(float, medians), strict=True))


@torch.inference_mode()
def _run(steps: list[Step], values: dict[str, Any]) -> list[float]:
    values[""] = None
    spent = []
    for call, _ in steps:
        operands = tuple(values[name] for name in call.node.inputs)
        start = time.perf_counter()
        results = FUNCTIONS[call.node.op](call, operands)
        spent.append(time.perf_counter() - start)
        values.update(zip(call.node.outputs, results, strict=False))
    return spent


def _tensor(array: NDArray[Any]) -> torch.Tensor:
    return torch.tensor(array)


def _last(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.ndim != 4:
        return tensor
    return tensor.to(memory_format=torch.channels_last)
