"""Lightning Fabric, imported late and quietly: device, precision and processes."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from depthwise.errors import MissingDependencyError
from depthwise.training.world import torchrun_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depthwise.training.settings import TrainingSettings

LOGGERS = ("lightning.fabric", "lightning.pytorch", "lightning_fabric")


def require_lightning() -> None:
    """Refuse early, before anything slow, when Lightning is not installed.

    Raises:
        MissingDependencyError: With the pip command.
    """
    if importlib.util.find_spec("lightning") is None:
        raise MissingDependencyError(
            "training needs Lightning, which is not installed",
            'pip install "depthwise[train]"',
        )


def make_fabric(settings: TrainingSettings, *, spawn: bool = False) -> Any:
    """Build the Fabric that settings ask for; the import takes 2 to 5 seconds.

    Args:
        settings: Gives accelerator, devices, strategy and precision.
        spawn: Whether Fabric starts the processes itself.

    Returns:
        A Fabric that is not launched.
    """
    world = torchrun_world()
    with quiet():
        from lightning.fabric import Fabric  # slow: import late

        strategy = "auto"
        if spawn:
            strategy = "ddp_spawn"
        elif world is not None:
            strategy = "ddp"
        return Fabric(
            accelerator=settings.accelerator,
            devices=world.local_size if world else settings.devices,
            num_nodes=world.size // world.local_size if world else 1,
            strategy=strategy,
            precision=precision(settings),
        )


def precision(settings: TrainingSettings) -> str:
    """Turn the setting into Fabric's word.

    Args:
        settings: Gives precision and accelerator.

    Returns:
        "32-true" or "bf16-mixed".

    Example:
        >>> from depthwise.training.settings import TrainingSettings
        >>> precision(TrainingSettings(accelerator="cpu", precision="mixed"))
        '32-true'
    """
    gpu = settings.accelerator != "cpu" and torch.cuda.is_available()
    able = settings.precision == "bfloat16" or (
        settings.precision == "mixed" and gpu and torch.cuda.is_bf16_supported()
    )
    return "bf16-mixed" if able else "32-true"


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Lightning's hints and the warnings of its imports off the screen.

    Yields:
        Nothing.
    """
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
