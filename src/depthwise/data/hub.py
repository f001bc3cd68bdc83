"""Datasets of the Hub, and Parquet files of samples, through ``datasets``.

A column of images becomes images, else a column of lists becomes sensors, ``[C][L]`` or
``[L]``. Rows stay in the memory-mapped file of ``datasets`` until asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from depthwise.data.columns import Columns
from depthwise.data.dataset import IN_MEMORY_BYTES
from depthwise.data.hub_table import EncodedImages, HubTable
from depthwise.data.image_file import read_header
from depthwise.data.image_set import Place, Target, build_images
from depthwise.data.rulebook import found
from depthwise.data.rules import Finding, OnBad
from depthwise.data.series_rows import build_series
from depthwise.data.walk import PART_FOLDERS, list_files
from depthwise.errors import DataError, MissingDependencyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    from depthwise.data.dataset import Dataset

PREFIX: Final = "hub:"


def holds_samples(path: Path) -> bool:
    """Tell a Parquet file of samples from one of recordings.

    Args:
        path: The file.

    Returns:
        Whether a column holds images or lists; False too if nothing can be told.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        return False
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError):
        return False
    return any(pa.types.is_nested(kind) for kind in schema.types)


def find_samples(folder: Path) -> dict[str, list[Path]]:
    """Find Parquet files of samples by part.

    Args:
        folder: A folder with ``train*.parquet`` and so on, or with folders of parts.

    Returns:
        Files of each part, under "train" where no part is stated; none if the first
        file holds recordings.
    """
    files, _ = list_files(folder, {".parquet"})
    if not files or not holds_samples(files[0]):
        return {}
    parts: dict[str, list[Path]] = {}
    for path in files:
        words = (path.relative_to(folder).parts[0], path.stem.split("-")[0])
        stated = [PART_FOLDERS[word] for word in words if word in PART_FOLDERS]
        parts.setdefault((stated or ["train"])[0], []).append(path)
    return parts


def read_samples(
    source: str | Path | Mapping[str, Sequence[Path]],
    target: Target,
    *,
    columns: Columns | None = None,
    on_bad: OnBad = "fail",
    in_memory_bytes: int = IN_MEMORY_BYTES,
    cache_folder: Path | None = None,
) -> Dataset:
    """Read samples through ``datasets``.

    Args:
        source: ``hub:NAME`` or ``hub:NAME:CONFIG``, one Parquet file, or files by part.
        target: Size and mode, for images.
        columns: Names of the columns of labels and groups; the usual ones if None.
        on_bad: Refuse or leave out what breaks a rule.
        in_memory_bytes: Up to this size samples are held in memory.
        cache_folder: Where ``datasets`` keeps its files; its own choice if None.

    Returns:
        uint8 images ``[n, C, H, W]`` or float32 series ``[n, C, L]``.

    Raises:
        MissingDependencyError: If ``datasets`` is not installed.
        DataError: If the samples cannot be loaded or used.
    """
    package = _package()
    loaded = _load(package, source, cache_folder)
    place = Path(_title(source))
    table = HubTable.of(package, loaded, columns or Columns(), source=place)
    if table.kind == "image":
        return _read_images(table, target, place, on_bad=on_bad, limit=in_memory_bytes)
    return build_series(
        table, source=place, on_bad=on_bad, in_memory_bytes=in_memory_bytes
    )


def _package() -> ModuleType:
    try:
        import datasets
    except ImportError as error:
        raise MissingDependencyError(
            "samples of the Hub and of Parquet files need the package datasets;"
            " it is not installed",
            "pip install 'depthwise[hub]'",
        ) from error
    package: ModuleType = datasets
    return package


def _title(source: str | Path | Mapping[str, Sequence[Path]]) -> str:
    """What to call the source in messages."""
    if isinstance(source, str):
        return source.removeprefix(PREFIX)
    if isinstance(source, Path):
        return str(source)
    return str(next(iter(source.values()))[0].parent)


def _load(
    package: ModuleType,
    source: str | Path | Mapping[str, Sequence[Path]],
    cache_folder: Path | None,
) -> dict[str, Any]:
    """Tables by the name of their split."""
    cache = None if cache_folder is None else str(cache_folder)
    if source == PREFIX:
        raise UsageError("hub: must be followed by a name; got nothing", "hub:NAME")
    bars = package.is_progress_bar_enabled()
    package.disable_progress_bars()
    try:
        if isinstance(source, str):
            name, _, config = source.removeprefix(PREFIX).partition(":")
            return dict(package.load_dataset(name, config or None, cache_dir=cache))
        by_part = {"train": [source]} if isinstance(source, Path) else source
        files = {part: [str(p) for p in paths] for part, paths in by_part.items()}
        return dict(package.load_dataset("parquet", data_files=files, cache_dir=cache))
    except Exception as error:
        # Whatever goes wrong in there is about the data or the way to it.
        first = _first_cause(error)
        sentence = " ".join(str(first).split())[:200]
        raise DataError(
            f"{_title(source)} must be loadable by datasets;"
            f" got {type(first).__name__}: {sentence}"
        ) from error
    finally:
        if bars:
            package.enable_progress_bars()


def _first_cause(error: BaseException) -> BaseException:
    """What an error comes from; the last of a chain says only that there was one."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _read_images(
    table: HubTable, target: Target, source: Path, *, on_bad: OnBad, limit: int
) -> Dataset:
    """Look at every image, then build the dataset of those that can be used."""
    encoded = EncodedImages(table)
    findings: list[Finding] = []
    places: list[Place] = []
    rows: list[int] = []
    for row, label in enumerate(table.labels):
        name = source / (table.parts[row] or "row") / str(row)
        if not label:
            findings.append(found("label-missing", name, "an image without a class"))
            continue
        header = read_header(name, encoded[row])
        if isinstance(header, Finding):
            findings.append(header)
        else:
            places.append(Place(header, label, table.parts[row], table.groups[row]))
            rows.append(row)
    return build_images(
        places,
        target,
        source=source,
        contents=EncodedImages(table.take(np.array(rows, np.int64))),
        findings=findings,
        on_bad=on_bad,
        in_memory_bytes=limit,
    )
