"""Programs that torch.export saved, read without running anything they hold.

torch's own loader unpickles sample inputs, evaluates expressions of sizes as Python and
pastes names into code that it runs. Here a file is first held to a closed list of what
a program may say; what passes is written anew, without samples, and handed to torch.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.fx.passes.fake_tensor_prop import FakeTensorProp

from depthwise.bridge.exporting import silence
from depthwise.bridge.program_rules import check_payloads, cleaned_program
from depthwise.bridge.tracing import graph_of
from depthwise.errors import DepthwiseError, FormatError, UsageError
from depthwise.graph import Batch, Graph
from depthwise.graph.shapes import format_shape

_LARGEST_JSON = 256 * 2**20
"""Bytes of the program's text: a thousand layers take one or two million."""


def load_exported(
    path: Path,
    input_shape: Sequence[int] | None = None,
    *,
    name: str | None = None,
) -> Graph:
    """Read a .pt2 file that torch.export.save wrote.

    Args:
        path: The file.
        input_shape: What the caller takes its input to be, batch first; it must be.
        name: The network's name; the file's unless it is said.

    Returns:
        The Graph. Its batch is open if the program's is.

    Raises:
        FormatError: If the file is damaged, or holds what cannot be read without
            running it: pickled weights, custom objects, other operators than aten's.
        UnsupportedOperatorError: If it calls an operator outside the table.
        UsageError: If its input has another shape.

    Example:
        >>> import tempfile
        >>> net, path = torch.nn.ReLU(), Path(tempfile.mkdtemp()) / "relu.pt2"
        >>> torch.export.save(torch.export.export(net, (torch.ones(1, 3),)), path)
        >>> print(load_exported(path))
        graph relu(input: float32[1,3]) -> relu
          relu: float32[1,3] = Relu(input)
    """
    archive = _clean_archive(path)
    try:
        with silence(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.export.load(archive)
            _restore_aliases(program)
    except DepthwiseError:
        raise
    except Exception as error:
        first = str(error).strip().split("\n", 1)[0]
        raise FormatError(
            f"{path} must be a program of torch.export; {first}"
        ) from error
    graph = graph_of(program, name=name or path.stem)
    if input_shape is not None:
        _check_input(graph, tuple(input_shape), path)
    return graph


def _check_input(graph: Graph, given: tuple[int, ...], path: Path) -> None:
    own = graph.inputs[0].type.shape
    pairs = zip(own, given, strict=False)
    fits = len(own) == len(given) and all(
        isinstance(dim, Batch) or dim == size for dim, size in pairs
    )
    if not fits:
        msg = f"the input of a saved program is fixed; {path} takes {format_shape(own)}"
        raise UsageError(f"{msg}, got {format_shape(given)}")


def _clean_archive(path: Path) -> io.BytesIO:
    """Copy an archive, with its program cleaned and its samples left out."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _copy(archive, path)
    except (OSError, zipfile.BadZipFile, json.JSONDecodeError, UnicodeError) as error:
        raise FormatError(
            f"{path} must be an archive of torch.export; {error}"
        ) from error


def _copy(archive: zipfile.ZipFile, path: Path) -> io.BytesIO:
    names = archive.namelist()
    root = names[0].split("/", 1)[0] if names else ""
    if f"{root}/models/model.json" not in names:
        raise FormatError(f"{path} must hold one program; it has no models/model.json")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as result:
        for entry in archive.infolist():
            if entry.compress_type != zipfile.ZIP_STORED:
                raise FormatError(f"{path} must be stored; {entry.filename} is packed")
            part = entry.filename.removeprefix(f"{root}/")
            data = _cleaned(archive, entry, part, path)
            if data is not None:
                result.writestr(f"{root}/{part}", data)
        result.writestr(f"{root}/data/sample_inputs/model.pt", b"")
    target.seek(0)
    return target


def _cleaned(
    archive: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    part: str,
    path: Path,
) -> bytes | None:
    """Decide what becomes of one part of an archive; None leaves it out."""
    if part == "models/model.json":
        return json.dumps(cleaned_program(_json(archive, entry, path))).encode()
    if part in {
        "data/weights/model_weights_config.json",
        "data/constants/model_constants_config.json",
    }:
        check_payloads(_json(archive, entry, path))
        return archive.read(entry)
    if part.startswith(("data/weights/weight_", "data/constants/tensor_")):
        return archive.read(entry)
    if part in {"archive_format", "archive_version", "byteorder"} or part.startswith(
        ".data/"
    ):
        return archive.read(entry)
    if part.startswith("data/sample_inputs/"):
        return None
    raise FormatError(f"{path} must hold programs and tensors only; it holds {part}")


def _json(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> Any:
    if entry.file_size > _LARGEST_JSON:
        size = entry.file_size
        raise FormatError(f"{path} must have a short program; it takes {size} bytes")
    return json.loads(archive.read(entry))


def _restore_aliases(program: ExportedProgram) -> None:
    """Find out again which values share memory: the file does not say."""
    holders = program.graph.find_nodes(op="placeholder")
    values = [node.meta.get("val") for node in holders]
    modes = [v.fake_mode for v in values if hasattr(v, "fake_mode")]
    if modes:
        prop = FakeTensorProp(program.graph_module, modes[0])
        with torch.no_grad():
            prop.propagate_dont_convert_inputs(*values)
