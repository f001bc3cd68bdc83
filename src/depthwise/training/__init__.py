"""Torch and Lightning: the task, the loop, several processes.

Names load on first use: settings and metrics need NumPy alone, torch comes with train.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from depthwise.training.augmentation import Augmentation as Augmentation
    from depthwise.training.claim import claimed as claimed
    from depthwise.training.claim import is_vacant as is_vacant
    from depthwise.training.health import Alarm as Alarm
    from depthwise.training.health import HealthLog as HealthLog
    from depthwise.training.health import LayerHealth as LayerHealth
    from depthwise.training.inference import predict_logits as predict_logits
    from depthwise.training.inference import seeded as seeded
    from depthwise.training.intervals import Interval as Interval
    from depthwise.training.intervals import bootstrap as bootstrap
    from depthwise.training.intervals import paired_difference as paired_difference
    from depthwise.training.journal import EpochRow as EpochRow
    from depthwise.training.loop import train as train
    from depthwise.training.resampling import score_intervals as score_intervals
    from depthwise.training.result import EpochEnd as EpochEnd
    from depthwise.training.result import TrainingResult as TrainingResult
    from depthwise.training.scoring import Scores as Scores
    from depthwise.training.scoring import score as score
    from depthwise.training.settings import TrainingSettings as TrainingSettings
    from depthwise.training.trainer_health import ChannelHealth as ChannelHealth
    from depthwise.training.voting import by_group as by_group
    from depthwise.training.voting import by_recording as by_recording
    from depthwise.training.world import is_main_process as is_main_process
    from depthwise.training.world import torchrun_world as torchrun_world

HOMES = {
    "Alarm": "health",
    "Augmentation": "augmentation",
    "ChannelHealth": "trainer_health",
    "EpochEnd": "result",
    "EpochRow": "journal",
    "HealthLog": "health",
    "Interval": "intervals",
    "LayerHealth": "health",
    "Scores": "scoring",
    "TrainingResult": "result",
    "TrainingSettings": "settings",
    "bootstrap": "intervals",
    "by_group": "voting",
    "by_recording": "voting",
    "claimed": "claim",
    "is_main_process": "world",
    "is_vacant": "claim",
    "paired_difference": "intervals",
    "predict_logits": "inference",
    "score": "scoring",
    "score_intervals": "resampling",
    "seeded": "inference",
    "torchrun_world": "world",
    "train": "loop",
}


__all__ = [*HOMES]  # noqa: PLE0604 - the table is the list


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(HOMES)
