"""Whether a Graph computes what the module does that it came from."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

from depthwise.bridge.examples import Example, arguments_of
from depthwise.bridge.exporting import as_eval
from depthwise.bridge.forwarding import plain_results
from depthwise.bridge.torch_run import run
from depthwise.errors import GraphError
from depthwise.graph import Graph


def difference(graph: Graph, module: nn.Module, example_or_shape: Example) -> float:
    """Compare a Graph with its module on normal numbers.

    Args:
        graph: What was made of the module.
        module: The module; it is left as it is.
        example_or_shape: As for ``trace``.

    Returns:
        The largest difference of any result, relative to the largest result of its
        array; infinite where shapes differ.

    Raises:
        GraphError: If they do not take or give as many arrays.

    Example:
        >>> from depthwise.bridge.tracing import trace
        >>> net = nn.Linear(4, 2)
        >>> difference(trace(net, (1, 4)), net, (1, 4)) < 1e-6
        True
    """
    arguments = arguments_of(module, example_or_shape)
    generator = torch.Generator().manual_seed(0)

    def draw(leaf: object) -> object:
        if not isinstance(leaf, torch.Tensor) or not leaf.is_floating_point():
            return leaf
        return torch.randn(leaf.shape, generator=generator).to(leaf.dtype)

    args, kwargs = pytree.tree_map(draw, (arguments.args, arguments.kwargs))
    given = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if _is_tensor(leaf)]
    if len(given) != len(graph.inputs):
        msg = f"a graph takes what its module does, {len(given)} tensors"
        raise GraphError(f"{msg}; got {len(graph.inputs)}")
    arrays = (leaf.numpy().copy() for leaf in given)
    inputs = dict(zip((i.name for i in graph.inputs), arrays, strict=True))
    with as_eval(module), torch.no_grad():
        results = [
            r for r in pytree.tree_leaves(_call(module, args, kwargs)) if _is_tensor(r)
        ]
    values = next(run(graph, [inputs]))
    found = [torch.tensor(values[name]) for name in graph.outputs]
    if len(found) != len(results):
        msg = f"a graph gives what its module does, {len(results)} tensors"
        raise GraphError(f"{msg}; got {len(found)}")
    return max(map(_distance, found, results), default=0.0)


def _call(module: nn.Module, args: Any, kwargs: Any) -> Any:
    return plain_results(module(*args, **kwargs))


def _is_tensor(leaf: object) -> bool:
    return isinstance(leaf, torch.Tensor)


def _distance(found: torch.Tensor, wanted: torch.Tensor) -> float:
    if found.shape != wanted.shape:
        return float("inf")
    pair = (found.double(), wanted.double())
    if not torch.equal(*(one.isfinite() for one in pair)):
        return float("inf")
    scale = pair[1].abs().nan_to_num(0.0, 0.0, 0.0).max() if wanted.numel() else 1.0
    apart = (pair[0] - pair[1]).abs().nan_to_num(0.0, 0.0, 0.0)
    return float(apart.max() / (scale or 1.0)) if wanted.numel() else 0.0
