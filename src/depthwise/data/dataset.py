"""The one shape that every reader returns: samples, labels, and where they come from.

A sample is ``[C, L]`` (sensors) or ``[C, H, W]`` (images). Its group, such as the
person, is what splits keep together; its recording is what votes are taken over.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.data.names import readable
from depthwise.data.rules import ReadReport
from depthwise.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

Array: TypeAlias = NDArray[Any]
Indices: TypeAlias = NDArray[np.int64]
Names: TypeAlias = NDArray[np.str_]

PARTS: Final = ("train", "validation", "test")
# Up to this size a reader holds samples in memory; above it, it reads on demand.
IN_MEMORY_BYTES: Final = 512 << 20


class Inputs(Protocol):
    """What can stand where the samples stand: an array, a memmap, a lazy reader.

    ``shape`` is ``[n, C, L]`` or ``[n, C, H, W]``; indexing takes a slice or an
    integer array and returns a NumPy array with the samples in that order.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """``[n, C, L]`` or ``[n, C, H, W]``."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Such as float32 or uint8."""

    def __len__(self) -> int: ...
    def __getitem__(self, indices: Any, /) -> Any: ...


@dataclass(frozen=True)
class Rows:
    """Some rows of a reader, in a given order, still unread.

    Args:
        source: The reader, ``[n, …]``.
        indices: Which rows, int64.

    Example:
        >>> rows = Rows(np.arange(6.0).reshape(3, 2, 1), np.array([2, 0]))
        >>> rows.shape, rows[np.array([0])].ravel().tolist()
        ((2, 2, 1), [4.0, 5.0])
    """

    source: Inputs
    indices: Indices

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of rows, then the shape of one."""
        return (len(self.indices), *self.source.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the source."""
        return self.source.dtype

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, indices: Any, /) -> Any:
        return self.source[self.indices[indices]]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled samples.

    Args:
        inputs: ``[n, C, L]`` or ``[n, C, H, W]``: an array or a lazy reader.
        labels: int64 ``[n]``, indices into ``classes``.
        classes: The names of the classes.
        channels: The names of the ``C`` channels.
        name: What to call it in reports.
        groups: Who or what each sample comes from, ``[n]`` strings, or None.
        recordings: Which recording or file each sample comes from, or None.
        parts: "train", "validation" or "test" for each sample, where the source
            says so, or None.
        files: File of each sample, below the folder that was opened, or None.
        copies: A number for each sample, int64 ``[n]``, which samples share that are
            equal, or are from equal recordings; None where nobody looked.
        rows: Row of its table that the newest sample of each window is from, from 1,
            int64 ``[n]``, or None.
        rate_hz: Samples a second, for sensors.
        report: What was skipped, repaired and noted while reading.

    Raises:
        DataError: If the parts do not fit together.

    Example:
        >>> data = Dataset(
        ...     np.zeros((4, 6, 128), np.float32), np.array([0, 1, 1, 0]),
        ...     classes=("rest", "run"), channels=tuple("abcdef"), name="toy")
        >>> len(data), data.kind, len(data.take(np.array([1, 2])))
        (4, 'sensor', 2)
    """

    inputs: Inputs
    labels: Indices
    classes: tuple[str, ...]
    channels: tuple[str, ...]
    name: str
    groups: Names | None = None
    recordings: Names | None = None
    parts: Names | None = None
    files: Names | None = None
    copies: Indices | None = None
    rows: Indices | None = None
    rate_hz: float | None = None
    report: ReadReport = field(default_factory=ReadReport)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", readable(self.name))
        _check_inputs(self)
        labels = np.asarray(self.labels)
        if labels.shape != (len(self.inputs),) or labels.dtype.kind not in "iu":
            raise DataError(
                "labels must be one integer a sample; got"
                f" {labels.dtype} {list(labels.shape)} for {len(self.inputs)} samples"
                f" in {self.name}"
            )
        object.__setattr__(self, "labels", labels.astype(np.int64))
        _check_labels(self)
        for name in ("groups", "recordings", "parts", "files"):
            object.__setattr__(self, name, _names(self, name))
        _check_parts(self)

    @property
    def kind(self) -> str:
        """Either "sensor", for ``[n, C, L]``, or "image"."""
        return "sensor" if len(self.inputs.shape) == 3 else "image"

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Indices | Sequence[int]) -> Dataset:
        """Select samples; lazy readers stay lazy.

        Args:
            indices: Which samples, in which order.

        Returns:
            The dataset of those samples, with the same classes.
        """
        rows = np.asarray(indices, np.int64)
        picked: Inputs = Rows(self.inputs, rows)
        if type(self.inputs) is np.ndarray:
            picked = self.inputs[rows]

        def some(values: Array | None) -> Array | None:
            return None if values is None else values[rows]

        return replace(
            self,
            inputs=picked,
            labels=self.labels[rows],
            groups=some(self.groups),
            recordings=some(self.recordings),
            parts=some(self.parts),
            files=some(self.files),
            copies=some(self.copies),
            rows=some(self.rows),
        )


def _check_inputs(data: Dataset) -> None:
    """Refuse samples that are neither ``[C, L]`` nor ``[C, H, W]``."""
    shape = tuple(data.inputs.shape)
    if len(shape) not in {3, 4}:
        raise DataError(
            "samples must be [n, C, L] or [n, C, H, W];"
            f" got {list(shape)} in {data.name}",
            "grey images need an axis for their one channel: images[:, None]",
        )
    if 0 in shape:
        raise DataError(
            f"a dataset must hold samples; got none in {data.name}, {list(shape)}"
        )
    if data.inputs.dtype.kind not in "biuf":
        raise DataError(
            f"samples must be numbers; got {data.inputs.dtype} in {data.name}"
        )
    if shape[1] != len(data.channels):
        raise DataError(
            "every channel must have one name; got"
            f" {shape[1]} channels and the names {list(data.channels)} in {data.name}"
        )


def _check_labels(data: Dataset) -> None:
    """Refuse labels that name no class."""
    low, high = int(data.labels.min()), int(data.labels.max())
    if low < 0 or high >= len(data.classes):
        raise DataError(
            f"labels must lie in 0…{len(data.classes) - 1};"
            f" got {low}…{high} in {data.name}"
        )


def _check_parts(data: Dataset) -> None:
    """Refuse parts that no split knows."""
    stated = set() if data.parts is None else set(data.parts.tolist())
    unknown = stated - set(PARTS)
    if unknown:
        raise DataError(
            f"parts must be among {PARTS}; got {sorted(unknown)} in {data.name}"
        )


def _names(data: Dataset, field: str) -> Names | None:
    """The optional names of samples as strings, one a sample."""
    values = getattr(data, field)
    if values is None:
        return None
    names: Names = np.asarray(values).astype(np.str_)
    if names.shape != (len(data),):
        raise DataError(
            f"{field} must be one a sample; got {list(names.shape)}"
            f" for {len(data)} samples in {data.name}"
        )
    return names
