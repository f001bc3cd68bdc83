"""``depthwise explain``: a page that teaches the idea, with this machine's figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def explain(
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="The HTML file to write."),
    ] = Path("explain.html"),
    *,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Leave out what takes a minute to train."),
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace a file that is there."),
    ] = False,
) -> None:
    """Write an interactive page on depthwise separable convolution.

    Small networks are trained and layers are timed for it, which takes a minute.

    Args:
        out: Where the page goes.
        quick: Whether to leave out what takes a minute.
        overwrite: Whether to replace a file.
    """
    from depthwise.jobs.explaining import explain as write
    from depthwise.jobs.export import check_new

    if not overwrite:
        check_new(out)
    typer.echo(f"open {write(out, quick=quick)}")
