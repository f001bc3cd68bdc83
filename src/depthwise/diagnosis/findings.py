"""What a diagnosis finds: channels that carry nothing, or what others carry too."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """What is wrong with a channel.

    Example:
        >>> Fault("dead").advice
        'prune it, or revive it and train on'
    """

    DEAD = "dead"
    CONSTANT = "constant"
    SATURATED = "saturated"
    RARE = "rare"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    EXPLODING = "exploding"
    ZERO_KERNEL = "zero-kernel"
    DELTA_KERNEL = "delta-kernel"

    @property
    def meaning(self) -> str:
        """One clause that says what it is."""
        return _MEANINGS[self][0]

    @property
    def advice(self) -> str:
        """One clause that says what to do."""
        return _MEANINGS[self][1]


_MEANINGS = {
    Fault.DEAD: ("always zero", "prune it, or revive it and train on"),
    Fault.CONSTANT: ("always one number", "prune it: a bias says the same"),
    Fault.SATURATED: (
        "on the flat part of its activation",
        "lower the learning rate, or look at the scale of what comes in",
    ),
    Fault.RARE: ("hardly ever above zero", "look at what it fires on before pruning"),
    Fault.IGNORED: ("no result depends on it", "prune it"),
    Fault.DUPLICATE: (
        "another channel, scaled",
        "prune it: what reads it reads the other one",
    ),
    Fault.EXPLODING: (
        "far larger than its neighbours, or not finite",
        "normalise, or clip gradients",
    ),
    Fault.ZERO_KERNEL: ("a depthwise kernel of zeros", "prune it"),
    Fault.DELTA_KERNEL: (
        "a depthwise kernel with one tap: it filters nothing",
        "fold it into the pointwise layer",
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one layer.

    Args:
        layer: The layer's name.
        fault: What is wrong.
        channels: The channels that it is wrong with.
        proven: True if it holds for every finite input, from weights alone; False if
            it was observed on data.
        numbers: One a channel: the constant, the firing rate, ρ ... as the fault has
            it; empty where there is none.
        partners: For duplicates, the channel that each is a copy of.
        scales: For duplicates, times what that channel is taken, with its sign.

    Example:
        >>> Finding("conv", Fault.DEAD, (1, 4), proven=True).share(8)
        0.25
    """

    layer: str
    fault: Fault
    channels: tuple[int, ...]
    proven: bool
    numbers: tuple[float, ...] = ()
    partners: tuple[int, ...] = ()
    scales: tuple[float, ...] = ()

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """For duplicates, channels that are one another, the one that stays first."""
        found: dict[int, list[int]] = {}
        for channel, partner in zip(self.channels, self.partners, strict=False):
            found.setdefault(partner, [partner]).append(channel)
        return tuple(tuple(members) for members in found.values())

    def share(self, channels: int) -> float:
        """Divide by the width of the layer.

        Args:
            channels: Channels of the layer.

        Returns:
            From 0 to 1.
        """
        return len(self.channels) / channels

    def to_dict(self) -> dict[str, Any]:
        """Turn the finding into plain values for JSON.

        Returns:
            The fields.
        """
        return {
            "layer": self.layer,
            "fault": str(self.fault),
            "channels": list(self.channels),
            "proven": self.proven,
            "numbers": list(self.numbers),
            "partners": list(self.partners),
            "scales": list(self.scales),
            "groups": [list(members) for members in self.groups],
        }


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on something is a finding.

    Args:
        duplicate: |ρ| from which two channels are one, 0 to 1.
        rare: Share of positions above zero below which a channel hardly fires.
        saturated: Share of positions on the flat part from which it is saturated.
        exploding: Times the layer's median magnitude from which it explodes.
        still: Range, relative to magnitude, up to which a channel is constant.
        silent: Magnitude, relative to the median of the layer's channels that are not
            zero, up to which a channel is dead: a smooth activation is never quite 0.

    Example:
        >>> Limits(duplicate=0.95).duplicate
        0.95
    """

    duplicate: float = 0.99
    rare: float = 0.001
    saturated: float = 0.999
    exploding: float = 1000.0
    still: float = 1e-6
    silent: float = 1e-7
