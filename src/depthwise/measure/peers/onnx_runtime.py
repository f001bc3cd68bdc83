"""ONNX Runtime on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from numpy.typing import NDArray

from depthwise.errors import FormatError, MissingDependencyError

Array: TypeAlias = NDArray[Any]

_ERRORS_ONLY = 3


def version() -> str:
    """Tell which version is installed.

    Returns:
        The version.

    Raises:
        MissingDependencyError: If none is.

    Example:
        >>> version().split(".")[0]
        '1'
    """
    return str(_package().__version__)


def open_session(path: Path, threads: int = 1) -> Any:
    """Load an ONNX file.

    Args:
        path: The file.
        threads: How many threads may work, at least 1.

    Returns:
        Something to run.

    Raises:
        MissingDependencyError: If ONNX Runtime is not installed.
        FormatError: If ONNX Runtime does not take the file.
    """
    package = _package()
    options = package.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    try:
        providers = ["CPUExecutionProvider"]
        return package.InferenceSession(str(path), options, providers=providers)
    except _failures(package) as error:
        raise _sentence("take the file", error) from error


def run(session: Any, inputs: Mapping[str, Array]) -> list[Array]:
    """Compute all results.

    Args:
        session: What ``open_session`` gave.
        inputs: Arrays by input name.

    Returns:
        The results, in the order of the file.

    Raises:
        FormatError: If ONNX Runtime cannot compute them.
    """
    try:
        return list(session.run(None, dict(inputs)))
    except _failures(_package()) as error:
        raise _sentence("run the file", error) from error


def prepare(session: Any, inputs: Mapping[str, Array]) -> Callable[[], list[Array]]:
    """Make a call whose inputs and results are bound to memory already.

    Args:
        session: What ``open_session`` gave.
        inputs: Arrays by input name.

    Returns:
        A function without arguments; its results are overwritten by the next call.
    """
    value, binding = _package().OrtValue, session.io_binding()
    for name, array in inputs.items():
        binding.bind_ortvalue_input(name, value.ortvalue_from_numpy(array))
    results = run(session, inputs)
    for given, array in zip(session.get_outputs(), results, strict=True):
        binding.bind_ortvalue_output(given.name, value.ortvalue_from_numpy(array))
    return partial(_run_bound, session, binding, results)


def _run_bound(session: Any, binding: Any, results: list[Array]) -> list[Array]:
    session.run_with_iobinding(binding)
    return results


def _sentence(what: str, error: Exception) -> FormatError:
    words = " ".join(str(error).split())
    return FormatError(f"ONNX Runtime must {what}; got {words:.300}")


def _failures(package: Any) -> tuple[type[Exception], ...]:
    """Collect its exceptions, which have no class in common but Exception."""
    known = vars(package.capi.onnxruntime_pybind11_state).values()
    kinds = [kind for kind in known if isinstance(kind, type)]
    return tuple(kind for kind in kinds if issubclass(kind, Exception))


def _package() -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        if error.name != "onnxruntime":
            raise
        msg = "comparing with ONNX Runtime needs it; got no package 'onnxruntime'"
        raise MissingDependencyError(msg, "pip install 'depthwise[peers]'") from error
    return onnxruntime
