"""The learning rate as a function of the step: linear warm-up, then cosine."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depthwise.training.settings import TrainingSettings


def learning_rate(settings: TrainingSettings, step: int, steps_per_epoch: int) -> float:
    """Compute the learning rate of one step; no state, so nothing to resume.

    Args:
        settings: Gives peak, warm-up, schedule, epochs and final_ratio.
        step: Steps taken before this one, from 0.
        steps_per_epoch: At least 1.

    Returns:
        The rate; the last step of the run has final_ratio times the peak.

    Source:
        Loshchilov and Hutter, SGDR (2017), equation 5, without restarts.

    Example:
        >>> from depthwise.training.settings import TrainingSettings
        >>> plan = TrainingSettings(epochs=3, learning_rate=1.0, final_ratio=0)
        >>> [round(learning_rate(plan, step, 2), 3) for step in range(6)]
        [0.5, 1.0, 1.0, 0.75, 0.25, 0.0]
    """
    peak = settings.learning_rate
    total = settings.epochs * steps_per_epoch
    warmup = min(round(settings.warmup_epochs * steps_per_epoch), total)
    if step < warmup:
        return peak * (step + 1) / warmup
    if settings.schedule == "constant":
        return peak
    done = (step - warmup) / max(total - warmup - 1, 1)
    fall = 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
    return peak * (settings.final_ratio + (1 - settings.final_ratio) * fall)
