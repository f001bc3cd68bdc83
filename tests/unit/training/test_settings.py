"""Settings are checked with sentences and survive JSON."""

from __future__ import annotations

import json

import pytest

from depthwise.errors import UnknownNameError, UsageError
from depthwise.training import Augmentation, TrainingSettings


def test_json_round_trip() -> None:
    settings = TrainingSettings(
        epochs=3,
        learning_rate=0.125,
        class_weights=(1.0, 2.5),
        augmentation=Augmentation(jitter=0.1, mixup=0.2),
    )
    assert TrainingSettings.from_json(settings.to_json()) == settings
    assert json.loads(settings.to_json())["augmentation"]["jitter"] == 0.1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"epochs": 0}, "epochs must be at least 1; got 0"),
        ({"epochs": 2.5}, "epochs must be of type int; got 2.5"),
        ({"epochs": True}, "epochs must be of type int; got True"),
        ({"batch_size": 1}, "batch_size must be at least 2; got 1"),
        ({"learning_rate": 0.0}, "learning_rate must be greater than 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be greater than 0"),
        ({"weight_decay": -1.0}, "weight_decay must be at least 0"),
        ({"ema_decay": 1.0}, r"ema_decay must be in \[0, 1\); got 1.0"),
        ({"label_smoothing": 1.0}, r"label_smoothing must be in \[0, 1\); got 1.0"),
        ({"patience": -1}, "patience must be at least 0; got -1"),
        ({"seed": -1}, "seed must be in"),
        ({"batch_size": 6, "devices": 4}, "twice devices; got batch_size=6, devices=4"),
        ({"class_weights": (1.0, -1.0)}, "class_weights must be"),
        ({"class_weights": ()}, "class_weights must be"),
        ({"class_weights": (0.0, 0.0)}, "class_weights must be"),
    ],
)
def test_values_outside_their_range(values, words) -> None:
    with pytest.raises(UsageError, match=words):
        TrainingSettings(**values)


@pytest.mark.parametrize(
    ("values", "hint"),
    [
        ({"optimizer": "adam"}, "adamw"),
        ({"schedule": "cosin"}, "cosine"),
        ({"precision": "float23"}, "float32"),
        ({"class_weights": "balance"}, "balanced"),
    ],
)
def test_unknown_words_offer_the_nearest(values, hint) -> None:
    with pytest.raises(UnknownNameError) as caught:
        TrainingSettings(**values)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "training settings must be JSON"),
        ("[]", "training settings must be a JSON object; got list"),
        ('{"epoch": 3}', "training setting must be a known name; got 'epoch'"),
        ('{"augmentation": 3}', "augmentation must be a JSON object; got int"),
        ('{"augmentation": {"jiter": 3}}', "augmentation must be a known name"),
        ('{"augmentation": {"flip": 2}}', r"flip must be in \[0, 1\]; got 2"),
        ('{"augmentation": {"crop": 0.5}}', "crop must be whole pixels; got 0.5"),
        ('{"augmentation": {"time_mask": 1}}', "time_mask must be below 1; got 1"),
        ('{"augmentation": {"jitter": "a"}}', "jitter must be a number of at least 0"),
    ],
)
def test_broken_json(text, words) -> None:
    with pytest.raises(UsageError, match=words):
        TrainingSettings.from_json(text)
