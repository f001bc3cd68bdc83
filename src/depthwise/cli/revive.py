"""``depthwise revive``: channels that carry nothing begin anew, for more training."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from depthwise.cli import options
from depthwise.cli.data_options import DataOptions
from depthwise.cli.editing_options import Data, EditingOptions
from depthwise.cli.network_options import NetworkOptions


def revive(
    model: options.Model,
    data: Data = None,
    *,
    editing: EditingOptions,
    seed: Annotated[int, typer.Option(help="Of the weights that are drawn.")] = 0,
    network: NetworkOptions,
    reading: DataOptions,
) -> None:
    """Draw the weights of channels that carry nothing anew, to train on.

    Results stay what they were until then: depthwise train DATA --model OUT.

    Args:
        model: What to revive.
        data: Labelled data.
        editing: Which channels begin anew, and where the model goes.
        seed: Of the weights that are drawn.
        network: What a registered network is made with.
        reading: How the data are read.
    """
    from depthwise.jobs import idle_channels as jobs

    job = partial(jobs.revive, seed=seed)
    editing.apply(job, partial(network.open, model), data, reading)
