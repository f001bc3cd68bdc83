"""Channel health for those who train with Lightning's own Trainer."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from lightning.pytorch import Callback

from depthwise.training.health import Alarm, alarms_of, looked_at, summary_of

if TYPE_CHECKING:
    from lightning.pytorch import LightningModule, Trainer

    from depthwise.training.health import Inspect


_SHORT = ("dead", "|ρ|", "rank")


class ChannelHealth(Callback):  # type: ignore[misc]  # Lightning has no types here
    """Logs dead share, mean |ρ| and effective rank after every epoch, and warns.

    Three totals go to the progress bar; they and the figures of each layer go to the
    logger, under ``health/``.

    Args:
        inspect: Looks at a network's channels: ``depthwise.jobs.health.inspector``
            makes one from samples.
        network: Attribute of the LightningModule that holds the network; empty where
            it is one itself.
        alarm: From where on a layer is warned of, once.

    Example:
        >>> ChannelHealth(lambda network: []).warned
        set()
    """

    def __init__(
        self, inspect: Inspect, *, network: str = "", alarm: Alarm | None = None
    ) -> None:
        self.inspect, self.network = inspect, network
        self.alarm = alarm or Alarm()
        self.warned: set[str] = set()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look at the network.

        Args:
            trainer: Knows the epoch.
            pl_module: Holds the network.
        """
        network = pl_module.get_submodule(self.network)
        layers, trouble = looked_at(self.inspect, network)
        if trouble:
            text = f"epoch {trainer.current_epoch}: {trouble}"
            warnings.warn(text, stacklevel=2)
            return
        totals = summary_of(layers)
        named = {f"health/{name}": value for name, value in totals.items()}
        pl_module.log_dict(named, rank_zero_only=True)
        short = dict(zip(_SHORT, totals.values(), strict=True))
        pl_module.log_dict(short, prog_bar=True, logger=False, rank_zero_only=True)
        for layer in layers:
            figures = {
                f"health/{layer.layer}/dead_share": layer.dead_share,
                f"health/{layer.layer}/correlation": layer.correlation,
                f"health/{layer.layer}/effective_rank": layer.effective_rank,
            }
            pl_module.log_dict(figures, rank_zero_only=True)
        for name, told in alarms_of(layers, self.alarm):
            if name not in self.warned:
                text = f"epoch {trainer.current_epoch}, {name}: {told}"
                warnings.warn(text, stacklevel=2)
                self.warned.add(name)
