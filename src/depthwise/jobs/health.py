"""What looks at a network's channels while it trains: a graph, run on some samples."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.data import Dataset, Preprocessing
from depthwise.diagnosis import effective_rank, observe_layers
from depthwise.errors import DataError
from depthwise.graph import Graph
from depthwise.jobs.rooms import torch_room

Array: TypeAlias = NDArray[Any]
MOST = 256
"""Samples that are looked at after each epoch."""
_BATCH = 64


@dataclass
class Inspector:
    """Looks at a network's channels on the same samples each time.

    The network is traced once; from then on its weights are put into that graph, so
    that functional activations and residuals are seen as they are.

    Args:
        inputs: ``[n, C, *spatial]`` in float32, ready for the network.
    """

    inputs: Array
    graph: Graph | None = field(default=None, repr=False)

    def __call__(self, module: Any) -> list[Any]:
        """Take the health of every convolution.

        Args:
            module: A torch module; it is not changed.

        Returns:
            The training room's ``LayerHealth``, one a convolution.
        """
        bridge, training = torch_room("bridge"), torch_room("training")
        if self.graph is None:
            whole = module if _is_shared(module) else deepcopy(module).float()
            self.graph = bridge.trace(whole, (1, *self.inputs.shape[1:]))
        graph = _with_weights(self.graph, module)
        batches = np.array_split(self.inputs, -(-len(self.inputs) // _BATCH))
        seen = observe_layers(graph, batches, bridge.run)
        return [
            training.LayerHealth(
                layer=name,
                channels=len(found.mean),
                dead_share=float(found.dead.mean()),
                correlation=found.mean_absolute_correlation,
                effective_rank=effective_rank(found.covariance),
            )
            for name, found in seen.layers.items()
        ]


def inspector(inputs: Array) -> Inspector:
    """Make what looks at a network's channels while it trains.

    Args:
        inputs: ``[n, C, *spatial]``, ready for the network; 256 are enough.

    Returns:
        A function of a torch module, for ``training.HealthLog`` and, with Lightning's
        Trainer, for ``training.ChannelHealth``.

    Raises:
        DataError: If there is no sample.

    Example:
        >>> from torch import nn
        >>> look = inspector(np.ones((4, 3, 8), "float32"))
        >>> (layer,) = look(nn.Sequential(nn.Conv1d(3, 5, 3), nn.ReLU()))
        >>> layer.channels
        5
    """
    if not len(inputs):
        raise DataError("health is taken on one sample or more; got none")
    return Inspector(np.ascontiguousarray(inputs, np.float32))


def inspector_for(
    dataset: Dataset, rows: Array, preprocessing: Preprocessing
) -> Inspector:
    """Choose the samples that channels are looked at on: evenly spaced, 256 at most.

    Args:
        dataset: Labelled samples.
        rows: Those that may be looked at, ``[m]``.
        preprocessing: From them to inputs.

    Returns:
        As ``inspector``.
    """
    chosen = np.sort(rows[:: -(-len(rows) // MOST)])
    return inspector(preprocessing.apply(np.asarray(dataset.inputs[chosen])))


def _is_shared(module: Any) -> bool:
    """Whether NumPy has a type for every weight: it has none for bfloat16."""
    kinds = {str(tensor.dtype) for tensor in module.state_dict().values()}
    return "torch.bfloat16" not in kinds


def _numbers(tensor: Any) -> Array:
    plain = tensor.detach().cpu().contiguous()
    whole = plain.float() if str(plain.dtype) == "torch.bfloat16" else plain
    return np.asarray(whole.numpy())


def _with_weights(graph: Graph, module: Any) -> Graph:
    """Put a module's weights of now into the graph that was traced of it."""
    state = module.state_dict()
    fresh = {name: _numbers(state[name]) for name in graph.constants if name in state}
    return replace(graph, constants={**graph.constants, **fresh})
