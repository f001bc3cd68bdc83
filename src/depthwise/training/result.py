"""What a run tells its callbacks, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

from depthwise.errors import TrainingError
from depthwise.training.accelerator import precision
from depthwise.training.journal import EpochRow, best_of

if TYPE_CHECKING:
    from depthwise.training.checkpoint import Checkpoint


@dataclass(frozen=True)
class EpochEnd:
    """What a callback is told after every epoch.

    Args:
        row: The epoch's figures.
        module: The network as validated, in eval mode; look, do not touch.
        best: Whether this is the best epoch so far.

    Example:
        >>> def show(end: EpochEnd) -> None:
        ...     print(end.row.epoch, end.row.validation_accuracy)
        >>> show(EpochEnd(EpochRow(1, 0.1, 0.5, 0.8, 0.6, 0.9), nn.ReLU(), best=True))
        1 0.9
    """

    row: EpochRow
    module: nn.Module
    best: bool


@dataclass(frozen=True)
class TrainingResult:
    """What a run came to; the module that was trained holds the best weights.

    Args:
        rows: One for each epoch.
        best: The row whose weights were kept.
        seconds: Time spent in epochs, over all resumes.
        waiting_share: Share of it spent waiting for data, in [0, 1].
        stopped_early: Whether patience ended it.
        processes: How many trained together.
        precision: "32-true" or "bf16-mixed".

    Example:
        >>> row = EpochRow(1, 0.1, 0.5, 0.8, 0.6, 0.9)
        >>> TrainingResult((row,), row, 2.0, 0.1, False, 1, "32-true").best.epoch
        1
    """

    rows: tuple[EpochRow, ...]
    best: EpochRow
    seconds: float
    waiting_share: float
    stopped_early: bool
    processes: int
    precision: str


def result_of(end: Checkpoint, *, processes: int) -> TrainingResult:
    """Sum up a run.

    Args:
        end: Its last checkpoint.
        processes: How many trained together.

    Returns:
        The result.

    Raises:
        TrainingError: The checkpoint has no epoch.
    """
    best = best_of(end.rows)
    if best is None:
        raise TrainingError("a run must have an epoch; its checkpoint has none")
    return TrainingResult(
        rows=end.rows,
        best=best,
        seconds=end.seconds,
        waiting_share=end.waited / max(end.seconds, 1e-9),
        stopped_early=len(end.rows) < end.settings.epochs,
        processes=processes,
        precision=precision(end.settings),
    )
