"""Which augmentations are on, and how strong each is."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from depthwise.errors import UsageError

SENSOR = ("jitter", "scale", "time_mask", "channel_drop", "rotate", "stretch")
IMAGE = ("crop", "flip")
MIXING = ("mixup", "cutmix")


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Strengths of what is done to training examples; 0 switches one off.

    All work on preprocessed values, so 0 is the mean of a channel and 1 its deviation.

    Args:
        jitter: Deviation of noise added to every sample (series).
        scale: Deviation of a factor around 1 for every channel (series).
        time_mask: Longest part of the series set to 0, in [0, 1).
        channel_drop: Probability that a channel is set to 0, in [0, 1).
        rotate: Deviation in degrees of the angle that sensors with three axes are
            turned by, as if worn differently; channels go in threes (series).
        stretch: Largest share of the series cut off before the rest is drawn out to
            the old length, as if done faster, in [0, 1) (series).
        crop: Pixels of padding before a random crop of the old size (images).
        flip: Probability of a left-right flip, in [0, 1] (images).
        mixup: Alpha of the beta distribution of mixup, in [0, 1].
        cutmix: Alpha of the beta distribution of cutmix, in [0, 1].

    Raises:
        UsageError: A strength outside its range.

    Source:
        Zhang et al., mixup (2018); Yun et al., CutMix (2019); Um et al., Data
        augmentation of wearable sensor data (2017).

    Example:
        >>> Augmentation(jitter=0.05).any
        True
        >>> Augmentation().any
        False
    """

    jitter: float = 0.0
    scale: float = 0.0
    time_mask: float = 0.0
    channel_drop: float = 0.0
    rotate: float = 0.0
    stretch: float = 0.0
    crop: int = 0
    flip: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not math.isfinite(value) or value < 0:
                raise UsageError(
                    f"{item.name} must be a number of at least 0; got {value!r}"
                )
        if not isinstance(self.crop, int):
            raise UsageError(f"crop must be whole pixels; got {self.crop!r}")
        for name, top in (("time_mask", 1), ("channel_drop", 1), ("stretch", 1)):
            if getattr(self, name) >= top:
                raise UsageError(f"{name} must be below 1; got {getattr(self, name)}")
        for name in ("flip", *MIXING):
            if getattr(self, name) > 1:
                raise UsageError(f"{name} must be in [0, 1]; got {getattr(self, name)}")

    @property
    def any(self) -> bool:
        """Whether any augmentation is on."""
        return any(getattr(self, item.name) > 0 for item in fields(self))

    @property
    def mixing(self) -> bool:
        """Whether examples are mixed with each other."""
        return self.mixup > 0 or self.cutmix > 0

    def active(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Name the augmentations of a group that are on.

        Args:
            names: Field names, such as SENSOR.

        Returns:
            Those with a strength above 0.

        Example:
            >>> Augmentation(crop=2).active(IMAGE)
            ('crop',)
        """
        return tuple(name for name in names if getattr(self, name) > 0)
