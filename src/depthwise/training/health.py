"""Channel health while a network trains: dead channels, correlation, effective rank."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from depthwise.errors import DataError
from depthwise.training.progress import Note

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from depthwise.training.result import EpochEnd

HEALTH = "health.csv"
_HEAD = "epoch,layer,channels,dead_share,mean_absolute_correlation,effective_rank\n"


@dataclass(frozen=True)
class LayerHealth:
    """What one layer's channels do on some samples.

    Args:
        layer: Its name.
        channels: How many it has.
        dead_share: Share of them that are zero throughout, 0 to 1.
        correlation: Mean |ρ| over pairs of channels; NaN without a pair.
        effective_rank: In how many directions they vary, 0 to channels.

    Example:
        >>> LayerHealth("conv", 8, 0.25, 0.1, 4.0).rank_share
        0.5
    """

    layer: str
    channels: int
    dead_share: float
    correlation: float
    effective_rank: float

    @property
    def rank_share(self) -> float:
        """Directions over channels, 0 to 1."""
        return self.effective_rank / self.channels


Inspect: TypeAlias = Callable[["nn.Module"], Sequence[LayerHealth]]
"""Looks at a network's channels; ``jobs.health`` makes one from samples."""


@dataclass(frozen=True)
class Alarm:
    """From where on a layer is warned of.

    Args:
        dead: Share of dead channels, 0 to 1.
        correlation: Mean |ρ|, 0 to 1.
        rank: Directions over channels below which a layer has collapsed, 0 to 1.

    Example:
        >>> Alarm(dead=0.5).dead
        0.5
    """

    dead: float = 0.1
    correlation: float = 0.7
    rank: float = 0.05


def summary_of(layers: Sequence[LayerHealth]) -> dict[str, float]:
    """Put all layers' health in three figures.

    Args:
        layers: One entry or more.

    Returns:
        "dead_share" over all channels, the mean over layers of
        "mean_absolute_correlation" and of "rank_share".

    Example:
        >>> found = summary_of([LayerHealth("a", 4, 0.5, 0.2, 2.0)])
        >>> found["dead_share"], found["rank_share"]
        (0.5, 0.5)
    """
    channels = sum(layer.channels for layer in layers)
    dead = sum(layer.dead_share * layer.channels for layer in layers)
    known = [x.correlation for x in layers if x.correlation == x.correlation]
    return {
        "dead_share": dead / channels if channels else 0.0,
        "mean_absolute_correlation": sum(known) / len(known) if known else 0.0,
        "rank_share": sum(x.rank_share for x in layers) / max(len(layers), 1),
    }


def alarms_of(layers: Sequence[LayerHealth], alarm: Alarm) -> list[tuple[str, str]]:
    """Find what to warn of.

    Args:
        layers: From one epoch.
        alarm: From where on.

    Returns:
        A layer's name and a sentence, in order.

    Example:
        >>> alarms_of([LayerHealth("conv", 8, 0.25, 0.1, 4.0)], Alarm())[0][1]
        '25 % of channels are dead: a lower learning rate or warm-up keeps them alive'
    """
    found = []
    for layer in layers:
        told = _sentence(layer, alarm)
        if told:
            found.append((layer.layer, told))
    return found


def _sentence(layer: LayerHealth, alarm: Alarm) -> str:
    if layer.dead_share >= alarm.dead:
        share = f"{100 * layer.dead_share:.0f} % of channels are dead"
        return f"{share}: a lower learning rate or warm-up keeps them alive"
    if layer.correlation >= alarm.correlation:
        share = f"channels are alike, mean |ρ| {layer.correlation:.2f}"
        return f"{share}: a narrower layer may do as well"
    if layer.rank_share <= alarm.rank:
        share = f"channels vary in {layer.effective_rank:.1f} directions"
        return f"{share} of {layer.channels}: the layer has collapsed"
    return ""


@dataclass
class HealthLog:
    """A callback of ``train``: a row a layer and epoch, and early warnings.

    Args:
        inspect: Looks at the channels.
        folder: Where ``health.csv`` is written; rows are appended, after
            a line that a kill cut off is gone.
        alarm: From where on a layer is warned of, once.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from torch import nn
        >>> from depthwise.training import EpochEnd, EpochRow
        >>> def inspect(module):
        ...     return [LayerHealth("conv", 8, 0.25, 0.1, 4.0)]
        >>> log = HealthLog(inspect, Path(tempfile.mkdtemp()))
        >>> end = EpochEnd(EpochRow(1, 0.1, 0.5, 0.8, 0.6, 0.9), nn.ReLU(), best=True)
        >>> log(end).text
        'dead 25.0 %  |ρ| 0.10  rank 50 %'
    """

    inspect: Inspect
    folder: Path
    alarm: Alarm = field(default_factory=Alarm)
    warned: set[str] = field(default_factory=set)

    def __call__(self, end: EpochEnd) -> Note:
        """Look at the network after an epoch.

        Args:
            end: The epoch.

        Returns:
            A few words for the progress line, and what to warn of.
        """
        layers, trouble = looked_at(self.inspect, end.module)
        if trouble:
            return Note("", (f"epoch {end.row.epoch}: {trouble}",))
        self._write(end.row.epoch, layers)
        fresh = [x for x in alarms_of(layers, self.alarm) if x[0] not in self.warned]
        self.warned.update(name for name, _ in fresh)
        return Note(
            health_line(layers),
            tuple(f"epoch {end.row.epoch}, {name}: {told}" for name, told in fresh),
        )

    def _write(self, epoch: int, layers: Sequence[LayerHealth]) -> None:
        path = self.folder / HEALTH
        new = not _without_cut_line(path)
        with path.open("a", encoding="utf-8") as file:
            file.write(_HEAD if new else "")
            file.writelines(
                f"{epoch},{x.layer},{x.channels},{x.dead_share!r},"
                f"{x.correlation!r},{x.effective_rank!r}\n"
                for x in layers
            )


def _without_cut_line(path: Path) -> int:
    """Cut off a line that a kill left unfinished; count the bytes that stay."""
    content = path.read_bytes() if path.exists() else b""
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
    return whole


def looked_at(inspect: Inspect, module: nn.Module) -> tuple[Sequence[LayerHealth], str]:
    """Look at channels, without ending a training that has gone wrong.

    Args:
        inspect: Looks at them.
        module: The network.

    Returns:
        The layers; or none, and what is wrong, where values are not finite.

    Example:
        >>> from torch import nn
        >>> looked_at(lambda module: [], nn.ReLU())
        ([], '')
    """
    try:
        return inspect(module), ""
    except DataError as error:
        return [], error.args[0]


def health_line(layers: Sequence[LayerHealth]) -> str:
    """Put the health of a network in a few words.

    Args:
        layers: From one epoch.

    Returns:
        Dead share, mean |ρ| and rank.
    """
    found = summary_of(layers)
    return (
        f"dead {found['dead_share']:.1%}  |ρ| "
        f"{found['mean_absolute_correlation']:.2f}  rank {found['rank_share']:.0%}"
    ).replace("%", " %")
