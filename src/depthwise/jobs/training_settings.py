"""The trainer's settings from plain values, as a user writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from depthwise.errors import UsageError
from depthwise.jobs.rooms import torch_room


def make_settings(values: Mapping[str, Any]) -> Any:
    """Build a run's settings; torch is not imported.

    Args:
        values: Fields of ``TrainingSettings`` and of ``Augmentation`` by name; class
            weights may be words, "none", "balanced" or "1,2,0.5".

    Returns:
        The training room's ``TrainingSettings``.

    Raises:
        UsageError: If a value is outside its range; the sentence names it.

    Example:
        >>> settings = make_settings({"epochs": 3, "class_weights": "1,2"})
        >>> settings.epochs, settings.class_weights
        (3, (1.0, 2.0))
    """
    training = torch_room("training")
    names = {field.name for field in fields(training.Augmentation)}
    strengths = {name: value for name, value in values.items() if name in names}
    own = {name: value for name, value in values.items() if name not in names}
    if isinstance(own.get("class_weights"), str):
        own["class_weights"] = parse_class_weights(own["class_weights"])
    augmentation = training.Augmentation(**strengths)
    return training.TrainingSettings(augmentation=augmentation, **own)


def parse_class_weights(text: str) -> str | tuple[float, ...]:
    """Read weights of classes as a user writes them.

    Args:
        text: A word, or numbers with commas.

    Returns:
        The word, or the numbers.

    Raises:
        UsageError: If there are commas, and something else than numbers.

    Example:
        >>> parse_class_weights("balanced"), parse_class_weights("1, 0.5")
        ('balanced', (1.0, 0.5))
    """
    if "," not in text:
        return text
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise UsageError(
            f"class_weights must be a word or numbers with commas; got {text!r}",
            "--class-weights 1,2,0.5",
        ) from None
