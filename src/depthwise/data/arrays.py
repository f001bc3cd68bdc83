"""Arrays in ``.npz`` files: ``inputs``, ``labels`` and what else is known.

``classes``, ``channels``, ``groups``, ``recordings``, ``parts`` and ``rate_hz`` may
stand beside them. Nothing is ever unpickled.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from depthwise.data.class_counts import note_single_classes
from depthwise.data.dataset import IN_MEMORY_BYTES, Dataset
from depthwise.data.duplicates import (
    Fingerprints,
    hash_samples,
    judge_copies,
    number_copies,
)
from depthwise.data.rulebook import found
from depthwise.data.rules import Finding, OnBad, settle
from depthwise.data.stored_rows import check_members, open_npz_member
from depthwise.errors import DataError, FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from depthwise.data.dataset import Array, Indices, Inputs

REQUIRED: Final = ("inputs", "labels")
KNOWN: Final = (
    *REQUIRED,
    "classes",
    "channels",
    "groups",
    "recordings",
    "parts",
    "rate_hz",
)

DAMAGED: Final = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a damaged archive raises."""

_ROWS: Final = 1024
"""Samples looked at in one go."""


def read_npz(
    path: Path,
    *,
    on_bad: OnBad = "fail",
    in_memory_bytes: int = IN_MEMORY_BYTES,
) -> Dataset:
    """Read a labelled dataset from one ``.npz`` file.

    Args:
        path: The file, with the arrays that this module names.
        on_bad: Refuse or leave out samples with NaN or infinite values; those of a
            lazy reader are looked at when their statistics are measured.
        in_memory_bytes: Above this size the samples stay on disk, if the file is not
            compressed.

    Returns:
        The dataset.

    Raises:
        FormatError: If the file is damaged, pickled, too large to be held and
            compressed, or lacks an array.
        DataError: If a sample is broken and ``on_bad`` is "fail".
    """
    check_members(path, in_memory_bytes)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            names = [name for name in stored.files if name != "inputs"]
            arrays: dict[str, Any] = {name: stored[name] for name in names}
        if "inputs" in stored.files:
            arrays["inputs"] = read_npz_inputs(path, in_memory_bytes)
    except DAMAGED as error:
        raise FormatError(f"{path} must be a whole .npz file; got {error}") from error
    return leave_out_broken(dataset_of(arrays, source=path), path, on_bad)


def read_npz_inputs(path: Path, in_memory_bytes: int) -> Inputs:
    """Read the samples alone of an ``.npz`` file.

    Args:
        path: The file.
        in_memory_bytes: Above this size the samples stay on disk.

    Returns:
        An array, or rows on disk.

    Raises:
        FormatError: If the file is damaged, has no ``inputs``, or is compressed and too
            large to be held.
    """
    check_members(path, in_memory_bytes)
    try:
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo("inputs.npy").file_size
        if size > in_memory_bytes:
            return open_npz_member(path, "inputs")
        with np.load(path, allow_pickle=False) as stored:
            inputs: Array = stored["inputs"]
    except DAMAGED as error:
        raise FormatError(f"{path} must hold inputs; got {error}") from error
    return inputs


def leave_out_broken(dataset: Dataset, source: Path, on_bad: OnBad) -> Dataset:
    """Apply the rules on samples that are not finite, or in two parts.

    Args:
        dataset: Samples in memory; lazy ones are returned as they are.
        source: Where they come from, for messages.
        on_bad: Refuse or leave out.

    Returns:
        The dataset without such samples, and the report.

    Raises:
        DataError: If there is one and ``on_bad`` is "fail", or nothing is left.
    """
    inputs = dataset.inputs
    names = [dataset.classes[label] for label in dataset.labels.tolist()]
    findings = note_single_classes(names, source)
    findings += note_axes(inputs.shape, source)
    keep = np.arange(len(dataset))
    if isinstance(inputs, np.ndarray):
        keep, broken = keep_finite(inputs, source)
        findings += broken
        hashes = hash_samples(inputs)
        dataset = replace(dataset, copies=number_copies(hashes))
    if isinstance(inputs, np.ndarray) and dataset.parts is not None:
        places = [f"{source} sample {n}" for n in range(len(dataset))]
        prints = Fingerprints(places, names, dataset.parts.tolist(), hashes)
        drop, more = judge_copies(prints)
        findings += more
        keep = keep[~drop[keep]]
    report = settle(findings, read=len(keep), on_bad=on_bad)
    if not len(keep):
        msg = f"data must hold whole samples; got none in {source}"
        raise DataError(msg, report.why_nothing())
    kept = dataset if len(keep) == len(dataset) else dataset.take(keep)
    return replace(kept, report=report)


def note_axes(shape: tuple[int, ...], source: Path) -> list[Finding]:
    """Note samples whose channels seem to be the last axis.

    Args:
        shape: ``[n, C, L]`` or ``[n, C, H, W]``.
        source: Where they come from.

    Returns:
        One finding, or none.

    Example:
        >>> from pathlib import Path
        >>> [f.rule.code for f in note_axes((9, 28, 28, 3), Path("pets.npz"))]
        ['axes-order']
        >>> note_axes((9, 3, 28, 28), Path("pets.npz"))
        []
    """
    channels, last = shape[1], shape[-1]
    image = len(shape) == 4
    odd = last <= 4 < channels if image else last < channels
    return [found("axes-order", source, f"{list(shape[1:])}")] if odd else []


def keep_finite(inputs: Inputs, source: Path) -> tuple[Indices, list[Finding]]:
    """Find the samples that are numbers throughout; some are read at a time.

    Args:
        inputs: Samples ``[n, …]``.
        source: Where they come from, for messages.

    Returns:
        Indices of the whole samples, and a finding for each of the others.

    Example:
        >>> from pathlib import Path
        >>> kept, others = keep_finite(np.array([[1.0], [np.nan]]), Path("a.npy"))
        >>> kept.tolist(), str(others[0])
        ([0], 'a.npy sample 1: samples must be finite; got NaN or infinity')
    """
    whole = np.ones(len(inputs), np.bool_)
    if inputs.dtype.kind == "f":
        for start in range(0, len(inputs), _ROWS):
            rows = np.asarray(inputs[start : start + _ROWS])
            with np.errstate(over="ignore"):  # what is too large becomes infinite
                finite = np.isfinite(rows.astype(np.float32, copy=False))
            whole[start : start + _ROWS] = finite.all(axis=tuple(range(1, rows.ndim)))
    broken = [
        found("sample-broken", f"{source} sample {n}", "NaN or infinity")
        for n in np.flatnonzero(~whole).tolist()
    ]
    return np.flatnonzero(whole), broken


def dataset_of(arrays: Mapping[str, Any], *, source: Path) -> Dataset:
    """Build a dataset from named arrays.

    Args:
        arrays: What was stored; ``inputs`` may be a lazy reader.
        source: Where it was stored, for messages and the name.

    Returns:
        The dataset.

    Raises:
        FormatError: If an array is missing or unknown.
    """
    missing = [name for name in REQUIRED if name not in arrays]
    unknown = sorted(set(arrays) - set(KNOWN))
    if missing or unknown:
        raise FormatError(
            f"{source} must hold inputs and labels, and only known names;"
            f" got {sorted(arrays)}",
            f"known names: {', '.join(KNOWN)}",
        )
    inputs: Inputs = arrays["inputs"]
    labels, classes = named_labels(arrays["labels"], arrays.get("classes"), source)
    count = inputs.shape[1] if len(inputs.shape) > 1 else 0
    channels = arrays.get("channels")
    names = [f"channel-{c}" for c in range(count)] if channels is None else channels
    rate = arrays.get("rate_hz")
    return Dataset(
        inputs,
        labels,
        classes=classes,
        channels=tuple(str(name) for name in names),
        name=source.stem,
        groups=arrays.get("groups"),
        recordings=arrays.get("recordings"),
        parts=arrays.get("parts"),
        rate_hz=None if rate is None else _rate(rate, source),
    )


def _rate(stored: Any, source: Path) -> float:
    """One sampling rate, or a sentence."""
    rate = np.asarray(stored)
    if rate.size != 1 or rate.dtype.kind not in "iuf" or not 0 < rate.item() < np.inf:
        got = f"{rate.dtype} {rate.ravel()[:3].tolist()}"
        raise FormatError(f"rate_hz in {source} must be one number above 0; got {got}")
    return float(rate.item())


def named_labels(
    labels: Array, classes: Array | None, source: Path
) -> tuple[Array, tuple[str, ...]]:
    """Turn labels of any kind into indices and names.

    Args:
        labels: Integers, whole floats or text, ``[n]``.
        classes: Names of the classes, which integers number; where they are not known,
            each number is the name of a class.
        source: Where the labels come from, for messages.

    Returns:
        int64 labels, and the names of the classes.

    Raises:
        FormatError: If a label is a broken number, or in no class.

    Example:
        >>> from pathlib import Path
        >>> labels, names = named_labels(np.array(["run", "rest"]), None, Path("x"))
        >>> labels.tolist(), names
        ([1, 0], ('rest', 'run'))
    """
    labels = np.asarray(labels)
    if labels.dtype.kind in "US":
        known = np.unique(labels) if classes is None else np.asarray(classes)
        index = {str(name): number for number, name in enumerate(known.tolist())}
        strange = sorted(set(labels.astype(str).tolist()) - set(index))
        if strange:
            raise FormatError(f"labels in {source} must be classes; got {strange[:3]}")
        numbers = [index[str(label)] for label in labels.tolist()]
        return np.array(numbers, np.int64), tuple(index)
    if labels.dtype.kind not in "iufb" or np.any(labels != np.floor(labels)):
        raise FormatError(
            f"labels in {source} must be whole numbers or text; got {labels.dtype}"
        )
    whole = labels.astype(np.int64)
    if classes is not None:
        return whole, tuple(str(name) for name in np.asarray(classes).tolist())
    if whole.size and whole.min() < 0:
        raise FormatError(f"labels in {source} must be at least 0; got {whole.min()}")
    distinct, indices = np.unique(whole, return_inverse=True)
    return indices.reshape(whole.shape), tuple(str(n) for n in distinct.tolist())
