"""ncnn on the CPU, in float32; its own converter, pnnx, reads the ONNX file."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.errors import FormatError, MissingDependencyError
from depthwise.formats import load_onnx
from depthwise.graph import concrete

Array: TypeAlias = NDArray[Any]
_SECONDS = 600


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
    """Convert an ONNX file with pnnx, for a batch of one, and load it.

    Args:
        path: The file.
        threads: How many threads may work, at least 1.

    Returns:
        Something to run.

    Raises:
        MissingDependencyError: If ncnn or pnnx is not installed.
        FormatError: If pnnx or ncnn does not take the file.
    """
    package = _package()
    net = package.Net()
    net.opt.num_threads = threads
    for word in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage"):
        setattr(net.opt, f"use_{word}", False)
    with TemporaryDirectory() as folder:
        _convert(path, Path(folder))
        stem = Path(folder) / "model.ncnn"
        taken = [
            net.load_param(str(stem.with_suffix(".ncnn.param"))),
            net.load_model(str(stem.with_suffix(".ncnn.bin"))),
        ]
    if any(taken):
        raise FormatError(f"ncnn must take the network; got errors {taken}")
    return net


def run(session: Any, inputs: Mapping[str, Array]) -> list[Array]:
    """Compute all results.

    Args:
        session: What ``open_session`` gave.
        inputs: Arrays by input name, in the order of the file; a batch of one.

    Returns:
        The results, in the order of the file.
    """
    return [np.array(result)[None] for result in prepare(session, inputs)()]


def prepare(session: Any, inputs: Mapping[str, Array]) -> Callable[[], list[Any]]:
    """Make a call whose inputs are ncnn's matrices already.

    Args:
        session: What ``open_session`` gave.
        inputs: Arrays by input name, in the order of the file; a batch of one.

    Returns:
        A function without arguments.
    """
    matrix = _package().Mat
    arrays = [np.ascontiguousarray(array[0]) for array in inputs.values()]
    given = [matrix(array).clone() for array in arrays]
    pairs = list(zip(session.input_names(), given, strict=True))
    return partial(_extract, session, pairs, session.output_names())


def _extract(
    net: Any, inputs: list[tuple[str, Any]], outputs: list[str]
) -> list[Array]:
    extractor = net.create_extractor()
    for name, value in inputs:
        extractor.input(name, value)
    return [extractor.extract(name)[1] for name in outputs]


def _convert(path: Path, folder: Path) -> None:
    shapes = [concrete(i.type.shape) for i in load_onnx(path).bind(1).inputs]
    words = ",".join("[" + ",".join(map(str, shape)) + "]" for shape in shapes)
    own = folder / "model.onnx"
    own.write_bytes(path.read_bytes())
    command = [str(_converter()), str(own), f"inputshape={words}", "fp16=0"]
    done = subprocess.run(  # noqa: S603 (the program of an installed package)
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode or not (folder / "model.ncnn.param").exists():
        words = " ".join((done.stderr or done.stdout).split())
        raise FormatError(f"pnnx must take the file; got {words[-300:]}")


def _converter() -> Path:
    """Find pnnx's program; importing the package would import torch."""
    found = importlib.util.find_spec("pnnx")
    if found is None or found.origin is None:
        msg = "ncnn reads ONNX files through pnnx; got no package 'pnnx'"
        raise MissingDependencyError(msg, "pip install 'depthwise[peers]'")
    return Path(found.origin).parent / "pnnx"


def _package() -> Any:
    try:
        import ncnn
    except ModuleNotFoundError as error:
        if error.name != "ncnn":
            raise
        msg = "comparing with ncnn needs it; got no package 'ncnn'"
        raise MissingDependencyError(msg, "pip install 'depthwise[peers]'") from error
    return ncnn
