"""OpenVINO on the CPU, set for the latency of one request in float32."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.errors import FormatError, MissingDependencyError

Array: TypeAlias = NDArray[Any]


def version() -> str:
    """Tell which version is installed.

    Returns:
        The version.

    Raises:
        MissingDependencyError: If none is.

    Example:
        >>> version().startswith("20")
        True
    """
    return str(_package().__version__).split("-", maxsplit=1)[0]


def open_session(path: Path, threads: int = 1) -> Any:
    """Load an ONNX file, with a batch of one.

    Args:
        path: The file.
        threads: How many threads may work, at least 1.

    Returns:
        Something to run.

    Raises:
        MissingDependencyError: If OpenVINO is not installed.
        FormatError: If OpenVINO does not take the file.
    """
    package = _package()
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": str(threads),
        "NUM_STREAMS": "1",
    }
    core = package.Core()
    try:
        model = core.read_model(str(path))
        for given in model.inputs:
            sizes = [1 if size.is_dynamic else size for size in given.partial_shape]
            model.reshape({given: package.PartialShape(sizes)})
        return core.compile_model(model, "CPU", settings).create_infer_request()
    except RuntimeError as error:
        words = " ".join(str(error).split())
        raise FormatError(f"OpenVINO must take the file; got {words:.300}") from error


def run(session: Any, inputs: Mapping[str, Array]) -> list[Array]:
    """Compute all results.

    Args:
        session: What ``open_session`` gave.
        inputs: Arrays by input name, in the order of the file.

    Returns:
        The results, in the order of the file.
    """
    return [np.array(result) for result in prepare(session, inputs)()]


def prepare(session: Any, inputs: Mapping[str, Array]) -> Callable[[], list[Array]]:
    """Make a call that copies nothing: it works on the caller's own arrays.

    Args:
        session: What ``open_session`` gave.
        inputs: Arrays by input name, in the order of the file.

    Returns:
        A function without arguments; its results are overwritten by the next call.
    """
    tensor = _package().Tensor
    for index, array in enumerate(inputs.values()):
        given = np.ascontiguousarray(array, np.float32)
        session.set_input_tensor(index, tensor(given, shared_memory=True))
    return partial(_infer, session, [result.data for result in session.output_tensors])


def _infer(session: Any, results: list[Array]) -> list[Array]:
    session.infer()
    return results


def _package() -> Any:
    try:
        import openvino
    except ModuleNotFoundError as error:
        if error.name != "openvino":
            raise
        msg = "comparing with OpenVINO needs it; got no package 'openvino'"
        raise MissingDependencyError(msg, "pip install 'depthwise[peers]'") from error
    return openvino
