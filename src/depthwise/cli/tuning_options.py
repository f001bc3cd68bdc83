"""How to train a network on that was changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer

_tuning = partial(typer.Option, rich_help_panel="Fine-tuning")


@dataclass(frozen=True, kw_only=True)
class TuningOptions:
    """Options of fine-tuning; without epochs there is none.

    Example:
        >>> TuningOptions(finetune=2).batch_size
        64
    """

    finetune: Annotated[
        int, _tuning(help="Epochs on the training part of DATA.", metavar="EPOCHS")
    ] = 0
    learning_rate: Annotated[
        float, _tuning("--learning-rate", "--lr", help="At its peak.")
    ] = 5e-4
    batch_size: Annotated[int, _tuning(help="Samples a step.")] = 64
    seed: Annotated[int, _tuning(help="Of order and dropout.")] = 0
