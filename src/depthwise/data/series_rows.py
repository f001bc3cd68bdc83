"""Series of one length in a column of lists, read when they are asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from depthwise.data.class_counts import note_single_classes
from depthwise.data.dataset import IN_MEMORY_BYTES, Dataset
from depthwise.data.duplicates import (
    Fingerprints,
    hash_values,
    judge_copies,
    number_copies,
)
from depthwise.data.row_indices import wanted_rows
from depthwise.data.rulebook import found
from depthwise.data.rules import OnBad, settle
from depthwise.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from depthwise.data.dataset import Array, Inputs, Names
    from depthwise.data.hub_table import HubTable
    from depthwise.data.rules import Finding

BATCH_ROWS: Final = 256


@dataclass(frozen=True, eq=False)
class SeriesRows:
    """A column of lists that looks like one array.

    Args:
        table: The table.
        sample: Shape of one sample, ``[C, L]``.
    """

    table: HubTable
    sample: tuple[int, int]

    @property
    def shape(self) -> tuple[int, ...]:
        """``[n, C, L]``."""
        return (len(self.table.labels), *self.sample)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of samples: float32."""
        return np.dtype(np.float32)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, indices: Any, /) -> Array:
        rows, single = wanted_rows(indices, len(self))
        wanted = rows.tolist()
        cells = self.table.rows[wanted][self.table.column] if wanted else []
        made = np.array(cells, np.float32).reshape(len(wanted), *self.sample)
        return np.asarray(made[0] if single else made)


def build_series(
    table: HubTable,
    *,
    source: Path,
    on_bad: OnBad = "fail",
    in_memory_bytes: int = IN_MEMORY_BYTES,
) -> Dataset:
    """Look at every series once, then build the dataset of those that can be used.

    Args:
        table: The table.
        source: Where it comes from, for the name and messages.
        on_bad: Refuse or leave out what breaks a rule.
        in_memory_bytes: Up to this size the series are held in memory.

    Returns:
        float32 ``[n, C, L]``.

    Raises:
        DataError: If a rule is broken and ``on_bad`` is "fail", or nothing is left.
    """
    looks = list(_look(table))
    usual = Counter(look.shape for look in looks if look.shape).most_common(1)
    sample = usual[0][0] if usual else (0, 0)
    findings: list[Finding] = []
    keep = []
    names = [f"{source} row {row}" for row in range(len(looks))]
    drop, more = _copies(table, names, looks)
    findings += more
    for row, (look, place) in enumerate(zip(looks, names, strict=True)):
        if look.shape != sample:
            own = "no numbers, or channels of several lengths"
            got = f"{look.shape or own} where others are {sample}"
            findings.append(found("table-ragged", place, got))
        elif not look.finite:
            findings.append(found("sample-broken", place, "NaN or infinity"))
        elif not table.labels[row]:
            findings.append(found("label-missing", place, "no label"))
        elif not drop[row]:
            keep.append(row)
    kept = table.take(np.array(keep, np.int64))
    findings += note_single_classes(kept.labels, source)
    report = settle(findings, read=len(keep), on_bad=on_bad)
    if not keep:
        msg = f"data must hold whole samples; got none in {source}"
        raise DataError(msg, report.why_nothing())
    rows = SeriesRows(kept, sample)
    fits = 4 * int(np.prod(rows.shape)) <= in_memory_bytes
    inputs: Inputs = rows[:] if fits else rows
    classes, labels = np.unique(kept.labels, return_inverse=True)

    def known(words: list[str]) -> Names | None:
        return np.array(words) if all(words) else None

    return Dataset(
        inputs,
        labels,
        classes=tuple(classes.tolist()),
        channels=tuple(f"channel-{c}" for c in range(sample[0])),
        name=source.name,
        groups=known(kept.groups),
        parts=known(kept.parts),
        copies=number_copies([looks[row].digest for row in keep]),
        report=report,
    )


def _copies(
    table: HubTable, names: Sequence[str], looks: Sequence[_Look]
) -> tuple[Array, list[Finding]]:
    """Series that are in two parts; nothing where no part is stated."""
    if not any(table.parts):
        return np.zeros(len(looks), bool), []
    hashes = [look.digest for look in looks]
    return judge_copies(Fingerprints(names, table.labels, table.parts, hashes))


@dataclass(frozen=True)
class _Look:
    """Shape of a series, None where it is ragged; whether it is finite; a hash."""

    shape: tuple[int, int] | None
    finite: bool = False
    digest: str = ""


def _look(table: HubTable) -> Iterator[_Look]:
    """Look at each series once."""
    count = len(table.labels)
    for start in range(0, count, BATCH_ROWS):
        stop = min(start + BATCH_ROWS, count)
        for cell in table.rows[start:stop][table.column]:
            try:
                with np.errstate(over="ignore"):
                    values = np.array(cell, np.float32)
            except (TypeError, ValueError):
                yield _Look(None)
                continue
            values = values[None] if values.ndim == 1 else values
            shape = values.shape if values.ndim == 2 and values.size else None
            finite = bool(np.isfinite(values).all())
            yield _Look(shape, finite, hash_values(values) if finite else "")
