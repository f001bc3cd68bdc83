"""Networks as tests want them: seeded, with statistics that do something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from tests.bounds import check_network
from torch import nn
from torch.utils import _pytree as pytree

from depthwise.bridge import module as rebuild
from depthwise.bridge import run as run_torch
from depthwise.execute import run as run_numpy
from depthwise.graph import Graph


def enliven(module: nn.Module, seed: int = 0) -> nn.Module:
    """Give norms statistics and scales that are not 0 and 1; eval mode."""
    generator = torch.Generator().manual_seed(seed)
    for part in module.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            if part.running_mean is not None and part.running_var is not None:
                part.running_mean.normal_(0, 0.2, generator=generator)
                part.running_var.uniform_(0.5, 2, generator=generator)
            if part.affine:
                nn.init.uniform_(part.weight, 0.5, 1.5, generator=generator)
                nn.init.normal_(part.bias, 0, 0.2, generator=generator)
    return module.eval()


def results(module: nn.Module, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What a module gives for arrays, in its own element type."""
    dtype = next((p.dtype for p in module.parameters()), torch.float64)
    tensors = [torch.tensor(x).to(dtype) for x in inputs]
    with torch.no_grad():
        found = module(*tensors)
    return [leaf.numpy() for leaf in pytree.tree_leaves(found)]


def samples(graph: Graph, batch: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Random inputs for a graph."""
    rng = np.random.default_rng(seed)
    shapes = {i.name: (batch, *i.type.shape[1:]) for i in graph.inputs}
    return {n: rng.standard_normal(s, np.float32) for n, s in shapes.items()}


def check_same(
    module: nn.Module, graph: Graph, batches: Sequence[int], numpy: Sequence[int] = (1,)
) -> None:
    """A float32 module, its graph in NumPy and in torch, and rebuilt: all the same.

    Everything is compared in float64 against what float32 loses in this network.
    """
    rebuilt = rebuild(graph).double().eval()
    for batch in batches:
        given = samples(graph, batch)
        inputs = list(given.values())
        single = results(module.float(), inputs)
        wanted = results(module.double(), inputs)
        found: list[list[Any]] = [results(rebuilt, inputs)]
        runs = [run_torch, run_numpy] if batch in numpy else [run_torch]
        for run in runs:
            (values,) = run(graph, [given], dtype="float64")
            found.append([values[name] for name in graph.outputs])
        module.float()
        for one in found:
            for got, expected, lossy in zip(one, wanted, single, strict=True):
                check_network(got, expected, lossy)
