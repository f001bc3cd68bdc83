"""What a training run is told: one frozen record, checked with sentences."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from depthwise.errors import UnknownNameError, UsageError
from depthwise.training.augmentation import Augmentation

if TYPE_CHECKING:
    from collections.abc import Callable

CHOICES = {
    "optimizer": ("adamw", "sgd"),
    "schedule": ("cosine", "constant"),
    "precision": ("float32", "bfloat16", "mixed"),
    "accelerator": ("auto", "cpu", "gpu"),
    "strategy": ("auto", "ddp"),
}
# Settings that change how a run is carried out, never what it computes: a resumed
# run may have others.
WITHOUT_EFFECT = ("loader_threads", "tensorboard")


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Everything that decides what a run computes, apart from network and data.

    Args:
        epochs: Passes over the training part, at least 1.
        batch_size: Examples a step, over all processes together, at least 2.
        learning_rate: Peak step size, greater than 0.
        optimizer: "adamw", or "sgd" with Nesterov momentum.
        momentum: For "sgd", in [0, 1).
        weight_decay: Decoupled for "adamw"; never on biases and norms.
        decay_depthwise: Whether depthwise kernels decay too. They have so few
            weights that MobileNet trains them with little or no decay.
        schedule: "cosine" down to final_ratio, or "constant".
        warmup_epochs: Length of the linear warm-up, in epochs, fractions too.
        final_ratio: Last learning rate over the peak, in [0, 1].
        gradient_clip: Largest gradient norm, or 0 for no clipping.
        label_smoothing: In [0, 1).
        class_weights: "none", "balanced" (n / (classes × count)), or a weight for
            each class.
        ema_decay: Decay of the moving average of the weights, 0 for none.
        patience: Stop after so many epochs without a better one, 0 for never.
        freeze_batch_norm: Keep running statistics as they are.
        augmentation: What is done to training examples.
        seed: Order, augmentation and dropout derive from (seed, epoch) alone.
        precision: "float32", "bfloat16" (autocast), or "mixed": bfloat16 where a
            GPU has it, float32 elsewhere.
        channels_last: Lay images out with channels innermost.
        accelerator: "cpu", "gpu" (CUDA), or "auto": a GPU if torch sees one.
        devices: Processes to train in; 1 trains in this one.
        strategy: "auto" or "ddp", which is what several processes use.
        threads: Torch threads of each process, 0 for torch's own choice.
        loader_threads: Batches prepared at the same time, 0 for none ahead.
        tensorboard: Also write TensorBoard events.

    Raises:
        UsageError: A value outside its range; the sentence names the field.

    Source:
        Howard et al., MobileNets (2017), section 3.2 (decay on depthwise filters).

    Example:
        >>> settings = TrainingSettings(epochs=3, seed=7)
        >>> TrainingSettings.from_json(settings.to_json()) == settings
        True
    """

    epochs: int = 15
    batch_size: int = 64
    learning_rate: float = 2e-3
    optimizer: str = "adamw"
    momentum: float = 0.9
    weight_decay: float = 1e-2
    decay_depthwise: bool = False
    schedule: str = "cosine"
    warmup_epochs: float = 1.0
    final_ratio: float = 0.01
    gradient_clip: float = 0.0
    label_smoothing: float = 0.0
    class_weights: str | tuple[float, ...] = "none"
    ema_decay: float = 0.0
    patience: int = 0
    freeze_batch_norm: bool = False
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 0
    precision: str = "float32"
    channels_last: bool = True
    accelerator: str = "auto"
    devices: int = 1
    strategy: str = "auto"
    threads: int = 0
    loader_threads: int = 1
    tensorboard: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.class_weights, list):
            object.__setattr__(self, "class_weights", tuple(self.class_weights))
        _check_types(self)
        for name, rule, holds in RULES:
            if not holds(getattr(self, name)):
                raise UsageError(f"{name} must be {rule}; got {getattr(self, name)!r}")
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise UnknownNameError.of(name, str(getattr(self, name)), known)
        _check_class_weights(self.class_weights)
        if self.batch_size < 2 * self.devices:
            raise UsageError(
                "batch_size must be at least twice devices; "
                f"got batch_size={self.batch_size}, devices={self.devices}"
            )

    def to_json(self) -> str:
        """Write the settings as JSON, one name a line.

        Returns:
            Text that from_json turns back into equal settings.
        """
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> TrainingSettings:
        """Read settings that to_json wrote; names left out have their default.

        Args:
            text: A JSON object.

        Returns:
            The settings.

        Raises:
            UsageError: Not a JSON object, or a value outside its range.
            UnknownNameError: A name that is no setting.

        Example:
            >>> TrainingSettings.from_json('{"epochs": 2}').epochs
            2
        """
        values = _object(text)
        _check_names(values, cls, "training setting")
        if "augmentation" in values:
            if not isinstance(values["augmentation"], dict):
                raise UsageError(
                    "augmentation must be a JSON object; "
                    f"got {type(values['augmentation']).__name__}"
                )
            _check_names(values["augmentation"], Augmentation, "augmentation")
            values["augmentation"] = Augmentation(**values["augmentation"])
        return cls(**values)


RULES: tuple[tuple[str, str, Callable[[Any], bool]], ...] = (
    ("epochs", "at least 1", lambda v: v >= 1),
    ("batch_size", "at least 2", lambda v: v >= 2),
    ("learning_rate", "greater than 0 and finite", lambda v: 0 < v < float("inf")),
    ("momentum", "in [0, 1)", lambda v: 0 <= v < 1),
    ("weight_decay", "at least 0 and finite", lambda v: 0 <= v < float("inf")),
    ("warmup_epochs", "at least 0 and finite", lambda v: 0 <= v < float("inf")),
    ("final_ratio", "in [0, 1]", lambda v: 0 <= v <= 1),
    ("gradient_clip", "at least 0 and finite", lambda v: 0 <= v < float("inf")),
    ("label_smoothing", "in [0, 1)", lambda v: 0 <= v < 1),
    ("ema_decay", "in [0, 1)", lambda v: 0 <= v < 1),
    ("patience", "at least 0", lambda v: v >= 0),
    ("seed", "in [0, 2^63)", lambda v: 0 <= v < 2**63),
    ("devices", "at least 1", lambda v: v >= 1),
    ("threads", "at least 0", lambda v: v >= 0),
    ("loader_threads", "at least 0", lambda v: v >= 0),
)
TYPES: dict[str, type | tuple[type, ...]] = {
    "int": int,
    "float": (int, float),
    "bool": bool,
    "str": str,
}


def _check_types(settings: TrainingSettings) -> None:
    for item in fields(settings):
        value = getattr(settings, item.name)
        wanted = TYPES.get(str(item.type))
        wrong_bool = isinstance(value, bool) and item.type != "bool"
        if wanted is not None and (wrong_bool or not isinstance(value, wanted)):
            raise UsageError(f"{item.name} must be of type {item.type}; got {value!r}")


def _check_class_weights(weights: object) -> None:
    if isinstance(weights, str):
        if weights not in {"none", "balanced"}:
            raise UnknownNameError.of("class_weights", weights, ("none", "balanced"))
        return
    numbers = weights if isinstance(weights, tuple) else ()
    finite = all(isinstance(w, int | float) and 0 <= w < float("inf") for w in numbers)
    if not numbers or not finite or not any(numbers):
        raise UsageError(
            "class_weights must be 'none', 'balanced', or numbers of at least 0 with "
            f"one above it; got {weights!r}"
        )


def _object(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"training settings must be JSON; got {error}") from error
    if not isinstance(values, dict):
        raise UsageError(
            f"training settings must be a JSON object; got {type(values).__name__}"
        )
    return values


def _check_names(values: dict[str, Any], record: type, kind: str) -> None:
    known = {item.name for item in fields(record)}
    for name in values:
        if name not in known:
            raise UnknownNameError.of(kind, name, known)
