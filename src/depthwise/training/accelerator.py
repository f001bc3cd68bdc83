"""Lightning Fabric, imported late and quietly: device, precision and processes."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from depthwise.errors import MissingDependencyError, TrainingError
from depthwise.training.world import torchrun_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depthwise.training.settings import TrainingSettings

LOGGERS = ("lightning.fabric", "lightning.pytorch", "lightning_fabric")


def require(settings: TrainingSettings) -> None:
    """Refuse early, before anything slow, what this machine does not have.

    Args:
        settings: Gives accelerator and devices.

    Raises:
        TrainingError: GPUs are asked for that are not there.
        MissingDependencyError: Lightning is not installed; with the pip command.
    """
    devices = settings.devices if torchrun_world() is None else 1
    there = torch.cuda.device_count()
    if kind(settings) == "cuda" and devices > there:
        raise TrainingError(
            f"devices must not be more than the GPUs that torch sees; got {devices}, "
            f"torch sees {there}",
            "accelerator='cpu' trains without a GPU",
        )
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
            accelerator=kind(settings),
            devices=world.local_size if world else settings.devices,
            num_nodes=world.size // world.local_size if world else 1,
            strategy=strategy,
            precision=precision(settings),
        )


def kind(settings: TrainingSettings) -> str:
    """Choose the kind of device; "auto" is a GPU if torch sees one.

    Args:
        settings: Gives accelerator.

    Returns:
        "cuda" or "cpu".

    Example:
        >>> from depthwise.training.settings import TrainingSettings
        >>> kind(TrainingSettings(accelerator="cpu"))
        'cpu'
    """
    gpu = settings.accelerator == "gpu" or torch.cuda.is_available()
    return "cuda" if gpu and settings.accelerator != "cpu" else "cpu"


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
    able = settings.precision == "bfloat16" or (
        settings.precision == "mixed"
        and kind(settings) == "cuda"
        and torch.cuda.is_bf16_supported()
    )
    return "bf16-mixed" if able else "32-true"


def silence() -> None:
    """Keep Lightning's hints off the screen from now on.

    Example:
        >>> silence()
    """
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Lightning's hints and the warnings of its imports off the screen.

    Yields:
        Nothing.
    """
    silence()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
