"""Arrays from files through a compiled network into files."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.errors import DepthwiseError, FormatError, OutputExistsError, UsageError
from depthwise.files import write_with
from depthwise.graph import Graph

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class Ran:
    """A network that was run once.

    Args:
        path: The file that was written.
        samples: How many samples.
        threads: Threads that shared the work.
        outputs: Shapes of the results by name.
        latency_us: Microseconds of this first run.
    """

    path: str
    samples: int
    threads: int
    outputs: Mapping[str, tuple[int, ...]]
    latency_us: float

    def to_dict(self) -> dict[str, Any]:
        """Turn the result into plain values.

        Returns:
            Values by field name.
        """
        return asdict(self)


def check_output(path: Path, *, overwrite: bool) -> None:
    """Check where results will go, before any work.

    Args:
        path: The file to write.
        overwrite: Whether it may be there already.

    Raises:
        UsageError: If it is neither .npy nor .npz.
        OutputExistsError: If it is there and must not be replaced.

    Example:
        >>> check_output(Path("absent.npy"), overwrite=False)
    """
    if path.suffix not in {".npy", ".npz"}:
        raise UsageError(f"results go to a .npy or .npz file; got {str(path)!r}")
    if path.exists() and not overwrite:
        rule = f"results go to a new file; got {str(path)!r}, which is there"
        raise OutputExistsError(rule, "add --overwrite to replace it")


def read_arrays(path: Path) -> Array | dict[str, Array]:
    """Read inputs from a file; nothing is unpickled.

    Args:
        path: A .npy file with one array, or an .npz with arrays by input name.

    Returns:
        The array, or arrays by name.

    Raises:
        FormatError: If it is no such file, or damaged.

    Example:
        >>> from tempfile import mkdtemp
        >>> path = Path(mkdtemp()) / "x.npy"
        >>> np.save(path, np.zeros((2, 3), "float32"))
        >>> read_arrays(path).shape
        (2, 3)
    """
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as pack:
                return {name: pack[name] for name in pack.files}
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        rule = f"{path}: a file of arrays is a sound .npy or .npz"
        raise FormatError(f"{rule}; got {str(error)[:120]!r}") from error
    if not isinstance(array, np.ndarray):
        rule = f"{path}: a file with several arrays is named .npz"
        raise FormatError(f"{rule}; got {path.suffix!r}")
    return array


def first_shape(arrays: Array | Mapping[str, Array]) -> tuple[int, ...]:
    """Find the sizes to open a model with.

    Args:
        arrays: An array, or arrays by input name.

    Returns:
        The first array's shape.

    Raises:
        FormatError: If there is no array, or it holds nothing.
    """
    every = list(arrays.values()) if isinstance(arrays, Mapping) else [arrays]
    if not every or not all(array.size and array.ndim > 1 for array in every):
        got = [tuple(array.shape) for array in every]
        raise FormatError(f"inputs have a batch and are not empty; got shapes {got}")
    return tuple(every[0].shape)


def run_network(network: Any, arrays: Array | Mapping[str, Array], out: Path) -> Ran:
    """Run a compiled network once and write what it gives.

    Args:
        network: A ``CompiledNetwork``.
        arrays: Its input, or inputs by name, float32.
        out: A .npy file for one output, an .npz for several.

    Returns:
        What was done.

    Raises:
        UsageError: If inputs are not what the network takes, or one .npy should hold
            several outputs.
    """
    graph: Graph = network.graph
    if out.suffix == ".npy" and len(graph.outputs) != 1:
        msg = f"one .npy holds one output; got {list(graph.outputs)}"
        raise UsageError(msg, "write an .npz")
    if isinstance(arrays, Mapping) and len(arrays) == 1 == len(graph.inputs):
        arrays = next(iter(arrays.values()))
    start = time.perf_counter()
    results = network.run(arrays)
    spent = 1e6 * (time.perf_counter() - start)
    _write(out, results)
    shapes = {name: tuple(array.shape) for name, array in results.items()}
    samples = first_shape(arrays)[0]
    return Ran(str(out), samples, network.threads, shapes, spent)


def _write(path: Path, results: Mapping[str, Array]) -> None:
    def save(place: Path) -> None:
        if path.suffix == ".npy":
            with place.open("wb") as stream:
                np.save(stream, next(iter(results.values())))
            return
        with zipfile.ZipFile(place, "w") as pack:
            for name, array in results.items():
                with pack.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)

    try:
        write_with(path, save)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DepthwiseError(
            f"{path}: results must be writable; got {reason}"
        ) from error
