"""Samples to predict on: no labels are asked for; those that are there are ignored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from depthwise.data.arrays import keep_finite, read_npz_inputs
from depthwise.data.columns import Columns
from depthwise.data.dataset import IN_MEMORY_BYTES, Rows
from depthwise.data.hub import holds_samples
from depthwise.data.image_file import SUFFIXES as IMAGE_SUFFIXES
from depthwise.data.image_file import read_header
from depthwise.data.image_set import Place, Target, build_images
from depthwise.data.names import readable
from depthwise.data.recording_files import SUFFIXES as TABLE_SUFFIXES
from depthwise.data.recording_files import read_table
from depthwise.data.recording_index import INDEX
from depthwise.data.recording_set import Windowing, build_dataset
from depthwise.data.recordings import Origin, recordings_of
from depthwise.data.rules import Finding, OnBad, ReadReport, check_on_bad, settle
from depthwise.data.stored_rows import open_npy
from depthwise.data.walk import list_files
from depthwise.errors import DataError

if TYPE_CHECKING:
    from depthwise.data.dataset import Dataset, Indices, Inputs, Names
    from depthwise.data.preprocess import Preprocessing
    from depthwise.data.recordings import Recording
    from depthwise.data.tables import Table

# Stands where a class would; it is in no answer.
NO_LABEL: Final = "?"
# Files that hold labels beside their samples, or have them in another file.
LABELLED: Final = (".ts", "-ubyte", "-ubyte.gz", ".idx", ".idx.gz")
KINDS: Final = {"image": "images", "sensor": "recordings in CSV or Parquet"}


@dataclass(frozen=True, eq=False)
class Unlabelled:
    """Raw samples of the kind that a model was trained on.

    Args:
        inputs: ``[n, C, L]`` or ``[n, C, H, W]``: an array or a lazy reader.
        names: File or recording of each sample, ``[n]``, or its number.
        report: What was skipped, repaired and noted while reading.
        rows: Row of its table that the newest sample of each window is from, from 1,
            ``[n]``; None for what is no window of a table.
    """

    inputs: Inputs
    names: Names
    report: ReadReport
    rows: Indices | None = None

    def __len__(self) -> int:
        return len(self.inputs)


def open_inputs(
    source: str | Path,
    preprocessing: Preprocessing,
    *,
    columns: Columns | None = None,
    on_bad: OnBad = "fail",
    in_memory_bytes: int = IN_MEMORY_BYTES,
) -> Unlabelled:
    """Open samples for a trained model.

    Args:
        source: An image, a table of recordings, a folder of either, ``.npy``, ``.npz``.
        preprocessing: What the model expects: channels by name, window and rate, or
            size and mode.
        columns: Names of the columns of tables that are no channels.
        on_bad: Refuse bad input ("fail") or leave it out and count it ("skip").
        in_memory_bytes: Up to this size samples are held in memory.

    Returns:
        Raw samples; :meth:`Preprocessing.apply` brings them to a network.

    Raises:
        DataError: If the source does not exist, is of another kind than the model's
            data, or breaks a rule.

    Example:
        >>> from depthwise.data import Preprocessing
        >>> rows = [("ax", "ay"), *((n, n * n) for n in range(10))]
        >>> lines = (",".join(map(str, row)) for row in rows)
        >>> _ = Path("walk.csv").write_text(chr(10).join(lines))
        >>> asked = Preprocessing("sensor", ("ay",), (0.0,), (1.0,), window=4, step=2)
        >>> opened = open_inputs("walk.csv", asked)
        >>> opened.inputs.shape, opened.inputs[0].tolist()
        ((4, 1, 4), [[0.0, 1.0, 4.0, 9.0]])
    """
    check_on_bad(on_bad)
    path = Path(source)
    if not path.exists():
        raise DataError(f"samples must be in a file or folder that exists; got {path}")
    if _is_foreign(path, preprocessing.kind):
        raise DataError(
            f"samples must be {KINDS[preprocessing.kind]}, .npy or .npz; got {path}",
            "--labels reads labelled data of every kind",
        )
    if path.suffix.lower() in {".npy", ".npz"}:
        opened = _arrays(path, on_bad, in_memory_bytes)
    elif preprocessing.kind == "image":
        opened = _images(path, preprocessing, on_bad, in_memory_bytes)
    else:
        asked = columns or Columns()
        opened = _recordings(path, preprocessing, asked, on_bad, in_memory_bytes)
    _check_shape(path, opened, preprocessing)
    return opened


def _is_foreign(path: Path, kind: str) -> bool:
    """Whether a file, or all that a folder holds, is of another kind of data."""
    pictures, tables = tuple(IMAGE_SUFFIXES), tuple(TABLE_SUFFIXES)
    own, other = (pictures, tables) if kind == "image" else (tables, pictures)
    foreign = (*LABELLED, *other)
    if path.is_dir():
        mine, _ = list_files(path, own)
        return not mine and bool(list_files(path, foreign)[0])
    name = path.name.lower()
    return name.endswith(foreign) or (name.endswith(".parquet") and holds_samples(path))


def _check_shape(path: Path, opened: Unlabelled, preprocessing: Preprocessing) -> None:
    """Refuse samples of another shape than the model's; None stands for any size."""
    sizes = preprocessing.size or (preprocessing.window,)
    wanted = (len(preprocessing.channels), *sizes)
    shape = tuple(opened.inputs.shape[1:])
    fits = len(shape) == len(wanted) and all(
        asked in {None, size} for size, asked in zip(shape, wanted, strict=True)
    )
    if not fits:
        raise DataError(
            f"samples must have the shape {list(wanted)} that the model was trained on;"
            f" got {list(shape)} in {path}"
        )


def _arrays(path: Path, on_bad: OnBad, in_memory_bytes: int) -> Unlabelled:
    """Arrays of samples, without a look at their labels."""
    inputs: Inputs = (
        read_npz_inputs(path, in_memory_bytes)
        if path.suffix.lower() == ".npz"
        else open_npy(path)
    )
    keep, broken = keep_finite(inputs, path)
    report = settle(broken, read=len(keep), on_bad=on_bad)
    kept = Rows(inputs, keep) if broken else inputs
    return Unlabelled(kept, keep.astype(np.str_), report)


def _images(
    path: Path, preprocessing: Preprocessing, on_bad: OnBad, in_memory_bytes: int
) -> Unlabelled:
    """One image, or all below a folder."""
    files, findings = [path], list[Finding]()
    if path.is_dir():
        files, findings = list_files(path, IMAGE_SUFFIXES)
    headers = [read_header(file) for file in files]
    findings += [header for header in headers if isinstance(header, Finding)]
    dataset = build_images(
        [Place(h, NO_LABEL) for h in headers if not isinstance(h, Finding)],
        Target(preprocessing.size, preprocessing.mode),
        source=path,
        findings=findings,
        on_bad=on_bad,
        in_memory_bytes=in_memory_bytes,
    )
    names = dataset.files if path.is_dir() else np.array([readable(path.name)])
    return _unlabelled(dataset, names)


def _recordings(
    path: Path,
    preprocessing: Preprocessing,
    columns: Columns,
    on_bad: OnBad,
    in_memory_bytes: int,
) -> Unlabelled:
    """One table of recordings, or all below a folder."""
    files, findings = [path], list[Finding]()
    if path.is_dir():
        files, findings = list_files(path, TABLE_SUFFIXES)
        files = [file for file in files if file != path / INDEX]
    recordings: list[Recording] = []
    for file in files:
        table = read_table(file, columns, channels=preprocessing.channels)
        if isinstance(table, Finding):
            findings.append(table)
            continue
        name = str(file.relative_to(path)) if file != path else path.name
        picked = _pick(table, preprocessing)
        origin = Origin(readable(name), label=NO_LABEL)
        made, more = recordings_of(picked, origin)
        recordings += made
        findings += more
    window = preprocessing.window or 1
    step = preprocessing.step or window
    dataset = build_dataset(
        recordings,
        Windowing(window, step, rate_hz=preprocessing.rate_hz),
        source=path,
        findings=findings,
        on_bad=on_bad,
        in_memory_bytes=in_memory_bytes,
    )
    return _unlabelled(dataset, dataset.recordings)


def _pick(table: Table, preprocessing: Preprocessing) -> Table:
    """The channels that the model knows, in its order."""
    kept = {name: table.values[name] for name in preprocessing.channels}
    rest = {name: table.values[name] for name in table.columns.taken}
    return replace(table, values={**kept, **rest})


def _unlabelled(dataset: Dataset, names: Names | None) -> Unlabelled:
    """Leave the labels out, and what was noted about their classes."""
    unasked = {"class-single", "duplicate-within"}
    noted = [f for f in dataset.report.noted if f.rule.code not in unasked]
    report = replace(dataset.report, noted=tuple(noted))
    numbers = np.arange(len(dataset)).astype(np.str_)
    names = numbers if names is None else names
    return Unlabelled(dataset.inputs, names, report, dataset.rows)
