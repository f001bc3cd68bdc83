"""What training asks of a data set and its preprocessing, and the check of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from depthwise.errors import DataError, UsageError
from depthwise.training.augmentation import IMAGE, SENSOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from depthwise.training.settings import TrainingSettings

    Indices = NDArray[np.int64]
    Floats = NDArray[np.float32]


LOOKED_AT = 8  # examples that are read before anything slow begins


class Inputs(Protocol):
    """Examples that are read by index: an array, or files behind the same face."""

    def __getitem__(self, indices: NDArray[np.int64]) -> NDArray[np.generic]:
        """Read examples, [b, C, L] or [b, C, H, W], in the order asked for."""
        ...


class Examples(Protocol):
    """A labelled data set, such as depthwise.data.Dataset."""

    @property
    def inputs(self) -> Inputs:
        """The examples, indexable by int64 arrays."""
        ...

    @property
    def labels(self) -> NDArray[np.int64]:
        """Class numbers, int64 [n]."""
        ...

    @property
    def classes(self) -> Sequence[str]:
        """Class names."""
        ...


class Parts(Protocol):
    """Indices of the parts, such as depthwise.data.Split."""

    @property
    def train(self) -> NDArray[np.int64]:
        """Examples to learn from."""
        ...

    @property
    def validation(self) -> NDArray[np.int64]:
        """Examples to choose the best epoch by."""
        ...


class Preparation(Protocol):
    """From raw examples to network input, such as depthwise.data.Preprocessing."""

    def apply(self, raw: NDArray[np.generic]) -> NDArray[np.float32]:
        """Prepare a raw batch, to float32 of the shape that the network takes."""
        ...


def prepared(
    data: Examples, indices: Indices, preprocessing: Preparation | None
) -> Floats:
    """Read and preprocess one batch.

    Args:
        data: The data set.
        indices: Which examples, int64 [b].
        preprocessing: Applied to the raw batch; None for data that are ready.

    Returns:
        C-contiguous float32 [b, C, L] or [b, C, H, W].
    """
    raw = np.asarray(data.inputs[indices])
    ready = raw if preprocessing is None else preprocessing.apply(raw)
    return np.ascontiguousarray(ready, dtype=np.float32)


def check(
    data: Examples,
    parts: Parts,
    settings: TrainingSettings,
    preprocessing: Preparation | None,
) -> Floats:
    """Refuse data that cannot be trained on, before anything slow is imported.

    Args:
        data: The data set.
        parts: Its split.
        settings: Only devices and class_weights are looked at.
        preprocessing: Applied to a few examples.

    Returns:
        At most eight training examples from all over the part, preprocessed.

    Raises:
        DataError: Too few examples, classes or finite values; the sentence names
            which.
    """
    least = 2 * settings.devices
    if len(parts.train) < least:
        raise DataError(
            f"the training part must have at least {least} examples; "
            f"got {len(parts.train)}"
        )
    if settings.patience and len(parts.validation) == 0:
        raise DataError(
            f"patience needs a validation part; got patience={settings.patience} "
            "and no validation examples"
        )
    present = np.unique(data.labels[parts.train])
    if len(present) < 2:
        raise DataError(
            "the training part must have at least two classes; "
            f"got only {data.classes[int(present[0])]!r}"
        )
    _check_weights(data, settings)
    places = np.linspace(0, len(parts.train) - 1, LOOKED_AT).astype(np.int64)
    chosen = np.unique(parts.train[places])
    sample = prepared(data, chosen, preprocessing)
    if sample.ndim not in (3, 4):
        raise DataError(
            "a batch must be [b, C, L] or [b, C, H, W]; "
            f"got {sample.ndim} axes, shape {list(sample.shape)}"
        )
    _check_augmentation(settings, "images" if sample.ndim == 4 else "series")
    bad = ~np.isfinite(sample.reshape(len(sample), -1)).all(axis=1)
    if bad.any():
        raise DataError(
            f"examples must be finite; got NaN or infinity in {chosen[bad][0]}"
        )
    return sample


def _check_augmentation(settings: TrainingSettings, kind: str) -> None:
    """Refuse what would be ignored: augmentations of the other kind of data."""
    plan = settings.augmentation
    foreign = plan.active(SENSOR if kind == "images" else IMAGE)
    if foreign:
        own = ", ".join(IMAGE if kind == "images" else SENSOR)
        raise UsageError(
            f"{foreign[0]} must be 0 for {kind}; got {getattr(plan, foreign[0])}",
            f"for {kind} there are {own}, mixup, cutmix",
        )


def _check_weights(data: Examples, settings: TrainingSettings) -> None:
    weights = settings.class_weights
    if not isinstance(weights, str) and len(weights) != len(data.classes):
        raise DataError(
            "class_weights must have one number a class; "
            f"got {len(weights)} for {len(data.classes)} classes"
        )
