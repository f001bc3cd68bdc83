"""A model as an ONNX file that ONNX Runtime is seen to agree with."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.errors import FormatError, OutputExistsError, UsageError
from depthwise.execute import run
from depthwise.formats import ModelFolder, save_folder, save_onnx
from depthwise.graph import OPSET, Graph, TensorType, bind
from depthwise.measure.peers import onnx_runtime

Array: TypeAlias = NDArray[Any]

BAR = 1e-4
"""Largest error of a result, relative to the largest result of float64."""

_BATCHES = (1, 3)


@dataclass(frozen=True)
class Check:
    """How far float32 results are from those of NumPy in float64.

    Args:
        runtime: "onnxruntime" and its version.
        batches: Samples of each run; normal numbers, the same every time.
        error: Of ONNX Runtime, relative to the largest result.
        own_error: Of NumPy in float32, likewise: what float32 itself costs.
        bar: What the error may be.
    """

    runtime: str
    batches: tuple[int, ...]
    error: float
    own_error: float
    bar: float = BAR


@dataclass(frozen=True)
class Exported:
    """An ONNX file that was written.

    Args:
        path: The file.
        file_bytes: Its size.
        opset: The version of its operators.
        nodes: How many operations it has.
        params: How many numbers training changes.
        inputs: Types of the inputs by name, such as "float32[N,3,224,224]".
        outputs: Types of the results by name.
        check: The comparison, if it was asked for.
    """

    path: Path
    file_bytes: int
    opset: int
    nodes: int
    params: int
    inputs: dict[str, str]
    outputs: dict[str, str]
    check: Check | None = None

    def to_dict(self) -> dict[str, Any]:
        """Describe the file in plain values.

        Returns:
            The fields, the path as text.
        """
        return {**asdict(self), "path": str(self.path)}


def export(
    graph: Graph,
    path: Path,
    *,
    check: bool = False,
    overwrite: bool = False,
) -> Exported:
    """Write a graph as an ONNX file.

    Args:
        graph: The network.
        path: The file; its name ends in ".onnx".
        check: Whether ONNX Runtime must agree before anything is written.
        overwrite: Whether a file that is there may be replaced.

    Returns:
        What was written.

    Raises:
        UsageError: If the name ends otherwise.
        OutputExistsError: If the file exists and may not be replaced.
        FormatError: If ONNX Runtime disagrees; nothing is written then.
        MissingDependencyError: If ONNX Runtime is needed and not installed.

    Example:
        >>> from depthwise.jobs.open import open_model
        >>> graph = open_model("sensor_net", (1, 6, 128)).graph
        >>> place = Path(tempfile.mkdtemp()) / "sensor.onnx"
        >>> written = export(graph, place, check=True)
        >>> written.inputs, written.check.error < 1e-5
        ({'x': 'float32[N,6,128]'}, True)
    """
    check_place(path, overwrite=overwrite)
    found = compare(graph) if check else None
    save_onnx(graph, path)
    return Exported(
        path=path,
        file_bytes=path.stat().st_size,
        opset=OPSET,
        nodes=len(graph.nodes),
        params=sum(graph.constants[name].size for name in graph.parameters),
        inputs={i.name: str(i.type) for i in graph.inputs},
        outputs={name: str(graph.types[name]) for name in graph.outputs},
        check=found,
    )


def check_place(path: Path, *, overwrite: bool = False) -> None:
    """Check that a file may be written, before the work is done.

    Args:
        path: The file.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        UsageError: If its name does not end in ".onnx".
        OutputExistsError: If it exists and may not be replaced.
    """
    if path.suffix != ".onnx":
        raise UsageError(f"the name of an ONNX file ends in .onnx; got {str(path)!r}")
    if not overwrite or path.is_dir():
        check_new(path)


def check_new(path: Path) -> None:
    """Check that nothing is at a path yet, before the work is done.

    Args:
        path: A file or a folder to be.

    Raises:
        OutputExistsError: If something is there.
    """
    if path.exists():
        msg = f"the output file must be new; got {path}, which exists"
        raise OutputExistsError(msg, "choose another name, or give --overwrite")


def write_edited(
    graph: Graph, source: ModelFolder | None, out: Path, notes: Mapping[str, Any]
) -> Path:
    """Write an edited model as an ONNX file, or as a model folder.

    Args:
        graph: The edited network.
        source: The folder that it came from, or None.
        out: A new path; ``.onnx`` for a file, anything else for a folder.
        notes: What was done, kept in a folder's ``training.json``.

    Returns:
        The path.

    Raises:
        OutputExistsError: If something is there.
    """
    if out.suffix == ".onnx":
        check_place(out)
        save_onnx(graph, out)
        return out
    folder = source or ModelFolder(graph)
    training = {**folder.training, **notes}
    whole = replace(folder, graph=graph, training=training, registry=None)
    return save_folder(out, whole)


def compare(graph: Graph) -> Check:
    """Compare ONNX Runtime with NumPy in float64, on normal numbers.

    Args:
        graph: The network.

    Returns:
        The errors.

    Raises:
        FormatError: If ONNX Runtime's error passes the bar.
        MissingDependencyError: If ONNX Runtime is not installed.
    """
    runtime = f"onnxruntime {onnx_runtime.version()}"
    batches = _BATCHES if graph.batch is None else (graph.batch,)
    error = own = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = save_onnx(graph, Path(folder) / "model.onnx")
        session = onnx_runtime.open_session(path)
        for batch in batches:
            inputs = {i.name: draw(i.type, batch) for i in graph.inputs}
            exact = _results(graph, inputs, "float64")
            theirs = onnx_runtime.run(session, inputs)
            error = max(error, relative_error(theirs, exact))
            ours = _results(graph, inputs, "float32")
            own = max(own, relative_error(ours, exact))
    if error > BAR:
        msg = f"ONNX Runtime must be within {BAR:g} of float64; got {error:.3g}"
        raise FormatError(msg, f"NumPy in float32 is within {own:.3g}")
    return Check(runtime, batches, error, own)


def _results(graph: Graph, inputs: dict[str, Array], dtype: str) -> list[Array]:
    values = next(run(graph, [inputs], dtype=dtype))
    return [values[name] for name in graph.outputs]


def draw(kind: TensorType, batch: int) -> Array:
    """Draw an input: normal numbers, or small whole ones where it is no real number.

    Args:
        kind: The type of the input.
        batch: Samples.

    Returns:
        The array, the same every time.

    Example:
        >>> draw(TensorType("float32", (2, 3)), batch=1).dtype.name
        'float32'
    """
    shape = bind(kind.shape, batch)
    rng = np.random.default_rng(0)
    if np.dtype(kind.dtype).kind == "f":
        return rng.standard_normal(shape).astype(kind.dtype)
    return rng.integers(0, 2, shape).astype(kind.dtype)


def relative_error(found: list[Array], exact: list[Array]) -> float:
    """Find the largest error of any result, relative to the largest of its array.

    Args:
        found: Results in float32.
        exact: The same in float64.

    Returns:
        The error; infinite where one is finite and the other is not.

    Example:
        >>> relative_error([np.array([1.0, 2.5])], [np.array([1.0, 2.0])])
        0.25
    """
    worst = 0.0
    for one, other in zip(found, exact, strict=True):
        numbers = np.isfinite(other)
        if one.shape != other.shape or (np.isfinite(one) != numbers).any():
            return float("inf")
        if not numbers.any():
            continue
        pair = one[numbers].astype("float64"), other[numbers].astype("float64")
        scale = np.abs(pair[1]).max() or 1.0
        worst = max(worst, float(np.abs(pair[0] - pair[1]).max() / scale))
    return worst
