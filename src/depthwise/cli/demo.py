"""``depthwise demo``: the main job on real recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from depthwise.cli import options


def demo(
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Folder to write; runs/demo, or the next."),
    ] = None,
    *,
    json: options.Json = False,
) -> None:
    """Train a network dense and separable on smartwatch recordings, side by side.

    Takes about a minute on two cores; needs no network access.

    Args:
        out: Folder to write.
        json: Whether to print JSON.
    """
    from depthwise.cli.outcome import show_experiment
    from depthwise.jobs.demo import run_demo

    show_experiment(run_demo(out), json=json)
