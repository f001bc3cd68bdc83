"""The progress bar on stderr, and a line an epoch where stderr is no terminal."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from depthwise.training.journal import EpochRow
    from depthwise.training.settings import TrainingSettings

INTERVAL = 0.25  # seconds between two looks at the running loss


@dataclass(frozen=True)
class Note:
    """What a callback has to say of an epoch.

    Args:
        text: A few words for the progress line.
        warnings: Sentences that stay on the screen.

    Example:
        >>> Note("dead 0.0 %").warnings
        ()
    """

    text: str = ""
    warnings: tuple[str, ...] = ()


class Reporter(Protocol):
    """What the loop tells about itself."""

    def step(self, epoch: int, done: int, loss: float, accuracy: float) -> None:
        """Take note of a step: epoch, steps done in it, running loss and accuracy."""
        ...

    def epoch(self, row: EpochRow) -> None:
        """Take note of the row of a finished epoch."""
        ...

    def note(self, note: Note) -> None:
        """Take the note of a callback on the epoch whose row comes next."""
        ...

    def due(self) -> bool:
        """Whether step wants to be called now; reading the loss costs time."""
        ...

    def close(self) -> None:
        """Finish."""
        ...


class Silence:
    """Says nothing."""

    def step(self, epoch: int, done: int, loss: float, accuracy: float) -> None:
        """Ignore epoch, done, loss and accuracy of a step."""

    def epoch(self, row: EpochRow) -> None:
        """Ignore the row."""

    def note(self, note: Note) -> None:
        """Ignore the note."""

    def due(self) -> bool:
        """Never ask."""
        return False

    def close(self) -> None:
        """Do nothing."""


class Lines:
    """One line an epoch: for logs and pipes.

    Args:
        console: Where to.
        epochs: Of the whole run.
    """

    def __init__(self, console: Console, epochs: int) -> None:
        self._console = console
        self._epochs = epochs
        self._words = ""

    def step(self, epoch: int, done: int, loss: float, accuracy: float) -> None:
        """Ignore epoch, done, loss and accuracy of a step."""

    def epoch(self, row: EpochRow) -> None:
        """Print the row."""
        text = f"{summary(row, self._epochs)}{self._words}"
        self._console.print(text, highlight=False, soft_wrap=True)

    def note(self, note: Note) -> None:
        """Keep the words of the note for the row; print its warnings."""
        self._words = f"  {note.text}" if note.text else ""
        for sentence in note.warnings:
            self._console.print(f"warning: {sentence}", highlight=False, soft_wrap=True)

    def due(self) -> bool:
        """Never ask."""
        return False

    def close(self) -> None:
        """Do nothing."""


class Bar:
    """A bar over all steps, with the figures of the epoch.

    Args:
        console: A terminal.
        epochs: Of the whole run.
        steps: Of an epoch.
        title: Written before the bar.
    """

    def __init__(self, console: Console, epochs: int, steps: int, title: str) -> None:
        self._epochs, self._steps = epochs, steps
        self._last, self._validation, self._words = 0.0, "", ""
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=console,
            refresh_per_second=4,
        )
        self._task = self._progress.add_task(title, total=epochs * steps, figures="")
        self._progress.start()

    def step(self, epoch: int, done: int, loss: float, accuracy: float) -> None:
        """Move the bar to step done of epoch; show loss and accuracy."""
        figures = (
            f"epoch {epoch}/{self._epochs}  loss {loss:.3f}  acc {accuracy:.1%}"
            f"{self._validation}{self._words}"
        )
        total = (epoch - 1) * self._steps + done
        self._progress.update(self._task, completed=total, figures=figures)

    def epoch(self, row: EpochRow) -> None:
        """Keep the validation accuracy of the row in sight."""
        if row.validation_accuracy is not None:
            self._validation = f"  val {row.validation_accuracy:.1%}"
        self.step(row.epoch, self._steps, row.train_loss, row.train_accuracy)

    def note(self, note: Note) -> None:
        """Keep the words of the note in sight; print its warnings above the bar."""
        self._words = f"  {note.text}" if note.text else ""
        for sentence in note.warnings:
            self._progress.console.print(f"warning: {sentence}", highlight=False)

    def due(self) -> bool:
        """Ask four times a second."""
        now = time.perf_counter()
        if now - self._last < INTERVAL:
            return False
        self._last = now
        return True

    def close(self) -> None:
        """Leave the finished bar on the screen."""
        self._progress.stop()


def summary(row: EpochRow, epochs: int) -> str:
    """Put a row in words.

    Args:
        row: The epoch.
        epochs: Of the whole run.

    Returns:
        One line.
    """
    text = (
        f"epoch {row.epoch}/{epochs}  loss {row.train_loss:.4f}  "
        f"acc {row.train_accuracy:.2%}"
    )
    if row.validation_loss is None:
        return text
    return (
        f"{text}  val loss {row.validation_loss:.4f}  "
        f"val acc {row.validation_accuracy:.2%}"
    )


def reporter(
    settings: TrainingSettings, steps: int, *, show: bool, title: str = "train"
) -> Reporter:
    """Choose how to report.

    Args:
        settings: Gives epochs.
        steps: Of an epoch.
        show: Whether to report at all.
        title: Written before the bar.

    Returns:
        A bar on a terminal, lines elsewhere, or silence.
    """
    if not show:
        return Silence()
    console = Console(stderr=True)
    if console.is_terminal:
        return Bar(console, settings.epochs, steps, title)
    return Lines(console, settings.epochs)
