"""The rows of a run, one an epoch, and the file metrics.csv that only ever grows."""

from __future__ import annotations

import os
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

from depthwise.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

METRICS = "metrics.csv"


@dataclass(frozen=True)
class EpochRow:
    """What one epoch came to; nothing in it depends on the clock.

    Args:
        epoch: From 1.
        learning_rate: Of the last step.
        train_loss: Mean over the epoch, augmented and weighted as trained.
        train_accuracy: Share of training examples that were right when seen.
        validation_loss: Mean cross-entropy, unweighted; None without that part.
        validation_accuracy: Share of validation examples that are right, or None.

    Example:
        >>> EpochRow(1, 0.1, 0.5, 0.8, 0.6, 0.9).validation_accuracy
        0.9
    """

    epoch: int
    learning_rate: float
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None

    def better_than(self, other: EpochRow | None) -> bool:
        """Say whether this epoch is to be kept in place of an earlier one.

        Args:
            other: The best so far, or None.

        Returns:
            True for a higher validation accuracy, or the same with a lower loss;
            without a validation part for every later epoch.

        Example:
            >>> first = EpochRow(1, 0.1, 0.5, 0.8, 0.6, 0.9)
            >>> first.better_than(None), first.better_than(first)
            (True, False)
        """
        return other is None or _rank(self) > _rank(other)


def _rank(row: EpochRow) -> tuple[float, float]:
    if row.validation_accuracy is None or row.validation_loss is None:
        return (row.epoch, 0.0)
    return (row.validation_accuracy, -row.validation_loss)


def best_of(rows: Sequence[EpochRow]) -> EpochRow | None:
    """Find the epoch whose weights are kept.

    Args:
        rows: In order.

    Returns:
        The best validation accuracy, ties by loss, then the earlier; None of none.
    """
    best = None
    for row in rows:
        best = row if row.better_than(best) else best
    return best


def render(rows: Sequence[EpochRow]) -> str:
    """Write rows as CSV; numbers read back exactly.

    Args:
        rows: In the order of epochs.

    Returns:
        A heading and a line for each row.

    Example:
        >>> print(render([EpochRow(1, 0.1, 0.5, 0.8, 0.6, 0.9)]), end="")
        epoch,learning_rate,train_loss,train_accuracy,validation_loss,validation_accuracy
        1,0.1,0.5,0.8,0.6,0.9
    """
    heading = ",".join(item.name for item in fields(EpochRow))
    cells = [["" if v is None else repr(v) for v in astuple(row)] for row in rows]
    lines = [",".join(line) for line in cells]
    return "\n".join([heading, *lines]) + "\n"


def append(path: Path, rows: Sequence[EpochRow]) -> None:
    """Append what is missing of rows; what is there is never rewritten.

    A line that was cut off by a kill is completed, so the file of a resumed run
    equals that of an unbroken one.

    Args:
        path: The CSV file; it need not exist.
        rows: All rows of the run so far.

    Raises:
        TrainingError: The file holds something that is no beginning of these rows.
    """
    wanted = render(rows).encode()
    present = path.read_bytes() if path.exists() else b""
    if not wanted.startswith(present):
        raise TrainingError(
            f"{path} must be the beginning of this run's log; it holds other lines",
            "train into another folder, or put the changed file back as it was",
        )
    with path.open("ab") as file:
        file.write(wanted[len(present) :])
        file.flush()
        os.fsync(file.fileno())
