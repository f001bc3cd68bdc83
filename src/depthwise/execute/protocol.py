"""What every implementation of execution offers: run(graph, batches, taps)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.errors import GeometryError, GraphError
from depthwise.graph import Batch, Graph, TensorType

Array: TypeAlias = NDArray[Any]
Values: TypeAlias = Mapping[str, Array]
Batches: TypeAlias = Iterable[Array | Values]


class Run(Protocol):
    """Execute a graph on batches, one after the other.

    ``taps`` names values to hand out beside the outputs; all others are freed as
    soon as their last reader has run.
    """

    def __call__(
        self,
        graph: Graph,
        batches: Batches,
        taps: Collection[str] = (),
    ) -> Iterator[Values]:
        """Yield the outputs and the tapped values of each batch."""


def feed(graph: Graph, batch: Array | Values) -> dict[str, Array]:
    """Check one batch against the graph's inputs, before anything runs.

    Args:
        graph: Any graph.
        batch: An array for a graph with one input, or arrays by input name.

    Returns:
        Arrays by input name.

    Raises:
        GraphError: If an input is missing or unknown.
        GeometryError: If a shape or an element type is not what the graph takes.

    Example:
        >>> from depthwise.graph import Input
        >>> x = Input("x", TensorType("float32", (Batch(), 4)))
        >>> tiny = Graph("tiny", (x,), ("x",), ())
        >>> feed(tiny, np.zeros((2, 4), "float32"))["x"].shape
        (2, 4)
    """
    names = [i.name for i in graph.inputs]
    given = dict(batch) if isinstance(batch, Mapping) else {names[0]: batch}
    if sorted(given) != sorted(names):
        raise GraphError(f"every input is given once; got {sorted(given)}, not {names}")
    sizes: set[int] = set()
    for wanted in graph.inputs:
        sizes |= _check(wanted.name, wanted.type, given[wanted.name])
    if len(sizes) > 1:
        msg = f"inputs must hold the same number of samples; got {sorted(sizes)}"
        raise GeometryError(msg)
    return given


def _check(name: str, wanted: TensorType, array: Array) -> set[int]:
    """Compare one array with its declared type; return the batch sizes it shows."""
    if not isinstance(array, np.ndarray):
        raise GeometryError(
            f"input {name} must be an array; got {type(array).__name__}"
        )
    if array.dtype.kind != np.dtype(wanted.dtype).kind:
        raise GeometryError(f"input {name} must be {wanted.dtype}; got {array.dtype}")
    sizes: set[int] = set()
    fits = array.ndim == wanted.rank
    for got, dim in zip(array.shape, wanted.shape, strict=False):
        if isinstance(dim, Batch):
            fits = fits and got % dim.times == 0
            sizes.add(got // dim.times)
        else:
            fits = fits and got == dim
    if not fits:
        shape = ",".join(map(str, array.shape))
        raise GeometryError(f"input {name} must be {wanted}; got shape [{shape}]")
    return sizes
