"""LiteRT on the CPU: its XNNPACK kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.errors import FormatError, MissingDependencyError
from depthwise.formats import load_onnx
from depthwise.measure.peers.litert_file import channels_last, write_litert

Array: TypeAlias = NDArray[Any]


def version() -> str:
    """Tell which version is installed.

    Returns:
        The version.

    Raises:
        MissingDependencyError: If none is.

    Example:
        >>> version().split(".")[0]
        '2'
    """
    import importlib.metadata

    _package()
    return importlib.metadata.version("ai-edge-litert")


def open_session(path: Path, threads: int = 1) -> Any:
    """Load an ONNX file, rewritten for LiteRT.

    Args:
        path: The file.
        threads: How many threads may work, at least 1.

    Returns:
        Something to run.

    Raises:
        MissingDependencyError: If LiteRT is not installed.
        FormatError: If LiteRT does not take the network.
    """
    package, graph = _package(), load_onnx(path)
    content = write_litert(graph)
    try:
        session = package.Interpreter(model_content=content, num_threads=threads)
        session.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        words = " ".join(str(error).split())
        raise FormatError(f"LiteRT must take the network; got {words:.300}") from error
    return session


def run(session: Any, inputs: Mapping[str, Array]) -> list[Array]:
    """Compute all results.

    Args:
        session: What ``open_session`` gave.
        inputs: Arrays by input name, in the order of the file.

    Returns:
        The results, in the order of the file.
    """
    call = prepare(session, inputs)
    return [np.array(result) for result in call()]


def prepare(session: Any, inputs: Mapping[str, Array]) -> Callable[[], list[Array]]:
    """Make a call that copies nothing: inputs are in place, channels last, already.

    Args:
        session: What ``open_session`` gave.
        inputs: Arrays by input name, in the order of the file.

    Returns:
        A function without arguments; its results are overwritten by the next call.
    """
    numbers = [detail["index"] for detail in session.get_input_details()]
    for number, array in zip(numbers, inputs.values(), strict=True):
        session.set_tensor(number, channels_last(array))
    outputs = [detail["index"] for detail in session.get_output_details()]
    return partial(_invoke, session, outputs)


def _invoke(session: Any, outputs: list[int]) -> list[Array]:
    session.invoke()
    return [session.get_tensor(number) for number in outputs]


def _package() -> Any:
    try:
        from ai_edge_litert import interpreter
    except ModuleNotFoundError as error:
        if error.name != "ai_edge_litert":
            raise
        msg = "comparing with LiteRT needs it; got no package 'ai_edge_litert'"
        raise MissingDependencyError(msg, "pip install 'depthwise[peers]'") from error
    return interpreter
