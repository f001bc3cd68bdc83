"""Lightning Fabric, imported late and quietly: device, precision and processes."""

from __future__ import annotations

import importlib.util
import logging
import os
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from depthwise.errors import MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depthwise.training.settings import TrainingSettings

LOGGERS = ("lightning.fabric", "lightning.pytorch", "lightning_fabric")


@dataclass(frozen=True)
class World:
    """The processes that train together.

    Args:
        rank: Number of this one, from 0.
        size: How many there are.
        local_size: How many of them on this machine.
    """

    rank: int = 0
    size: int = 1
    local_size: int = 1


def torchrun_world() -> World | None:
    """Read what torchrun says about this process.

    Returns:
        The world, or None if torchrun did not start this process.
    """
    names = ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "TORCHELASTIC_RUN_ID")
    if not all(name in os.environ for name in names):
        return None
    rank, size, local = (int(os.environ[name]) for name in names[:3])
    return World(rank, size, local)


def is_main_process() -> bool:
    """Say whether this process reports and writes results.

    Returns:
        True, except in the processes above 0 that torchrun started.

    Example:
        >>> is_main_process()
        True
    """
    world = torchrun_world()
    return world is None or world.rank == 0


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
        elif world is not None or settings.strategy == "ddp":
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
