"""Any model as machine code: open it, compile it, hand back what runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from depthwise.engine import (
    MAX_THREADS,
    CompiledNetwork,
    compile_graph,
    default_cache,
    worthwhile_threads,
)
from depthwise.errors import GeometryError, UsageError
from depthwise.graph import Batch, Graph
from depthwise.graph.shapes import format_shape
from depthwise.jobs.open import Opened, open_model


def compile(  # noqa: A001 - the public verb is depthwise.compile
    model: Any, example_or_shape: Any = None, threads: int | None = None
) -> CompiledNetwork:
    """Compile a model to machine code for this CPU; running it needs no torch.

    Args:
        model: A torch module, a Graph, an ``.onnx`` or ``.pt2`` file, a model folder,
            a registered name, or ``file.py:factory``. A module is compiled as it is
            in eval mode.
        example_or_shape: An array of one batch, or its sizes, the batch first, such
            as (1, 3, 224, 224); optional where the model knows its input. The batch
            is the one that the machine code is made for: others are served too.
        threads: Most threads that share the work, 1 to 256; by default the fewest of
            physical cores, CPU affinity and the control group's quota. A network too
            small to share gets one. The number changes no bit of the result.

    Returns:
        The network: call it with float32 arrays.

    Raises:
        UsageError: If the model is unknown or its input's sizes are not known.
        GeometryError: If the sizes are not what the model takes.
        CompileError: If the engine has no kernel for an operator.
        FormatError: If a file is damaged.

    Example:
        >>> import numpy as np
        >>> from depthwise.graph import Batch, Graph, Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 2)))
        >>> graph = Graph("tiny", (x,), ("y",), (Node("Relu", ("x",), ("y",)),))
        >>> network = compile(graph, threads=1)
        >>> network(np.array([[-1, 2], [3, -4]], "float32"))
        array([[0., 2.],
               [3., 0.]], dtype=float32)
    """
    shape = shape_of(example_or_shape)
    return compile_opened(open_model(model, shape), shape, threads=threads)


def compile_opened(
    opened: Opened, shape: Sequence[int] | None = None, *, threads: int | None = None
) -> CompiledNetwork:
    """Compile a model that is open already.

    Args:
        opened: The model.
        shape: Sizes of one batch; None takes one sample.
        threads: As ``compile`` has it.

    Returns:
        The network.

    Raises:
        GeometryError: If the sizes are not what the model takes.
        CompileError: If the engine has no kernel for an operator.
    """
    if shape is not None:
        check_shape(opened.graph, tuple(shape))
    batch = shape[0] if shape else 1
    if threads is not None and 1 < threads <= MAX_THREADS:
        threads = worthwhile_threads(opened.graph, threads, batch)
    return compile_graph(opened.graph, batch=batch, threads=threads)


def shape_of(example_or_shape: Any) -> tuple[int, ...] | None:
    """Read the sizes of one batch from an example or from sizes.

    Args:
        example_or_shape: An array, a torch tensor, integers, or None.

    Returns:
        The sizes, or None.

    Raises:
        UsageError: If they are not positive integers, two or more.

    Example:
        >>> shape_of([1, 3, 8, 8])
        (1, 3, 8, 8)
    """
    if example_or_shape is None:
        return None
    sizes = getattr(example_or_shape, "shape", example_or_shape)
    try:
        shape = tuple(size.__index__() for size in sizes)
    except (AttributeError, TypeError):
        shape = ()
    if len(shape) < 2 or min(shape) < 1:
        msg = "an example is an array or two or more positive sizes, the batch first"
        raise UsageError(f"{msg}; got {example_or_shape!r:.80}")
    return shape


def check_shape(graph: Graph, shape: Sequence[int]) -> None:
    """Check the sizes of one batch against a graph's first input.

    Args:
        graph: The graph.
        shape: Sizes, the batch first.

    Raises:
        GeometryError: If they are not what the input takes.
    """
    given = graph.inputs[0]
    wanted = given.type.shape
    fits = len(shape) == len(wanted) and all(
        got % dim.times == 0 if isinstance(dim, Batch) else got == dim
        for got, dim in zip(shape, wanted, strict=True)
    )
    if not fits:
        rule = f"input {given.name} of {graph.name} must be {format_shape(wanted)}"
        raise GeometryError(f"{rule}; got {format_shape(tuple(shape))}")


@dataclass(frozen=True)
class Warmed:
    """A model whose machine code is in the cache now.

    Args:
        model: Its name.
        batch: Samples a run computes.
        threads: Threads that share the work.
        was_there: Whether the machine code had been there already.
        seconds: Time to compile and load.
        steps: Calls of kernels in one run.
        weight_bytes: Packed weights.
        activation_bytes: Memory of one run.
        cache: Where machine code is kept.
    """

    model: str
    batch: int
    threads: int
    was_there: bool
    seconds: float
    steps: int
    weight_bytes: int
    activation_bytes: int
    cache: str

    def to_dict(self) -> dict[str, Any]:
        """Turn the result into plain values.

        Returns:
            Values by field name.
        """
        return asdict(self)


def warm(
    opened: Opened, shape: Sequence[int] | None = None, *, threads: int | None = None
) -> Warmed:
    """Compile a model so that its machine code is in the cache for those who run it.

    Args:
        opened: The model.
        shape: Sizes of one batch; None takes one sample.
        threads: As ``compile`` has it; machine code is made for each number.

    Returns:
        What was done.

    Raises:
        CompileError: If the engine has no kernel for an operator.
    """
    start = time.perf_counter()
    network = compile_opened(opened, shape, threads=threads)
    seconds = time.perf_counter() - start
    return Warmed(
        opened.name,
        network.batch,
        network.threads,
        network.compiled.native.cached,
        seconds,
        len(network.compiled.program.steps),
        network.weight_bytes,
        network.activation_bytes,
        str(default_cache().folder),
    )


def cache_facts() -> dict[str, str | int]:
    """Say where machine code is kept, and how much there is.

    Returns:
        "path", "bytes" and "limit_bytes".

    Example:
        >>> sorted(cache_facts())
        ['bytes', 'limit_bytes', 'path']
    """
    kept = default_cache()
    return {
        "path": str(kept.folder),
        "bytes": kept.size_bytes(),
        "limit_bytes": kept.limit_bytes,
    }


def clear_cache() -> int:
    """Delete all machine code that is kept; networks that are loaded go on.

    Returns:
        How many entries there were.
    """
    return default_cache().clear()
