"""``depthwise prune``: the same network without channels that carry nothing."""

from __future__ import annotations

from functools import partial

from depthwise.cli import options
from depthwise.cli.data_options import DataOptions
from depthwise.cli.editing_options import Data, EditingOptions
from depthwise.cli.network_options import NetworkOptions


def prune(
    model: options.Model,
    data: Data = None,
    *,
    editing: EditingOptions,
    network: NetworkOptions,
    reading: DataOptions,
) -> None:
    """Remove channels that carry nothing; results stay what they were.

    Args:
        model: What to prune.
        data: Labelled data.
        editing: Which channels go, and where the rest goes.
        network: What a registered network is made with.
        reading: How the data are read.
    """
    from depthwise.jobs import idle_channels as jobs

    editing.apply(jobs.prune, partial(network.open, model), data, reading)
