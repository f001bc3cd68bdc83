"""TensorBoard events, if they are asked for."""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import asdict
from typing import TYPE_CHECKING

from depthwise.errors import MissingDependencyError

if TYPE_CHECKING:
    from pathlib import Path

    from torch.utils.tensorboard import SummaryWriter

    from depthwise.training.journal import EpochRow
    from depthwise.training.settings import TrainingSettings

FOLDER = "tensorboard"


def require(settings: TrainingSettings) -> None:
    """Refuse early when TensorBoard is asked for and not installed.

    Args:
        settings: Gives tensorboard.

    Raises:
        MissingDependencyError: With the pip command.
    """
    if settings.tensorboard and importlib.util.find_spec("tensorboard") is None:
        raise MissingDependencyError(
            "tensorboard=True needs TensorBoard, which is not installed",
            "pip install tensorboard",
        )


def writer(settings: TrainingSettings, folder: Path) -> SummaryWriter | None:
    """Open the writer; importing it takes 1 second.

    Args:
        settings: Gives tensorboard.
        folder: Of the run.

    Returns:
        The writer, or None if settings do not ask for it.
    """
    if not settings.tensorboard:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.utils.tensorboard import SummaryWriter  # slow: import late

        return SummaryWriter(str(folder / FOLDER))


def write(events: SummaryWriter | None, row: EpochRow) -> None:
    """Add an epoch.

    Args:
        events: What writer returned.
        row: The epoch's figures.
    """
    if events is None:
        return
    for name, value in asdict(row).items():
        if name != "epoch" and value is not None:
            place = name.replace("_", "/", 1)
            events.add_scalar(place, value, row.epoch)
    events.flush()


def close(events: SummaryWriter | None) -> None:
    """Finish the file.

    Args:
        events: What writer returned.
    """
    if events is not None:
        events.close()
