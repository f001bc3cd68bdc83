"""Open any labelled data by what it is: a name, a file or a folder."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from depthwise.data.array_folder import find_shards, read_array_folder
from depthwise.data.arrays import leave_out_broken, read_npz
from depthwise.data.dataset import IN_MEMORY_BYTES, Dataset
from depthwise.data.hub import PREFIX, find_samples, holds_samples, read_samples
from depthwise.data.idx import find_idx_images, read_idx_images
from depthwise.data.image_file import SUFFIXES as IMAGE_SUFFIXES
from depthwise.data.image_set import Target
from depthwise.data.images import read_image_folder
from depthwise.data.packages import PACKAGED, read_packaged
from depthwise.data.recording_files import SUFFIXES as TABLE_SUFFIXES
from depthwise.data.recording_files import read_recordings
from depthwise.data.recording_set import LabelBy, Windowing
from depthwise.data.rules import OnBad, check_on_bad
from depthwise.data.series_ts import find_ts, read_ts
from depthwise.data.walk import list_files
from depthwise.errors import DataError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from depthwise.data.columns import Columns

IDX_SUFFIXES: Final = ("-ubyte", "-ubyte.gz", ".idx", ".idx.gz")
KINDS: Final = (
    f"a name ({', '.join(PACKAGED)}), an .npz file, a folder of arrays, IDX files,"
    " a folder of images, .ts files, recordings in CSV or"
    " Parquet, samples in Parquet, or hub:NAME"
)


@dataclass(frozen=True)
class _Options:
    """What :func:`open_data` was asked for."""

    windowing: Windowing | None
    columns: Columns | None
    target: Target
    on_bad: OnBad
    in_memory_bytes: int


def open_data(
    source: str | Path,
    *,
    window: int | None = None,
    step: int | None = None,
    label: LabelBy = "majority",
    rate_hz: float | None = None,
    columns: Columns | None = None,
    size: tuple[int, int] | None = None,
    mode: str | None = None,
    on_bad: OnBad = "fail",
    in_memory_bytes: int = IN_MEMORY_BYTES,
) -> Dataset:
    """Open labelled data.

    Args:
        source: A registered name ("watch", "digits", …), a path, or ``hub:NAME`` for
            a dataset of the Hub.
        window: Length of a window in samples, for recordings; 128 if None.
        step: From one window to the next in samples; half a window if None.
        label: Label windows by most of their samples ("majority"), or by the one label
            of their recording ("file").
        rate_hz: Samples a second that every recording must have.
        columns: Names of the columns of tables that are no channels.
        size: Rows and columns of images; the most frequent ones if None.
        mode: "L" or "RGB" for images; RGB if None, unless every image is grey.
        on_bad: Refuse bad input ("fail") or leave it out and count it ("skip").
        in_memory_bytes: Up to this size samples are held in memory; above it they
            are read whenever they are asked for.

    Returns:
        The dataset; its ``report`` counts what was skipped, repaired and noted.

    Raises:
        UnknownNameError: If there is no such name and no such path.
        MissingDependencyError: If the package of a named dataset is not installed.
        DataError: If the data cannot be used.
        FormatError: If a file is not what it claims to be.

    Example:
        >>> import tempfile, numpy as np
        >>> path = Path(tempfile.mkdtemp()) / "toy.npz"
        >>> np.savez(path, inputs=np.zeros((2, 3, 8)), labels=["rest", "run"])
        >>> open_data(path).classes
        ('rest', 'run')
    """
    check_on_bad(on_bad)
    _check_words(label, mode)
    windowing = None
    if window is not None or step is not None:
        length = 128 if window is None else window
        windowing = Windowing(length, step or max(1, length // 2), label, rate_hz)
    plain = Windowing(label=label, rate_hz=rate_hz)
    if str(source) in PACKAGED:
        return read_packaged(str(source), windowing=windowing)
    options = _Options(windowing, columns, Target(size, mode), on_bad, in_memory_bytes)
    if str(source).startswith(PREFIX):
        return _read_samples(str(source), options)
    path = Path(source)
    if not path.exists():
        raise UnknownNameError.of("data", str(source), PACKAGED)
    read = _read_folder if path.is_dir() else _read_file
    return read(path, options, windowing or plain)


def _check_words(label: str, mode: str | None) -> None:
    if label not in {"majority", "file"}:
        raise UsageError(f"label must be 'majority' or 'file'; got {label!r}")
    if mode not in {None, "L", "RGB"}:
        raise UsageError(f"mode must be 'L' or 'RGB'; got {mode!r}")


def _read_file(path: Path, options: _Options, windowing: Windowing) -> Dataset:
    """Open one file by its suffix."""
    name = path.name.lower()
    if name.endswith(".npz"):
        return read_npz(
            path, on_bad=options.on_bad, in_memory_bytes=options.in_memory_bytes
        )
    if name.endswith(IDX_SUFFIXES):
        made = read_idx_images([path], name=path.name.split("-")[0])
        return leave_out_broken(made, path, options.on_bad)
    if name.endswith(".ts"):
        return _read_ts([path], (), path, options)
    if name.endswith(".parquet") and holds_samples(path):
        return _read_samples(path, options)
    if name.endswith(TABLE_SUFFIXES):
        return _read_tables(path, options, windowing)
    raise DataError(f"data must be of a known kind; got {path}", KINDS)


def _read_folder(path: Path, options: _Options, windowing: Windowing) -> Dataset:
    """Open a folder by what most of its files are."""
    if find_shards(path):
        return read_array_folder(path)
    images, parts = find_idx_images(path)
    if images:
        made = read_idx_images(images, name=path.resolve().name, parts=parts)
        return leave_out_broken(made, path, options.on_bad)
    series, parts = find_ts(path)
    if series:
        return _read_ts(series, parts, path, options)
    files, _ = list_files(path, (*IMAGE_SUFFIXES, *TABLE_SUFFIXES))
    samples = find_samples(path)
    if 2 * sum(map(len, samples.values())) > len(files):
        return _read_samples(samples, options)
    if not files:
        raise DataError(f"a folder of data must hold data; got none in {path}", KINDS)
    kinds = Counter(file.name.lower().endswith(TABLE_SUFFIXES) for file in files)
    if kinds[True] >= kinds[False]:
        return _read_tables(path, options, windowing)
    return read_image_folder(
        path,
        options.target,
        on_bad=options.on_bad,
        in_memory_bytes=options.in_memory_bytes,
    )


def _read_samples(
    source: str | Path | dict[str, list[Path]], options: _Options
) -> Dataset:
    return read_samples(
        source,
        options.target,
        columns=options.columns,
        on_bad=options.on_bad,
        in_memory_bytes=options.in_memory_bytes,
    )


def _read_tables(path: Path, options: _Options, windowing: Windowing) -> Dataset:
    return read_recordings(
        path,
        windowing,
        columns=options.columns,
        on_bad=options.on_bad,
        in_memory_bytes=options.in_memory_bytes,
    )


def _read_ts(
    paths: list[Path], parts: tuple[str, ...], source: Path, options: _Options
) -> Dataset:
    return read_ts(
        paths,
        windowing=options.windowing,
        parts=parts,
        source=source,
        on_bad=options.on_bad,
        in_memory_bytes=options.in_memory_bytes,
    )
